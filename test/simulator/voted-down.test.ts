import { beforeEach, describe, expect, it } from "@jest/globals";
import { groupConfig, groupState, masterRecord, n0, n1, n2, vote } from "../support/builders.ts";
import { applyFault } from "./apply-fault.ts";
import { join } from "./joining.ts";
import { plainSight } from "./plain-sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { noticedMs } from "./troubles.ts";
import { Truth } from "./truth.ts";
import { SimWorld } from "./world.ts";

const foreign = "another server answers there: replid fresh, 8 keys, no marker of this group";
const amnesic = "it restarted without its data: 2 keys, a replica of its old history holds 8";

let world: SimWorld;
let acknowledged: Map<number, string>;
let truth: Truth;

/** n1 and n2 have copied what n0 has. Nobody watches them, so nothing is put right. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1 });
  acknowledged = new Map();
  truth = new Truth(plainSight(world, groupConfig(), acknowledged));
  await pass();
});

function node(id: string): SimRedis {
  const one = world.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

function pass(): Promise<void> {
  return world.engine.runUntil(world.engine.nowMs + 2 * noticedMs);
}

async function replicate(replica: string, from: string): Promise<void> {
  node(replica).becomeReplicaOf(from);
  await pass();
  expect(node(replica)).toMatchObject({ masterId: from, link: { isUp: true } });
}

/** Its own configuration says master, whatever people have told it since. */
async function startAgain(id: string): Promise<void> {
  node(id).kill();
  node(id).restart("rdb");
  await pass();
  expect(node(id).role).toBe("master");
}

/** A client of the group is told that its write was taken, and every observer has seen who is there. */
async function write(value: number, to: string): Promise<void> {
  expect(node(to).write(value)).toBe(true);
  acknowledged.set(value, to);
  await pass();
}

const voteDown = (id: string, evidence = foreign, known = groupState()) =>
  truth.onVote(vote("a", { verdict: "down", node: id, evidence }), known, false);

describe("N18 a vote against another server at the master's address", () => {
  it.each(["aof", "rdb"] as const)(
    "is wrong of the group's own that was started again, with an %s",
    async (data) => {
      await write(1, n0);
      node(n0).kill();
      node(n0).restart(data);
      await pass();

      expect(() => voteDown(n0)).toThrow(`${n0} is voted down as another server`);
    },
  );

  it("is right of another one, and of the group's own again when that is back", async () => {
    applyFault(world, { kind: "displace", node: "10.0.0.1", keys: 7 });
    await pass();
    expect(() => voteDown(n0)).not.toThrow();

    applyFault(world, { kind: "reclaim", node: "10.0.0.1" });
    await write(1, n0);

    expect(() => voteDown(n0)).toThrow("N18");
  });

  it("is right of the group's own that was made a copy of another one by hand, and started again with that", async () => {
    applyFault(world, { kind: "displace", node: "10.0.0.2", keys: 7 });
    await replicate(n0, n1);
    await startAgain(n0);
    await write(1, n0);
    expect(node(n0).isDisplaced).toBe(false);

    expect(() => voteDown(n0)).not.toThrow();

    node(n0).setMarker(1);
    expect(() => voteDown(n0)).toThrow("N18");
  });

  it("is right of one that was made a copy of an emptied one by hand, and started again with that", async () => {
    node(n1).kill();
    node(n1).restart("empty");
    node(n1).becomeMaster();
    await replicate(n0, n1);
    await startAgain(n0);
    await write(1, n0);

    expect(() => voteDown(n0)).not.toThrow();
  });

  it("is right of a copy of one that had not copied anything when it was promoted by hand", async () => {
    const state = groupState({ master: { ...masterRecord, node: n0 } });
    const joinable = {
      nodes: world.nodes,
      state: () => state,
      addServer: (host: string, port: number) => world.addServer(host, port),
    };
    join(joinable, "10.0.0.7")?.();
    node("10.0.0.7:6379").becomeMaster();
    await replicate(n0, "10.0.0.7:6379");
    await startAgain(n0);
    await write(1, n0);

    expect(() => voteDown(n0)).not.toThrow();
  });

  describe("of one that is back by an RDB older than the marker", () => {
    /** STATE as it was then: it names the history that the RDB does. */
    async function comeBackUnmarked() {
      node(n0).stream.save();
      node(n0).setMarker(1);
      const known = groupState({ histories: [node(n0).replid] });
      node(n0).kill();
      node(n0).restart("old-rdb");
      await pass();
      expect(node(n0).marker()).toBeNull();
      await write(1, n0);
      return known;
    }

    async function restartByAof(): Promise<void> {
      node(n0).kill();
      node(n0).restart("aof");
      await pass();
    }

    it("is wrong while its second id names the group's history", async () => {
      const known = await comeBackUnmarked();

      expect(() => voteDown(n0, foreign, known)).toThrow("N18");
    });

    it("is right once it was started again by an AOF: nothing names the group any more", async () => {
      const known = await comeBackUnmarked();
      await restartByAof();
      expect(() => voteDown(n0, foreign, known)).not.toThrow();

      const { replid } = node(n0);
      expect(() => voteDown(n0, foreign, { ...known, histories: [replid] })).toThrow("N18");
      node(n0).setMarker(1);
      expect(() => voteDown(n0, foreign, known)).toThrow("N18");
    });

    it("is right of a copy of that too", async () => {
      const known = await comeBackUnmarked();
      node(n1).becomeMaster();
      await replicate(n0, n1);
      await restartByAof();
      await write(2, n0);

      expect(() => voteDown(n0, foreign, known)).not.toThrow();
    });
  });

  it("is wrong of one that was emptied once, and has copied the group's data since", async () => {
    await write(1, n0);
    node(n1).kill();
    node(n1).restart("empty");
    await pass();
    // Its configuration names n0, and no other process of it is held to have begun empty.
    node(n1).kill();
    node(n1).restart("rdb");
    await pass();
    expect(node(n1)).toMatchObject({ hasBegunEmpty: false, masterId: n0, link: { isUp: true } });
    node(n1).becomeMaster();
    await replicate(n2, n1);
    await write(2, n1);

    expect(() => voteDown(n1)).toThrow("N18");
  });
});

