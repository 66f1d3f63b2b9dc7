import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { labObservers } from "../../lab/world.ts";
import { noWishes, pause, request, resume } from "../../lib/core/state.ts";
import { expectSettled, expectWrites, lossOf, lostOn } from "../support/assess.ts";
import { startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

describe("what operators ask for", () => {
  test("a failover of a living master loses no acknowledged write", async () => {
    // Prepare
    const rig = await startRig();
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";
    const writer = rig.startWriter({ everyMs: 1 });
    await expectWrites(rig, writer, 100);

    // Act
    rig.timeline.note("an operator asks for a failover");
    await rig.operate((state, by) =>
      request(state, { kind: "failover", by: "an operator", ...noWishes }, by),
    );
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
    );
    const newMaster = switched.node ?? "";
    await expectSettled(rig, newMaster);
    await expectWrites(rig, writer, 100);
    await writer.stop();

    // Assess
    const after = await rig.state();
    expect(after).toMatchObject({
      epoch: before.epoch + 1,
      request: null,
      lastEpoch: { kind: "switchover", result: "completed", isAutomatic: false, from: oldMaster },
    });
    expect(writer.masters).toEqual([oldMaster, newMaster]);
    expect(await lostOn(rig.node(newMaster), writer)).toEqual([]);
    expect((await lossOf(rig)).bytes).toBe(0);
  }, 60_000);

  test("a paused group is left alone until it is resumed", async () => {
    // Prepare
    const rig = await startRig();
    await rig.operate((state, by) =>
      pause(state, { by: "an operator", reason: "maintenance", until: null }, by),
    );
    await Promise.all(
      labObservers.map((observer) =>
        rig.timeline.eventually(
          `${observer} pausing`,
          (one) => one.observer === observer && one.event === "+pause",
        ),
      ),
    );
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";

    // Act
    await rig.node(oldMaster).kill();
    await Promise.all(
      labObservers.map((observer) =>
        rig.timeline.eventually(
          `+sdown of ${observer}`,
          (one) => one.observer === observer && one.event === "+sdown",
        ),
      ),
    );
    await delay(quietMs);
    const whilePaused = await rig.state();
    rig.timeline.note("an operator resumes");
    await rig.operate((state, by) => resume(state, by));
    const promoted = await rig.timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    await expectSettled(rig, promoted.node ?? "");

    // Assess
    expect(whilePaused.rev).toBe(before.rev);
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
  }, 60_000);
});

/** Long enough for a failover that must not happen. */
const quietMs = 2_000;
