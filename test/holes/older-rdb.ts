import type { SimRedis } from "../simulator/sim-redis.ts";
import type { SimWorld } from "../simulator/world.ts";
import { fenceBoundMs, lagMaxMs, lookBoundMs } from "./bounds.ts";
import { crowd } from "./death.ts";
import type { Case, Readings } from "./measure.ts";
import { atRest, inject, lostOn, masterOf, noteAcks, pass, startCrowd, until } from "./stage.ts";

/** How long before its death the master saved. */
const savedBeforeMs = 10_000;
const awayMs = 200;
/** Whoever has not been replaced by then has every replica again. */
const decidedMs = 20_000;

const served = "return to replica";
const oldest = "oldest lost write before the death";
const meanwhile = "acknowledged after the return and lost";
const before = "acknowledged before the death and lost";

/** The master is killed, and back with what it saved last before anybody missed it: a race with its replicas. */
export const olderRdbCases: readonly Case[] = [
  {
    ...synchronising(5_000),
    measures: [
      { name: served, unit: "ms", bound: lookBoundMs + fenceBoundMs },
      { name: oldest, unit: "ms", bound: lagMaxMs },
      { name: meanwhile, unit: "writes", bound: null },
    ],
  },
  // Where the replicas were faster it stays the master; where they were not, it goes as above.
  { ...synchronising(0), measures: [{ name: before, unit: "writes", bound: null }] },
];

function synchronising(syncDelayMs: number): Omit<Case, "measures"> {
  return {
    hole: "a master comes back from an older RDB",
    what: `saved ${savedBeforeMs / 1_000} s before, replicas synchronise after ${syncDelayMs / 1_000} s, 100 writes/s`,
    run: (seed) => run(seed, syncDelayMs),
  };
}

async function run(seed: number, syncDelayMs: number): Promise<Readings> {
  const { world, master: old } = await atRest(seed);
  world.timings.syncDelayMs = syncDelayMs;
  const ackedAtMs = noteAcks(world);
  startCrowd(world, crowd);
  await pass(world, 2_000);
  inject(world, `save ${old.host}`);
  await pass(world, savedBeforeMs);
  const diedAtMs = world.engine.nowMs;
  inject(world, `kill ${old.host}`);
  await pass(world, awayMs);
  const returnedAtMs = world.engine.nowMs;
  inject(world, `restart ${old.host} old-rdb`);
  const endedAtMs = await decided(world, old);
  const lost = lostOn(world, masterOf(world));
  const ages = lost.map((value) => diedAtMs - (ackedAtMs.get(value) ?? 0));
  if (masterOf(world) === old) {
    if (syncDelayMs > lookBoundMs) throw new Error(`seed ${seed}: nobody replaced ${old.id}`);
    return { [served]: null, [oldest]: null, [meanwhile]: null, [before]: ages.length };
  }
  const ofBefore = ages.filter((ageMs) => ageMs >= 0);
  return {
    [served]: endedAtMs - returnedAtMs,
    [oldest]: Math.max(0, ...ofBefore),
    [meanwhile]: ages.length - ofBefore.length,
    [before]: null,
  };
}

/** Runs until the older master is a replica, or until nobody replaces it any more; returns the time. */
function decided(world: SimWorld, old: SimRedis): Promise<number> {
  const endMs = world.engine.nowMs + decidedMs;
  const isSo = () => old.role === "replica" || world.engine.nowMs >= endMs;
  return until(world, "a decision", isSo);
}
