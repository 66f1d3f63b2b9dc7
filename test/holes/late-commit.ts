import type { Process } from "../simulator/engine.ts";
import type { SimWorld } from "../simulator/world.ts";
import { fenceBoundMs, takeoverAtChangeBoundMs } from "./bounds.ts";
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

/** Ten clients that follow the name, a write in 100 ms each. The name still says the old master. */
const crowd = { names: namesOf("client", 10), everyMs: 100, ttlMs: 1_000 };
/** Later than any takeover: then the commit comes to nothing. */
const lateMaxMs = takeoverAtChangeBoundMs + 1_000;

const writable = "return to replica";
const lostName = "acknowledged after the return and lost";

/** The leader dies with its commit under way, and the old master returns before it arrives. */
export const lateCommitCases: readonly Case[] = (["killed", "hung"] as const).map((how) => ({
  hole: "a master returns before a late commit",
  what: `${how}, leader dead, commit up to ${lateMaxMs / 1_000} s late, 100 writes/s`,
  measures: [
    { name: writable, unit: "ms", bound: takeoverAtChangeBoundMs + fenceBoundMs },
    { name: lostName, unit: "writes", bound: null },
  ],
  run: (seed) => run(seed, how),
}));

async function run(seed: number, how: "killed" | "hung"): Promise<Readings> {
  const { world, prng, master: old } = await atRest(seed);
  startCrowd(world, crowd);
  await pass(world, 2_000);
  const lateMs = prng.next() * lateMaxMs;
  const returnsAfterMs = prng.next() * lateMs;
  let isSent = false;
  lateCommit(world, lateMs, () => {
    isSent = true;
  });
  inject(world, how === "killed" ? `kill ${old.host}` : `hang ${old.host}`);
  await until(world, "a commit under way", () => isSent);
  await pass(world, returnsAfterMs);
  const returnedAtMs = world.engine.nowMs;
  const firstFresh = world.writes.next;
  inject(world, how === "killed" ? `restart ${old.host} aof` : `thaw ${old.host}`);
  const epoch = world.state()?.epoch ?? 0;
  await until(world, "the end of the epoch", () => world.state()?.phase !== "promoting");
  if (world.state()?.masterEpoch !== epoch) return { [writable]: null, [lostName]: null };
  await committed(world, old);
  const demotedAtMs = await until(world, "a replica", () => old.role === "replica");
  const lost = lostOn(world, masterOf(world)).filter((value) => value >= firstFresh);
  return { [writable]: demotedAtMs - returnedAtMs, [lostName]: lost.length };
}

/** Whoever sends a commit first dies with it, and the commit arrives so much later. */
function lateCommit(world: SimWorld, lateMs: number, onSent: () => void): void {
  let isDone = false;
  const follow = (process: Process): void => {
    process.onTurn = (does, what) => {
      if (isDone || does !== "sends" || what !== "write STATE P510") return;
      isDone = true;
      process.lateFromAwait = 0;
      process.lateMs = lateMs;
      world.engine.schedule(0, () => process.crash());
      onSent();
    };
  };
  world.onMoment.push(({ kind, leader }) => {
    if (kind !== "claim") return;
    for (const process of world.processes.get(leader) ?? []) follow(process);
  });
}
