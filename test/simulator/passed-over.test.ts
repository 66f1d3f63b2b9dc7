import { beforeEach, describe, expect, it } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { groupConfig, masterRecord, n0, n1, n2, promotingState } from "../support/builders.ts";
import type { Process } from "./engine.ts";
import { PassedOver } from "./passed-over.ts";
import { plainSight } from "./plain-sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

const config = groupConfig();
const { fenceMs } = config.settings;

let world: SimWorld;
let process: Process;
let chosen: SimRedis;
let rival: SimRedis;
let judge: PassedOver;

/** n1 and n2 are replicas of n0, as far as each other, and nothing has befallen them for long. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1, isOrderly: true });
  world.start();
  await world.engine.runUntil(30_000);
  const [first] = [...world.processes.values()].flatMap((live) => [...live]);
  if (first === undefined) throw new Error("expected a live process");
  process = first;
  chosen = node(n1);
  rival = node(n2);
  const offset = Math.max(chosen.offset, rival.offset);
  for (const one of [chosen, rival]) one.stream.offset = offset;
  judge = new PassedOver(plainSight(world, config, new Map()));
});

function node(id: string): SimRedis {
  const one = world.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

function claim(): GroupState {
  const { replid, offset } = chosen;
  const master = { ...masterRecord, node: n0, replid };
  const candidate = { node: n1, replid, offset };
  const attempts = ["a/1#9"];
  return promotingState({ kind: "failover", master, candidate, attempts, lastEpoch: null });
}

const answer = (one: SimRedis) => judge.onAnswered(process, one.id, one.facts());

function verdict(): string | null {
  const next = claim();
  judge.onSent(process, next);
  return judge.of(next);
}

describe("S7 a choice", () => {
  const isAhead = `${n1} is chosen, ${n2} is 14 bytes ahead of it`;

  it("passes over nobody who answered that it had more", () => {
    rival.stream.ping();
    for (const one of [chosen, rival]) answer(one);

    expect(verdict()).toBe(isAhead);
  });

  it("could not know what a rival got after it had answered", () => {
    for (const one of [chosen, rival]) answer(one);
    rival.stream.ping();

    expect(verdict()).toBeNull();
  });

  it("passes over nobody who was not asked", () => {
    answer(chosen);
    rival.stream.ping();

    expect(verdict()).toBe(isAhead);
  });

  it("does not rest on an answer from long before", async () => {
    answer(rival);
    await world.engine.runUntil(world.engine.nowMs + 2 * fenceMs);
    chosen.stream.offset = rival.offset;
    rival.stream.ping();
    answer(chosen);

    expect(verdict()).toBe(isAhead);
  });

  it("is judged as it left, whatever a stream brings while it is under way", () => {
    for (const one of [chosen, rival]) answer(one);
    expect(verdict()).toBeNull();
    rival.stream.ping();
    answer(rival);

    expect(verdict()).toBeNull();
  });
});
