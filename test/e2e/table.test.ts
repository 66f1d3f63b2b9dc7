import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { labObservers } from "../../lab/world.ts";
import {
  bytesOf,
  expectSettled,
  expectWrites,
  lossOf,
  lostOn,
  rolesOf,
} from "../support/assess.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

describe("a table that cannot be reached", () => {
  test("nobody acts, whatever dies; when it is back the dead master is failed over", async () => {
    // Prepare
    const rig = await startRig();
    const { faults } = rig.world.dynamo;
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";
    const writer = rig.startWriter();
    await expectWrites(rig, writer);

    // Act: it hangs, cuts, refuses; the master dies while it hangs.
    faults.hang = true;
    rig.timeline.note("the table hangs");
    await expectStoreFailures(rig);
    await expectWrites(rig, writer);
    await rig.node(oldMaster).kill();
    await Promise.all(labObservers.map((one) => expectDown(rig, one)));
    faults.unavailable = "cut";
    await delay(outageMs);
    faults.unavailable = "503";
    await delay(outageMs);
    const rolesMeanwhile = await rolesOf(rig.others(oldMaster));
    const eventsMeanwhile = rig.timeline.entries.map((one) => one.event);
    faults.hang = false;
    faults.unavailable = "no";
    rig.timeline.note("the table is back");
    const promoted = await rig.timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    const newMaster = promoted.node ?? "";
    await expectSettled(rig, newMaster);
    await expectWrites(rig, writer);
    await writer.stop();

    // Assess
    expect(rolesMeanwhile.map((one) => one.role)).toEqual(["replica", "replica"]);
    expect(eventsMeanwhile).not.toContain("+failover-state-send-slaveof-noone");
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
    const lost = await lostOn(rig.node(newMaster), writer);
    expect(bytesOf(lost)).toBeLessThanOrEqual((await lossOf(rig)).bytes ?? 0);
  }, 60_000);

  test("while everything lives: nothing changes but what the observers say", async () => {
    // Prepare
    const rig = await startRig();
    const { faults } = rig.world.dynamo;
    const before = await rig.state();
    const master = before.master?.node ?? "";

    // Act
    faults.unavailable = "503";
    await expectStoreFailures(rig);
    faults.unavailable = "no";
    const since = rig.timeline.mark();
    await expectSettled(rig, master);

    // Assess
    const after = await rig.state();
    expect(after).toMatchObject({
      epoch: before.epoch,
      master: before.master,
      round: before.round,
    });
    expect(rig.timeline.named("+round", since)).toEqual([]);
  }, 60_000);
});

/** Each phase of the outage, after the master has died: much longer than a failover takes. */
const outageMs = 1_500;

/** Waits until every observer has said that it cannot read STATE. */
async function expectStoreFailures(rig: Rig): Promise<void> {
  await Promise.all(
    labObservers.map((observer) =>
      rig.timeline.eventually(
        `${observer} without STATE`,
        (one) => one.observer === observer && one.rule === "F100",
      ),
    ),
  );
}

async function expectDown(rig: Rig, observer: string): Promise<void> {
  await rig.timeline.eventually(
    `+sdown of ${observer}`,
    (one) => one.observer === observer && one.event === "+sdown",
  );
}
