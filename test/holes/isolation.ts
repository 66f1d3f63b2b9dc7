import { observers } from "../simulator/world.ts";
import { fenceBoundMs } from "./bounds.ts";
import type { Case, Readings } from "./measure.ts";
import {
  atRest,
  inject,
  lostOn,
  masterOf,
  namesOf,
  noteAcks,
  pass,
  startCrowd,
  until,
} from "./stage.ts";

/** Ten clients on each side of the cut, a write in 100 ms each. */
const inside = { names: namesOf("inside", 10), everyMs: 100, ttlMs: 1_000 };
const outside = { names: namesOf("outside", 10), everyMs: 100, ttlMs: 1_000 };

interface Cut {
  readonly cutMs: number;
  /** `min-replicas-max-lag` beside `min-replicas-to-write 1`; null: neither is set, as by default. */
  readonly lagMs: number | null;
}

const cuts: readonly Cut[] = [
  { cutMs: 10_000, lagMs: null },
  { cutMs: 30_000, lagMs: null },
  { cutMs: 120_000, lagMs: null },
  { cutMs: 30_000, lagMs: 10_000 },
  { cutMs: 30_000, lagMs: 3_000 },
];
/** Redis counts a replica's silence once a second, from words that come once a second. */
const countingMs = 2_000;

const accepts = "cut to the last write acknowledged";
const lostName = "acknowledged and lost";

/** A master that is cut off from observers and replicas, together with some clients. */
export const isolationCases: readonly Case[] = cuts.map(({ cutMs, lagMs }): Case => {
  const healedMs = cutMs + fenceBoundMs;
  const bound = lagMs === null ? healedMs : Math.min(healedMs, lagMs + countingMs);
  const guard = lagMs === null ? "no min-replicas" : `min-replicas-max-lag ${lagMs / 1_000} s`;
  return {
    hole: "clients on an isolated old master",
    what: `cut for ${cutMs / 1_000} s, ${guard}, 100 writes/s inside`,
    measures: [
      { name: accepts, unit: "ms", bound },
      { name: lostName, unit: "writes", bound: null },
    ],
    run: (seed) => run(seed, cutMs, lagMs),
  };
});

async function run(seed: number, cutMs: number, lagMs: number | null): Promise<Readings> {
  const { world, master: old, replicas } = await atRest(seed);
  for (const { replicas } of lagMs === null ? [] : world.nodes.values()) {
    Object.assign(replicas.required, { toWrite: 1, maxLagMs: lagMs });
  }
  startCrowd(world, inside);
  startCrowd(world, outside);
  await pass(world, 3_000);
  const away = [...observers, ...outside.names, ...replicas.map((node) => node.host)];
  const cutAtMs = world.engine.nowMs;
  const ackedAtMs = noteAcks(world);
  inject(world, ...away.map((one) => `cut ${one} ${old.host}`));
  await pass(world, cutMs);
  // Nobody was put in its place before the cut healed: then nothing is lost.
  if (masterOf(world) === old) return { [accepts]: null, [lostName]: null };
  inject(world, ...away.map((one) => `heal ${one} ${old.host}`));
  await until(world, "a replica", () => old.role === "replica");
  const lost = lostOn(world, masterOf(world));
  const last = Math.max(cutAtMs, ...lost.map((value) => ackedAtMs.get(value) ?? 0));
  return { [accepts]: last - cutAtMs, [lostName]: lost.length };
}
