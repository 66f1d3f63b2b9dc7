import { beforeEach, describe, expect, it } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import type { ReplaceRequest } from "../../lib/core/requests.ts";
import {
  groupConfig,
  groupState,
  masterRecord,
  n0,
  n1,
  n2,
  promotingState,
} from "../support/builders.ts";
import { plainSight } from "./plain-sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { noticedMs } from "./troubles.ts";
import { Truth } from "./truth.ts";
import { SimWorld } from "./world.ts";

const config = groupConfig();
const { maxLagBytes } = config.settings;

/** Larger than what the world's own clients write. */
const write = 1_000_000;

let world: SimWorld;
let chosen: SimRedis;
let rival: SimRedis;
let truth: Truth;
let nowMs: number;

/** n0 is dead. n1 and n2 are as far as each other, but for a write in n2, which WAIT confirmed before the round. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1, isOrderly: true });
  world.start();
  await world.engine.runUntil(30_000);
  nowMs = world.engine.nowMs;
  truth = new Truth({ ...plainSight(world, config, new Map([[write, n0]])), now: () => nowMs });
  [chosen, rival] = [node(n1), node(n2)];
  const offset = Math.max(chosen.offset, rival.offset);
  for (const one of [chosen, rival]) one.stream.offset = offset;
  rival.stream.append({ value: write, marker: null });
  truth.onConfirmed(write, n0);
  nowMs += noticedMs;
  truth.onRound();
  node(n0).kill();
});

function node(id: string): SimRedis {
  const one = world.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

const failover: ReplaceRequest = {
  id: "op#1",
  kind: "failover",
  by: "sim",
  to: n1,
  at: null,
  allowedLossBytes: null,
};

/** A claim of n1, upon the wish where there is one that is due, and of the observers' own accord otherwise. */
function claimUpon(request: ReplaceRequest | null, change: Partial<GroupState> = {}) {
  const { replid, offset } = chosen;
  const master = { ...masterRecord, replid };
  const before = groupState({ master, request });
  const candidate = { node: n1, replid, offset };
  const attempts = ["a/1#9"];
  const isAutomatic = request === null;
  const claimed = { master, request, candidate, attempts, isAutomatic, lastEpoch: null };
  return { before, after: promotingState({ ...claimed, ...change }) };
}

function apply({ before, after }: ReturnType<typeof claimUpon>): void {
  truth.onClaim(before, after);
}

const otherWishes: readonly [string, ReplaceRequest, Partial<GroupState>][] = [
  ["where an operator named the other one", { ...failover, to: n2 }, {}],
  ["where an operator named nobody", { ...failover, to: null }, {}],
  [
    "where an operator wished for a hand-over, which is none for a dead master",
    { ...failover, kind: "switchover" },
    { isAutomatic: true },
  ],
  [
    "where an operator named it for later",
    { ...failover, at: "2100-01-01T00:00:00.000Z" },
    { isAutomatic: true },
  ],
];

describe("S10 a choice without a write that WAIT confirmed", () => {
  const lost = `${n1} is chosen without ${write}, which WAIT confirmed`;

  it("is wrong where the one that has it could be asked", () => {
    expect(() => apply(claimUpon(null))).toThrow(lost);
  });

  it("is right where an operator named it", () => {
    expect(() => apply(claimUpon(failover))).not.toThrow();
  });

  it.each(otherWishes)("is wrong %s", (_where, wish, change) => {
    expect(() => apply(claimUpon(wish, change))).toThrow(lost);
  });

  it("is wrong where more is lost than an operator consented to", () => {
    rival.stream.offset = chosen.offset + maxLagBytes + 1;

    expect(() => apply(claimUpon(failover))).toThrow(lost);
  });

  it("is right up to the loss that an operator consented to", () => {
    rival.stream.offset = chosen.offset + maxLagBytes + 1;
    const wish = { ...failover, allowedLossBytes: maxLagBytes + 1 };

    expect(() => apply(claimUpon(wish))).not.toThrow();
  });
});

describe("S7 a choice that is behind another", () => {
  const isBehind = `${n1} is chosen, ${n2} is 50 bytes ahead of it`;

  function sendAndApply(claim: ReturnType<typeof claimUpon>): void {
    const [process] = [...world.processes.values()].flatMap((live) => [...live]);
    if (process === undefined) throw new Error("expected a live process");
    truth.passedOver.onSent(process, claim.after);
    apply(claim);
  }

  it("is right where an operator named it", () => {
    expect(() => sendAndApply(claimUpon(failover))).not.toThrow();
  });

  it.each(otherWishes)("is wrong %s", (_where, wish, change) => {
    expect(() => sendAndApply(claimUpon(wish, change))).toThrow(isBehind);
  });
});
