import { lagMaxMs, lookBoundMs, tripsMs } from "./bounds.ts";
import { crowd } from "./death.ts";
import type { Case, Readings } from "./measure.ts";
import {
  atRest,
  committed,
  inject,
  lostOn,
  masterOf,
  noteAcks,
  pass,
  startCrowd,
  until,
} from "./stage.ts";

const awayMs = 200;
/** Replicas keep their data for so long: `repl-diskless-sync-delay`, by default. */
const syncDelayMs = 5_000;
const afterwardsMs = 60_000;

const moved = "return to the moved name";
const oldest = "oldest lost write before the death";
const meanwhile = "acknowledged until then and lost";
const since = `acknowledged in the ${afterwardsMs / 1_000} s after that and lost`;

/** A master that is back without its data, and that clients write to before it is replaced: then it is nobody's to touch. */
export const emptiedCases: readonly Case[] = [
  {
    hole: "a master comes back empty",
    what: `after ${awayMs / 1_000} s, replicas synchronise after ${syncDelayMs / 1_000} s, 100 writes/s`,
    measures: [
      { name: moved, unit: "ms", bound: lookBoundMs + tripsMs },
      { name: oldest, unit: "ms", bound: lagMaxMs },
      { name: meanwhile, unit: "writes", bound: null },
      { name: since, unit: "writes", bound: null },
    ],
    run,
  },
];

async function run(seed: number): Promise<Readings> {
  const { world, master: old } = await atRest(seed);
  world.timings.syncDelayMs = syncDelayMs;
  const ackedAtMs = noteAcks(world);
  startCrowd(world, crowd);
  await pass(world, 2_000);
  const diedAtMs = world.engine.nowMs;
  inject(world, `kill ${old.host}`);
  await pass(world, awayMs);
  const returnedAtMs = world.engine.nowMs;
  inject(world, `restart ${old.host} empty`);
  await committed(world, old);
  const { host } = masterOf(world);
  const movedAtMs = await until(world, "the moved name", () => world.recordNow() === host);
  await pass(world, afterwardsMs);
  const lostAtMs = lostOn(world, masterOf(world)).map((value) => ackedAtMs.get(value) ?? 0);
  const before = lostAtMs.filter((atMs) => atMs <= diedAtMs);
  const after = lostAtMs.filter((atMs) => atMs > movedAtMs);
  return {
    [moved]: movedAtMs - returnedAtMs,
    [oldest]: Math.max(0, ...before.map((atMs) => diedAtMs - atMs)),
    [meanwhile]: lostAtMs.length - before.length - after.length,
    [since]: after.length,
  };
}
