import { crashBoundMs, fenceBoundMs, tripsMs } from "./bounds.ts";
import type { Case, Readings } from "./measure.ts";
import {
  atRest,
  committed,
  inject,
  lostOn,
  masterOf,
  namesOf,
  pass,
  startCrowd,
  until,
} from "./stage.ts";

const everyMs = 200;
/** The simulator's clients try again after half to one and a half of their rhythm. */
const attemptMs = 1.5 * everyMs;
const ttlsMs = [0, 1_000, 5_000];
const hermits = namesOf("client", 10);
const returnsAfterMs = 30_000;
const afterwardsMs = 10_000;

const firstWrite = "death to the client's next acknowledged write";
const lostName = "acknowledged by the old master and lost";

/** Clients with a cache of the name's answers, and clients that never ask twice. */
export const clientCases: readonly Case[] = [
  ...ttlsMs.map(
    (ttlMs): Case => ({
      hole: "clients that keep the name's answer",
      what: `kill, TTL ${ttlMs / 1_000} s`,
      measures: [
        // An answer from just before the move lasts a TTL; then one attempt connects and the next one writes.
        {
          name: firstWrite,
          unit: "ms",
          bound: crashBoundMs + tripsMs + ttlMs + 2 * attemptMs,
        },
      ],
      run: (seed) => runFollower(seed, ttlMs),
    }),
  ),
  {
    hole: "clients that keep the name's answer",
    what: `ten never ask again, 50 writes/s; the old master returns after ${returnsAfterMs / 1_000} s`,
    measures: [{ name: lostName, unit: "writes", bound: null }],
    run: runHermits,
  },
];

async function runFollower(seed: number, ttlMs: number): Promise<Readings> {
  const { world, prng, master: old } = await atRest(seed);
  startCrowd(world, { names: ["client0"], everyMs, ttlMs });
  await pass(world, 2_000 + prng.next() * ttlMs);
  const diedAtMs = world.engine.nowMs;
  inject(world, `kill ${old.host}`);
  const { acknowledged } = world.writes;
  const before = acknowledged.size;
  const writtenAtMs = await until(world, "a write", () => acknowledged.size > before);
  return { [firstWrite]: writtenAtMs - diedAtMs };
}

async function runHermits(seed: number): Promise<Readings> {
  const { world, master: old } = await atRest(seed);
  startCrowd(world, { names: hermits, everyMs, ttlMs: "forever" });
  await pass(world, 2_000);
  inject(world, `kill ${old.host}`);
  const first = world.writes.next;
  await committed(world, old);
  await pass(world, returnsAfterMs);
  inject(world, `restart ${old.host} aof`);
  await until(world, "a replica", () => old.role === "replica", fenceBoundMs);
  await pass(world, afterwardsMs);
  const since = [...world.writes.acknowledged].filter(([value]) => value >= first);
  const followed = since.filter(([, node]) => node !== old.id);
  if (followed.length > 0) throw new Error(`seed ${seed}: ${followed.length} writes found the way`);
  const lost = lostOn(world, masterOf(world)).filter((value) => value >= first);
  return { [lostName]: lost.length };
}
