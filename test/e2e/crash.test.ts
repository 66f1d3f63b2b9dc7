import { afterEach, describe, expect, test } from "@jest/globals";
import { bytesOf, expectSettled, expectWrites, lossOf, lostOn } from "../support/assess.ts";
import { startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

describe("a killed master", () => {
  test("is failed over once, and the writer goes on", async () => {
    // Prepare
    const rig = await startRig();
    const { timeline } = rig;
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";
    const writer = rig.startWriter();
    await expectWrites(rig, writer, 100);

    // Act
    timeline.note(`killing ${oldMaster}`);
    await rig.node(oldMaster).kill();
    const promoted = await timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    const newMaster = promoted.node ?? "";
    await expectSettled(rig, newMaster);
    await expectWrites(rig, writer);
    await writer.stop();

    // Assess
    const after = await rig.state();
    expect(after.epoch).toBe(before.epoch + 1);
    expect(after.masterEpoch).toBe(after.epoch);
    expect(newMaster).not.toBe(oldMaster);
    expect(timeline.named("+switch-master")).toHaveLength(1);
    expect(promoted.evidence.storeTrips).toBeLessThanOrEqual(4);
    expect(promoted.evidence.redisTrips).toBeLessThanOrEqual(2);
    expect(writer.masters).toEqual([oldMaster, newMaster]);
    const lost = await lostOn(rig.node(newMaster), writer);
    expect(bytesOf(lost)).toBeLessThanOrEqual((await lossOf(rig)).bytes ?? 0);
  }, 60_000);
});