describe("N3 a vote against a master with older data", () => {
  const older = "it restarted with older data: its history ends at 50, a replica has it up to 150";

  /** It was saved, has taken a write since, and is killed; nobody else has noticed by the time it is back. */
  async function comeBackOlder(): Promise<void> {
    await write(1, n0);
    node(n0).stream.save();
    await write(2, n0);
    world.timings.syncDelayMs = 3 * noticedMs;
    node(n0).kill();
    node(n0).restart("old-rdb");
    expect([...node(n0).values()]).toEqual([1]);
    await pass();
  }

  it("is right until everybody has copied that, and for as long as an answer lasts", async () => {
    await comeBackOlder();
    expect(() => voteDown(n0, older)).not.toThrow();

    while (node(n1).values().has(2)) await world.engine.runUntil(world.engine.nowMs + 100);
    expect(() => voteDown(n0, older)).not.toThrow();

    await pass();
    expect(() => voteDown(n0, older)).toThrow(`${n0} is voted down as older`);
  });

  it("is right where all that it came back without are pings: no offset tells them from writes", async () => {
    node(n0).stream.save();
    node(n0).stream.ping();
    node(n0).replicas.feed();
    await pass();
    world.timings.syncDelayMs = 3 * noticedMs;
    node(n0).kill();
    node(n0).restart("old-rdb");
    await pass();

    expect(() => voteDown(n0, older)).not.toThrow();
  });

  it.each(["aof", "rdb"] as const)(
    "is wrong of one that came back whole, by an %s",
    async (data) => {
      await write(1, n0);
      node(n0).kill();
      node(n0).restart(data);
      await pass();

      expect(() => voteDown(n0, older)).toThrow("N3");
    },
  );
});

describe("N3 a vote against an emptied master", () => {
  it.each(["aof", "rdb"] as const)(
    "is wrong of one that was started again with its data, of an %s",
    async (data) => {
      await write(1, n0);
      node(n0).kill();
      node(n0).restart(data);
      await pass();

      expect(() => voteDown(n0, amnesic)).toThrow(`${n0} is voted down as emptied`);
    },
  );

  it("is right of one that is empty", async () => {
    await write(1, n0);
    node(n0).kill();
    node(n0).restart("empty");
    await pass();

    expect(() => voteDown(n0, amnesic)).not.toThrow();
  });

  it("is right while another one has what the one before it wrote, and for as long as an answer lasts", async () => {
    expect(node(n0).write(1)).toBe(true);
    acknowledged.set(1, n1);
    await pass();
    node(n2).becomeMaster();
    node(n0).kill();
    node(n0).restart("empty");
    await pass();
    await write(2, n0);
    // Of an emptied one that was written to, and started again with that, no process began empty.
    node(n0).kill();
    node(n0).restart("aof");
    await pass();
    expect(node(n0).hasBegunEmpty).toBe(false);
    expect(() => voteDown(n0, amnesic)).not.toThrow();

    node(n2).becomeReplicaOf(n0);
    while (node(n2).values().has(1)) await world.engine.runUntil(world.engine.nowMs + 100);
    expect(() => voteDown(n0, amnesic)).not.toThrow();

    await pass();
    expect(() => voteDown(n0, amnesic)).toThrow("N3");
  });
});
