import { beforeEach, describe, expect, it } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import {
  groupConfig,
  groupState,
  n0,
  n1,
  promotingState,
  settlingState,
} from "../support/builders.ts";
import { KeptWrites } from "./kept-writes.ts";
import { plainSight } from "./plain-sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

const config = groupConfig();
const { fenceMs } = config.settings;
const steady = groupState();
const claimed = promotingState({ kind: "switchover" });
const commit = settlingState({ kind: "switchover", attempts: ["a/1#9"] });

let world: SimWorld;
let taker: SimRedis;
let acknowledged: Map<number, string>;
let kept: KeptWrites;

/** n0 and n1 hold 7, of which a client was told, when the hand-over from one to the other is claimed. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1 });
  acknowledged = new Map([[7, n0]]);
  kept = new KeptWrites(plainSight(world, config, acknowledged));
  taker = node(n1);
  taker.becomeMaster();
  for (const one of [node(n0), taker]) one.write(7);
  await pass(2 * fenceMs);
  kept.onSwitchoverClaimed(steady);
  kept.onCandidate(claimed);
});

function node(id: string, at = world): SimRedis {
  const one = at.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

function pass(ms: number): Promise<void> {
  return world.engine.runUntil(world.engine.nowMs + ms);
}

/** It is nobody's replica, so that nothing comes back from the old master. */
function empty(): void {
  taker.kill();
  taker.restart("empty");
  taker.becomeMaster();
}

/** Whose data takes the place of its own. */
function followStranger(): void {
  taker.stream.installFromMaster(node(n0, new SimWorld({ seed: 2 })).stream.snapshot());
}

const failover = (attempt: string) => settlingState({ attempts: [attempt] });
const arrive = (after: GroupState = commit) => kept.onCommit(claimed, after);

describe("S8 the commit of a node", () => {
  it.each([
    ["was started without data", empty],
    ["was told to follow a stranger", followStranger],
  ])("may rest on evidence from before it %s, fenceMs old and no older", async (_what, replace) => {
    replace();
    await pass(fenceMs - 1);
    const soon = failover("a/1#9");
    kept.onCommitSent(soon);
    await pass(1);
    const late = failover("a/1#10");
    kept.onCommitSent(late);

    expect(() => arrive(soon)).not.toThrow();
    expect(() => arrive(late)).toThrow("which it held when chosen");
  });
});

describe("S10 the commit of a hand-over", () => {
  it("passes with all that is owed", () => {
    kept.onCommitSent(commit);

    expect(() => arrive()).not.toThrow();
  });

  it("is held against the moment at which it left: what is emptied while it is under way is nobody's mistake", async () => {
    kept.onCommitSent(commit);
    await pass(500);
    empty();
    await pass(2 * fenceMs);

    expect(() => arrive()).not.toThrow();
  });

  it("loses what the new master lacked when it left, also where that is started again on the way", async () => {
    acknowledged.set(8, n0);
    kept.onCommitSent(commit);
    await pass(500);
    empty();

    expect(() => arrive()).toThrow("lost the acknowledged 8");
  });

  it("loses what the old master acknowledged after it had left", async () => {
    kept.onCommitSent(commit);
    await pass(500);
    empty();
    acknowledged.set(8, n0);

    expect(() => arrive()).toThrow("lost the acknowledged 8");
  });

  it("loses what went before it left", async () => {
    empty();
    await pass(2 * fenceMs);
    kept.onCommitSent(commit);

    expect(() => arrive()).toThrow("which it held when chosen");
  });

  it("may rest on evidence that is fenceMs old, and on no older one", async () => {
    acknowledged.set(8, n0);
    empty();
    await pass(fenceMs - 1);
    kept.onCommitSent(commit);
    await pass(2 * fenceMs);
    expect(() => arrive()).not.toThrow();

    const again = { ...commit, attempts: ["a/1#10"] };
    kept.onCommitSent(again);
    expect(() => arrive(again)).toThrow("which it held when chosen");
  });

  it("is held against how things are now where nobody saw it leave", () => {
    acknowledged.set(8, n0);

    expect(() => arrive()).toThrow("lost the acknowledged 8");
  });
});
