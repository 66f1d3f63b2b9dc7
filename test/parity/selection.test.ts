import { afterEach, describe, expect, test } from "@jest/globals";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { asking, expectSettled, lossOf, roleOf } from "../support/assess.ts";
import { fieldOf, killAhead } from "../support/lagging.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";
import { freePort } from "../support/sentinel.ts";
import type { Entry } from "../support/timeline.ts";

const foreigners: RedisServer[] = [];

afterEach(async () => {
  for (const one of foreigners.splice(0)) await one.dispose();
  await stopRigs();
});

/** The servers of a rig, the master first. */
function serversOf(rig: Rig): readonly [RedisServer, RedisServer, RedisServer, RedisServer] {
  const [first, second, third, fourth] = rig.world.nodes;
  if (!first || !second || !third || !fourth) throw new Error("expected four nodes");
  return [first, second, third, fourth];
}

async function expectSelected(rig: Rig, node: RedisServer, since = 0): Promise<Entry> {
  const fits = (one: Entry) => one.event === "+selected-slave";
  const selected = await rig.timeline.eventually("a choice", fits, { since });
  expect(selected.node).toBe(idOf(node));
  return selected;
}

describe("who takes the place of a dead master", () => {
  test("the lowest replica-priority before the offset, the offset between equals, and 0 never", async () => {
    // Prepare
    const rig = await startRig({
      nodeCount: 4,
      serverOptions: (index) => ({ extra: [`replica-priority ${[100, 10, 100, 0][index]}`] }),
    });
    const [first, preferred, equal, never] = serversOf(rig);

    // Act and assess: what it lacks makes it no worse than one of a larger number.
    await killAhead(rig, first, preferred);
    const byPriority = await expectSelected(rig, preferred);
    expect(byPriority.message).toContain("best of 2 eligible nodes: priority 10 ");
    await expectSettled(rig, idOf(preferred));

    // Of two equals the one with the later run id has more.
    await first.restart();
    await expectSettled(rig, idOf(preferred));
    const [behind, ahead] = await inOrderOfRunIds(first, equal);
    const since = rig.timeline.mark();
    await killAhead(rig, preferred, behind);
    const byOffset = await expectSelected(rig, ahead, since);
    expect(byOffset.message).toContain("best of 2 eligible nodes: priority 100 ");
    await expectSettled(rig, idOf(ahead));
    expect(await roleOf(never)).toMatchObject({ role: "replica", follows: idOf(ahead) });
  }, 120_000);

  test("nobody who lags by more than maxLagBytes, until an operator lets the loss go", async () => {
    // Prepare
    const rig = await startRig({ nodeCount: 2, groupLines: ["maxLagBytes: 1000000"] });
    const before = await rig.state();
    const [master, replica] = rig.world.nodes;
    if (master === undefined || replica === undefined) throw new Error("expected two nodes");

    // Act
    await killAhead(rig, master, replica);
    const held = await rig.timeline.eventually("a hold", isNobody);
    const heldState = await rig.state();
    const little = rig.cli("failover", "orders", "--allow-data-loss", "2000000", "--yes");
    const stillHeld = await rig.timeline.eventually("another hold", (one) =>
      one.message.includes("more than the consented 2000000"),
    );
    const clearing = await rig.cli("cancel", "orders");
    await little;
    const enough = await rig.cli("failover", "orders", "--allow-data-loss", "100000000", "--yes");
    await expectSelected(rig, replica);
    await expectSettled(rig, idOf(replica));

    // Assess
    expect(held.message).toMatch(/it is \d+ bytes behind, more than maxLagBytes 1000000/);
    expect(heldState).toMatchObject({ epoch: before.epoch, phase: "steady" });
    expect(stillHeld.rule).toBe("S360");
    expect((await little).code).toBe(1);
    expect([clearing.code, enough.code]).toEqual([0, 0]);
    expect((await lossOf(rig)).bytes).toBeGreaterThan(1_000_000);
  }, 90_000);

  test("nobody who never synchronised, and no stranger at a replica's address, whatever its priority", async () => {
    // Prepare: the second can't log in to any master, and nobody can see why; the worst is the only one that is fit.
    const rig = await startRig({
      nodeCount: 4,
      settings: { failoverTimeoutMs: 5_000 },
      serverOptions: (index) => ({
        extra: [
          `replica-priority ${[100, 1, 1, 200][index]}`,
          ...(index === 1 ? ["masterauth wrong", 'rename-command CONFIG ""'] : []),
        ],
      }),
    });
    const before = await rig.state();
    const [master, unsynced, replaced, fit] = serversOf(rig);
    await replaced.kill();
    const foreigner = await startForeigner(replaced);
    await rig.timeline.eventually(
      "a page about the stranger",
      (one) => one.event === "+page" && one.message.includes(`${idOf(replaced)} is foreign`),
    );

    // Act: first one may be promoted, then nobody.
    await master.kill();
    const selected = await expectSelected(rig, fit);
    await rig.timeline.until("the end of settling", async () => {
      const { phase, master: now } = await rig.state();
      expect({ phase, node: now?.node }).toEqual({ phase: "steady", node: idOf(fit) });
    });
    const since = rig.timeline.mark();
    await fit.kill();
    const nobody = await rig.timeline.eventually("a hold", isNobody, { since });

    // Assess
    const ended = rig.timeline.named("+failover-end-for-timeout").map((one) => one.epoch);
    expect(ended).toEqual([before.epoch, before.epoch + 1]);
    expect(selected.message).toContain("the only eligible node: priority 200 ");
    // Who never synchronised has a history of its own, which tells it from the group's before anything else does.
    for (const node of [unsynced, replaced]) {
      const why = `${idOf(node)}: it holds another history than the master's`;
      expect(nobody.message).toContain(why);
    }
    expect(await roleOf(unsynced)).toMatchObject({ role: "replica", isLinkUp: false });
    expect(await roleOf(foreigner)).toMatchObject({ role: "master" });
    expect(await asking(foreigner, (ask) => ask("GET", "whose"))).toBe("somebody else's");
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
  }, 90_000);
});

function isNobody(entry: Entry): boolean {
  return entry.event === "-failover-abort-no-good-slave";
}

async function inOrderOfRunIds(one: RedisServer, other: RedisServer) {
  const isEarlier = (await fieldOf(one, "run_id")) < (await fieldOf(other, "run_id"));
  return isEarlier ? ([one, other] as const) : ([other, one] as const);
}

/**
 * A server with data of its own, where a node of the group was. It has its data from its first answer on: an empty one may
 * be made a replica before the test has written to it.
 */
async function startForeigner({ host, port, binary }: RedisServer): Promise<RedisServer> {
  const rdb = { host, binary, persistence: "rdb" } as const;
  const filled = await startRedis({ ...rdb, port: await freePort() });
  foreigners.push(filled);
  await asking(filled, async (ask) => {
    await ask("SET", "whose", "somebody else's");
    await ask("SAVE");
  });
  await filled.kill();
  const extra = ["replica-priority 1"];
  const server = await startRedis({ ...rdb, port, extra, dataFrom: filled.dir });
  foreigners.push(server);
  return server;
}
