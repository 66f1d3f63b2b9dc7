import { beforeEach, describe, expect, it } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import {
  groupConfig,
  groupState,
  masterRecord,
  n0,
  n1,
  promotingState,
} from "../support/builders.ts";
import { applyFault } from "./apply-fault.ts";
import { checkMasterIsDown } from "./check-claim.ts";
import { plainSight } from "./plain-sight.ts";
import type { Sight } from "./sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { quietMinMs } from "./troubles.ts";
import { Truth } from "./truth.ts";
import { SimWorld } from "./world.ts";

let world: SimWorld;
let sight: Sight;
let before: GroupState;

/** A group that holds its marker and nothing else, so that nobody has more than anybody. Nobody watches it. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1 });
  sight = plainSight(world, groupConfig(), new Map());
  await pass();
  expect(node(n0).setMarker(1)).toBe(true);
  await pass();
  expect([node(n0).marker(), node(n1).marker()]).toEqual([1, 1]);
  before = stateOf(node(n0));
});

function node(id: string): SimRedis {
  const one = world.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

/** Nothing befalls anybody for as long as a judge makes allowance for. */
function pass(): Promise<void> {
  return world.engine.runUntil(world.engine.nowMs + 2 * quietMinMs);
}

function stateOf({ runId, replid }: SimRedis): GroupState {
  return groupState({ master: { ...masterRecord, runId, replid }, histories: [replid] });
}

async function startAgain(data: "aof" | "rdb" | "empty"): Promise<void> {
  applyFault(world, { kind: "kill", node: "10.0.0.1" });
  applyFault(world, { kind: "restart", node: "10.0.0.1", data });
  await pass();
  expect(node(n0)).toMatchObject({ role: "master", isServing: true, isLoading: false });
}

async function displace(): Promise<void> {
  applyFault(world, { kind: "displace", node: "10.0.0.1", keys: 41 });
  await pass();
}

/** Its clients write to the emptied master before anybody has looked at it. */
async function emptyAndWrite(): Promise<void> {
  await startAgain("empty");
  expect(node(n0).write(1)).toBe(true);
}

function claimed(): GroupState {
  const { replid, offset } = node(n1);
  return { ...before, ...promotingState({ candidate: { node: n1, replid, offset } }) };
}

const claim = () => checkMasterIsDown(before, claimed(), sight);

/** n1 is promoted while n0 serves, and then it is committed. */
function commit(): void {
  const truth = new Truth(sight);
  const { epoch } = claimed();
  truth.onPromoted(epoch);
  const master = { ...masterRecord, node: n1 };
  truth.onCommit(before, groupState({ master, masterEpoch: epoch, kind: "failover" }), "a");
}

describe.each([
  ["L4 a claim", claim, `${n0} serves as master`],
  ["F6 a commit", commit, `${n1} is committed over ${n0}, which had served as master`],
])("%s over a master that answers", (_what, act, wrong) => {
  it("is wrong while it is the group's", () => {
    expect(act).toThrow(wrong);
  });

  it.each(["aof", "rdb"] as const)(
    "is wrong once it was started again with an %s",
    async (data) => {
      await startAgain(data);

      expect(act).toThrow(wrong);
    },
  );

  it("is wrong where its own data are back without the marker", async () => {
    expect(node(n0).write(1)).toBe(true);
    await pass();
    node(n0).stream.marker = null;
    await startAgain("aof");

    expect(act).toThrow(wrong);
  });

  it("is right where another's server has taken its address, and was started again", async () => {
    await displace();
    expect(act).not.toThrow();

    await startAgain("aof");
    expect(act).not.toThrow();
  });

  it("is wrong once the group's own server is back", async () => {
    await displace();
    applyFault(world, { kind: "reclaim", node: "10.0.0.1" });
    await pass();

    expect(act).toThrow(wrong);
  });

  it("is right where it was emptied, and written to before anybody saw it", async () => {
    await emptyAndWrite();

    expect(act).not.toThrow();
  });

  it("is wrong where it was emptied, and others hold no more", async () => {
    await startAgain("empty");

    expect(act).toThrow(wrong);
  });
});

it("L4 a claim over an emptied master is right for whom had more when it was asked, and no longer", async () => {
  expect(node(n0).write(1)).toBe(true);
  await pass();
  node(n1).becomeMaster();
  await startAgain("empty");
  expect(claim).not.toThrow();

  node(n1).becomeReplicaOf(n0);
  while (node(n1).values().has(1)) await world.engine.runUntil(world.engine.nowMs + 100);
  expect(claim).not.toThrow();

  await pass();
  expect(claim).toThrow("L4");
});

describe.each([
  ["another's server", displace],
  ["an emptied one that was written to", emptyAndWrite],
])("L4, F6, N18: %s is the group's", (_whose, replace) => {
  beforeEach(async () => {
    await replace();
    expect(claim).not.toThrow();
    expect(commit).not.toThrow();
  });

  it("once it has the marker", () => {
    node(n0).setMarker(1);

    expect(claim).toThrow("L4");
    expect(commit).toThrow("F6");
  });

  it("once its run is recorded", () => {
    before = { ...stateOf(node(n0)), histories: before.histories };

    expect(claim).toThrow("L4");
    expect(commit).toThrow("F6");
  });

  it("once its history is recorded, whoever has started it since", async () => {
    node(n0).stream.begin();
    before = { ...before, histories: [node(n0).replid, ...before.histories] };
    await startAgain("rdb");

    expect(claim).toThrow("L4");
    expect(commit).toThrow("F6");
  });
});
