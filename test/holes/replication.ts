import type { Case } from "./measure.ts";
import {
  atRest,
  committed,
  inject,
  lostOn,
  masterOf,
  namesOf,
  noteAcks,
  pass,
  reportOf,
  startCrowd,
} from "./stage.ts";

const delaysMs = [1, 10, 100];
/** The simulator draws each delay between half and one and a half of its mean. */
const spread = 1.5;
/** Fifty clients, one write in 50 ms each. */
const crowd = { names: namesOf("client", 50), everyMs: 50, ttlMs: 1_000 };
const writesPerMs = crowd.names.length / crowd.everyMs;

/** A master that dies with writes that it acknowledged and no replica has received. */
export const replicationCases: readonly Case[] = delaysMs.map((delayMs) => ({
  hole: "asynchronous replication",
  what: `kill, a replica lags ${delayMs} ms, ${writesPerMs * 1_000} writes/s`,
  measures: [
    { name: "acknowledged and lost", unit: "writes", bound: null },
    { name: "oldest lost write before the death", unit: "ms", bound: spread * delayMs },
    { name: "lost", unit: "bytes", bound: null },
    { name: "reported at the commit", unit: "bytes", bound: null },
  ],
  run: (seed) => run(seed, delayMs),
}));

async function run(seed: number, delayMs: number) {
  const { world, master: old } = await atRest(seed);
  world.replicationMs = delayMs;
  const ackedAtMs = noteAcks(world);
  startCrowd(world, crowd);
  await pass(world, 2_000);
  const diedAtMs = world.engine.nowMs;
  inject(world, `kill ${old.host}`);
  await committed(world, old);
  const lost = lostOn(world, masterOf(world));
  const report = reportOf(world);
  const bytes = old.offset - report.newOffset;
  if (report.certainty !== "lower-bound" || report.bytes === null || report.bytes > bytes) {
    throw new Error(`seed ${seed}: ${bytes} bytes are lost, reported is ${JSON.stringify(report)}`);
  }
  const ages = lost.map((value) => diedAtMs - (ackedAtMs.get(value) ?? 0));
  return {
    "acknowledged and lost": lost.length,
    "oldest lost write before the death": Math.max(0, ...ages),
    lost: bytes,
    "reported at the commit": report.bytes,
  };
}
