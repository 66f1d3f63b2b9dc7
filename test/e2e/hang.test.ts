import { afterEach, describe, expect, test } from "@jest/globals";
import { bytesOf, expectSettled, expectWrites, lossOf, writesOn } from "../support/assess.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";
import { connectOnce, writerKey } from "../support/writer.ts";

afterEach(stopRigs);

describe("a master that hangs", () => {
  test("while it is busy: its stopped stream tells, and what it lost is counted when it thaws", async () => {
    // Prepare
    const rig = await startRig({ replicaPingPeriodSeconds: 10 });
    const before = await rig.state();
    const oldMaster = rig.node(before.master?.node ?? "");
    const writer = rig.startWriter();
    // Long enough for the observers to have seen the stream advance at every recent probe.
    await expectWrites(rig, writer, 400);
    const stubborn = connectOnce(oldMaster.host, oldMaster.port, null);
    await stubborn.connect();

    // Act
    rig.timeline.note("the master hangs");
    oldMaster.pause();
    const queued = range(1_000_001, 1_000_100);
    const answers = Promise.allSettled(queued.map((one) => stubborn.rpush(writerKey, one)));
    const newMaster = await promotedIn(rig);
    await expectWrites(rig, writer);
    rig.timeline.note("the old master thaws");
    oldMaster.resume();
    await expectSettled(rig, newMaster);
    await writer.stop();
    const acknowledgedLate = (await answers).filter((one) => one.status === "fulfilled");
    stubborn.disconnect();

    // Assess
    const after = await rig.state();
    expect(after.epoch).toBe(before.epoch + 1);
    expect(rig.timeline.named("+switch-master")).toHaveLength(1);
    expect(rig.timeline.named("+round").at(-1)?.message).toContain("a busy stream stopped");
    expect(acknowledgedLate).toHaveLength(queued.length);
    const held = await writesOn(rig.node(newMaster));
    const lost = [...writer.acknowledged, ...queued].filter((one) => !held.has(one));
    const unsure = range(1, writer.last).filter(
      (one) => !held.has(one) && !writer.acknowledged.has(one),
    );
    const loss = await lossOf(rig);
    expect(loss.certainty).toBe("exact");
    expect(loss.bytes).toBeGreaterThanOrEqual(bytesOf(lost));
    expect(loss.bytes).toBeLessThanOrEqual(bytesOf([...lost, ...unsure]) + streamNoiseBytes);
  }, 60_000);

  test("while it is idle: the stream's own pings tell", async () => {
    // Prepare
    const rig = await startRig({ replicaPingPeriodSeconds: 1 });
    const before = await rig.state();
    const oldMaster = rig.node(before.master?.node ?? "");

    // Act
    const since = rig.timeline.mark();
    rig.timeline.note("the master hangs");
    oldMaster.pause();
    const newMaster = await promotedIn(rig);
    await rig.timeline.eventually("the end", (one) => one.event === "+failover-end", { since });
    rig.timeline.note("the old master thaws");
    oldMaster.resume();
    await expectSettled(rig, newMaster);

    // Assess
    const after = await rig.state();
    expect(after.epoch).toBe(before.epoch + 1);
    expect(after.previousMaster?.node).toBe(before.master?.node);
    expect(after.lastEpoch?.loss?.certainty).toBe("exact");
  }, 60_000);
});

/** What a master adds to the stream by itself in a moment: PINGs of 14 bytes and a SELECT of 23. */
const streamNoiseBytes = 100;

async function promotedIn(rig: Rig): Promise<string> {
  const { node } = await rig.timeline.eventually(
    "a promotion",
    (one) => one.event === "+promoted-slave",
  );
  return node ?? "";
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
