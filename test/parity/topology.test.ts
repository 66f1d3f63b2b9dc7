import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { asking, expectSettled } from "../support/assess.ts";
import { fieldOf } from "../support/lagging.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** How long a master collects replicas before it sends one snapshot to all of them: the least that a turn takes. */
const collectSeconds = 2;

describe("parallelSyncs", () => {
  test.each([1, 3])(
    "%i: so many replicas at once follow the master without a link, never more",
    async (parallelSyncs) => {
      // Prepare
      const rig = await startRig({
        nodeCount: 4,
        groupLines: [`parallelSyncs: ${parallelSyncs}`],
        serverOptions: () => ({ extra: [`repl-diskless-sync-delay ${collectSeconds}`] }),
      });
      const [master, ...replicas] = rig.world.nodes;
      if (master === undefined) throw new Error("expected four nodes");

      // Act: all of them need the whole data set of the master that they no longer follow.
      await Promise.all(replicas.map(misguide));
      let most = 0;
      let before: readonly string[] = [];
      await rig.timeline.until(
        "replicas with their links up",
        async () => {
          const seen = await Promise.all(replicas.map((node) => stateOf(node, master)));
          most = Math.max(most, bothTimes("syncing", before, seen));
          before = seen;
          expect(seen).toEqual(["linked", "linked", "linked"]);
        },
        40_000,
      );

      // Assess
      expect(most).toBe(parallelSyncs);
      await expectSettled(rig, idOf(master));
      expect((await rig.state()).epoch).toBe(1);
    },
    90_000,
  );
});

/**
 * How many were so before and are so now: they all were at every moment between. Of those that are so in one reading alone, one may
 * have ended before another was asked.
 */
function bothTimes(state: string, before: readonly string[], seen: readonly string[]): number {
  return seen.filter((one, index) => one === state && before[index] === state).length;
}

describe("who follows whom", () => {
  test("a chain and a cycle are put right, and a master that says replica is replaced", async () => {
    // Prepare
    const rig = await startRig();
    const [master, second, third] = rig.world.nodes;
    if (!master || !second || !third) throw new Error("expected three nodes");
    const before = await rig.state();

    // Act and assess: a chain below the master.
    await follow(third, second);
    await expectFixed(rig, third, 0);
    await expectSettled(rig, idOf(master));

    // Two replicas that follow each other.
    let since = rig.timeline.mark();
    await Promise.all([follow(second, third), follow(third, second)]);
    await expectFixed(rig, second, since);
    await expectFixed(rig, third, since);
    await expectSettled(rig, idOf(master));
    expect(await rig.state()).toMatchObject({ epoch: before.epoch, master: before.master });

    // A cycle with the master in it: nobody is master any more, and a failover ends it.
    since = rig.timeline.mark();
    await follow(master, second);
    const down = await rig.timeline.eventually(
      "a master that is down by its role",
      (one) => one.event === "+round" && one.message.includes("not-master"),
      { since },
    );
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
      { since },
    );
    await expectSettled(rig, switched.node ?? "");
    expect(down.message).toContain(idOf(master));
    expect(await rig.state()).toMatchObject({ epoch: before.epoch + 1, kind: null });
  }, 90_000);

  test("a master that people made a replica of a dead address is replaced after downAfterMs", async () => {
    // Prepare
    const rig = await startRig();
    const [master] = rig.world.nodes;
    if (master === undefined) throw new Error("expected three nodes");
    const before = await rig.state();

    // Act
    const sinceMs = performance.now();
    await asking(master, (ask) => ask("REPLICAOF", master.host, 1));
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
    );
    const tookMs = performance.now() - sinceMs;
    await expectSettled(rig, switched.node ?? "");

    // Assess
    expect(tookMs).toBeGreaterThan(1_500);
    expect(await rig.state()).toMatchObject({
      epoch: before.epoch + 1,
      lastEpoch: { kind: "failover", result: "completed", isAutomatic: true, from: idOf(master) },
    });
  }, 60_000);
});

async function follow(node: RedisServer, master: RedisServer): Promise<void> {
  await asking(node, (ask) => ask("REPLICAOF", master.host, master.port));
}

async function expectFixed(rig: Rig, node: RedisServer, since: number): Promise<void> {
  await rig.timeline.eventually(
    `${idOf(node)} put right`,
    (one) => one.event === "+fix-slave-config" && one.node === idOf(node),
    { since },
  );
}

/** Gives it a history of its own and a master that isn't there, in one step: nobody sees it say master. */
async function misguide(node: RedisServer): Promise<void> {
  await asking(node, async (ask) => {
    await ask("MULTI");
    await ask("REPLICAOF", "NO", "ONE");
    await ask("REPLICAOF", node.host, 1);
    await ask("EXEC");
  });
}

async function stateOf(node: RedisServer, master: RedisServer) {
  const host = await fieldOf(node, "master_host");
  const port = await fieldOf(node, "master_port");
  if (`${host}:${port}` !== idOf(master)) return "astray";
  return (await fieldOf(node, "master_link_status")) === "up" ? "linked" : "syncing";
}
