import { afterEach, describe, expect, test } from "@jest/globals";
import { expectSettled, expectWrites, lostOn } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** The servers say another order than the file: the one abroad is wanted first, and the file's second last. */
const replicaPriorities = [100, 1, 90, 2];
const words = [
  "zone: a, region: home",
  "zone: a, region: abroad",
  "zone: b, region: home",
  "zone: c, region: home",
];
const placement = "placement: { zones: { b: 20, c: 30 }, masterRegions: [home] }";

function startPlaced(): Promise<Rig> {
  return startRig({
    nodeCount: 4,
    nodeWords: (index) => words[index] ?? "",
    groupLines: [placement],
    serverOptions: (index) => ({ extra: [`replica-priority ${replicaPriorities[index]}`] }),
  });
}

describe("where a master may live", () => {
  test("zones order switchover and failover, and a region without masters gets none by wish or need", async () => {
    // Prepare
    const rig = await startPlaced();
    const [, abroad = "", zoneB = "", zoneC = ""] = rig.world.nodes.map(idOf);
    const writer = rig.startWriter({ everyMs: 1 });
    await expectWrites(rig, writer, 50);

    // Act and assess: nobody gets there by asking.
    await rig.cli("switchover", "orders", "--to", abroad, "--yes");
    const refused = await rig.timeline.eventually(
      "a refusal",
      (one) => one.rule === "R380" && one.event !== null,
    );
    expect(refused).toMatchObject({
      event: "-failover-abort-no-good-slave",
      message: expect.stringContaining(
        `${abroad}: its region abroad is not one in which a master may live (home)`,
      ),
    });

    // A hand-over goes to the first zone, against what the servers say.
    await rig.cli("switchover", "orders", "--yes");
    await expectSettled(rig, zoneB);
    await expectWrites(rig, writer, 50);
    await writer.stop();
    expect(await lostOn(rig.node(zoneB), writer)).toEqual([]);

    // So does a failover: the old master has its server's 100, zone c has 30.
    await rig.node(zoneB).kill();
    await expectSettled(rig, zoneC);
    const chosen = rig.timeline.named("+selected-slave").at(-1);
    expect(chosen?.message).toContain("best of 2 eligible nodes: priority 30 of zone c");

    const status = await rig.cli("status", "orders");
    expect(status.stdout).toMatch(new RegExp(`${abroad} +a, abroad, never master `));
  }, 90_000);

  test("priority 0 alone: nothing is claimed, and each reason stands in the event", async () => {
    // Prepare: one by its server, one by its own priority, one by its zone.
    const rig = await startRig({
      nodeCount: 4,
      nodeWords: (index) =>
        ["zone: a", "zone: a", "priority: 0", "zone: b, priority: 1"][index] ?? "",
      groupLines: ["placement: { zones: { b: 0 } }"],
      serverOptions: (index) => (index === 1 ? { extra: ["replica-priority 0"] } : {}),
    });
    const before = await rig.state();
    const [master = "", byServer = "", byNode = "", byZone = ""] = rig.world.nodes.map(idOf);

    // Act
    await rig.node(master).kill();
    const told = await rig.timeline.eventually(
      "the reasons",
      (one) => one.rule === "S360" && one.event !== null,
    );
    await rig.timeline.eventually(
      "another observer's",
      (one) => one.rule === "S360" && one.event !== null && one.observer !== told.observer,
    );
    const after = await rig.state();

    // Assess
    expect(told.event).toBe("-failover-abort-no-good-slave");
    for (const reason of [
      `${byServer}: its replica-priority is 0`,
      `${byNode}: its priority is 0 in the configuration`,
      `${byZone}: the priority of its zone b is 0`,
    ]) {
      expect(told.message).toContain(reason);
    }
    expect(after).toMatchObject({ epoch: before.epoch, phase: "steady", candidate: null });

    // The group goes on with the master that it has.
    await rig.node(master).restart();
    await expectSettled(rig, master);
    expect((await rig.state()).epoch).toBe(before.epoch);
  }, 90_000);
});
