import { afterEach, describe, expect, test } from "@jest/globals";
import { bytesOf, expectSettled, expectWrites, lossOf, lostOn } from "../support/assess.ts";
import { startRig, stopRigs } from "../support/rig.ts";
import { holdStateWrite } from "../support/state-writes.ts";

afterEach(stopRigs);

describe("a leader that dies", () => {
  test("between intent and promotion: another observer finishes its epoch with its candidate", async () => {
    // Prepare
    const rig = await startRig();
    const before = await rig.state();
    const claimed = holdStateWrite(rig, "after", "promoting", async ({ leader }) => {
      await rig.signalShift(leader, "SIGKILL");
      return "pass";
    });

    // Act
    await rig.node(before.master?.node ?? "").kill();
    const { leader, candidate, epoch } = await claimed;
    await expectSettled(rig, candidate ?? "");

    // Assess
    expect((await rig.state()).epoch).toBe(epoch);
    expect(epoch).toBe(before.epoch + 1);
    const takeovers = rig.timeline.named("+takeover");
    expect(takeovers.map((one) => one.epoch)).toEqual([epoch]);
    expect(takeovers[0]?.observer).not.toBe(leader);
    expect(rig.timeline.named("+promoted-slave").map((one) => one.node)).toEqual([candidate]);
    // The claim was told by nobody before its writer died; the log of STATE tells it.
    expect(rig.timeline.named("+new-epoch")).toEqual([]);
    await rig.timeline.until("the epoch's log in the events", async () => {
      const events = await rig.world.store.readEvents("orders", 100);
      const log = (events.ok ? events.value : []).filter((one) => one.name === "+transition");
      const claims = log.filter((one) => one.rule === "S370" && one.epoch === epoch);
      expect(claims.map((one) => one.observer.split("/")[0])).toEqual([leader]);
    });
  }, 60_000);

  test("between promotion and commit: the candidate is promoted once more, and committed", async () => {
    // Prepare
    const rig = await startRig();
    const before = await rig.state();
    const writer = rig.startWriter();
    await expectWrites(rig, writer);
    const promoted = holdStateWrite(rig, "before", "settling", async ({ leader }) => {
      await rig.signalShift(leader, "SIGKILL");
      return "refuse";
    });

    // Act
    await rig.node(before.master?.node ?? "").kill();
    const { leader, master: candidate, epoch } = await promoted;
    const uncommitted = await rig.state();
    await expectSettled(rig, candidate ?? "");
    await expectWrites(rig, writer);
    await writer.stop();

    // Assess
    expect(uncommitted).toMatchObject({
      phase: "promoting",
      epoch,
      candidate: { node: candidate },
    });
    expect((await rig.state()).epoch).toBe(epoch);
    expect(rig.timeline.named("+takeover")[0]?.observer).not.toBe(leader);
    expect(rig.timeline.named("+promoted-slave").map((one) => one.node)).toEqual([candidate]);
    const lost = await lostOn(rig.node(candidate ?? ""), writer);
    expect(bytesOf(lost)).toBeLessThanOrEqual((await lossOf(rig)).bytes ?? 0);
  }, 60_000);
});
