import type { Process } from "../simulator/engine.ts";
import type { SimWorld } from "../simulator/world.ts";
import { repeatedBoundMs, takeoverAtChangeBoundMs } from "./bounds.ts";
import { crowd } from "./death.ts";
import type { Case, Readings } from "./measure.ts";
import {
  atRest,
  candidateOf,
  committed,
  inject,
  leaderOf,
  lostOn,
  masterOf,
  pass,
  startCrowd,
  until,
} from "./stage.ts";

/** Later than any takeover: then the commit comes to nothing. */
const lateMaxMs = takeoverAtChangeBoundMs + 1_000;
const tableLostMaxMs = 5_000;
/** By then whoever still has the data has taken the emptied one's place, or has given the data up. */
const afterwardsMs = 20_000;

const resting = "the candidate's last word to the leaving commit";
const applied = "the candidate's last word to the applied commit";
const lostName = "acknowledged before the death and lost";

/** How old a commit may be when it is applied, and what it costs when its candidate was emptied meanwhile. */
export const onItsWayCases: readonly Case[] = [
  {
    hole: "a commit is on its way",
    what: `the leader loses the table for up to ${tableLostMaxMs / 1_000} s`,
    measures: [
      { name: resting, unit: "ms", bound: repeatedBoundMs },
      { name: applied, unit: "ms", bound: takeoverAtChangeBoundMs },
    ],
    run: runRepeated,
  },
  {
    hole: "a commit is on its way",
    what: `leader dead, commit up to ${lateMaxMs / 1_000} s late, the candidate restarts empty meanwhile, 100 writes/s`,
    measures: [
      { name: applied, unit: "ms", bound: takeoverAtChangeBoundMs },
      { name: lostName, unit: "writes", bound: null },
    ],
    run: runEmptied,
  },
];

async function runRepeated(seed: number): Promise<Readings> {
  const { world, prng, master: old } = await atRest(seed);
  const commit = watchCommits(world);
  inject(world, `kill ${old.host}`);
  await until(world, "a promotion", () => candidateOf(world)?.role === "master");
  const leader = leaderOf(world);
  inject(world, `store-cut ${leader}`);
  world.engine.schedule(prng.next() * tableLostMaxMs, () => inject(world, `store-heal ${leader}`));
  await committed(world, old);
  return {
    [resting]: commit.leftAtMs - commit.saidAtMs,
    [applied]: world.engine.nowMs - commit.saidAtMs,
  };
}

async function runEmptied(seed: number): Promise<Readings> {
  const { world, prng, master: old } = await atRest(seed);
  startCrowd(world, crowd);
  await pass(world, 2_000);
  const emptiedAtShare = prng.next();
  const lateMs = prng.next() * lateMaxMs;
  const commit = watchCommits(world, (process) => {
    process.lateFromAwait = 0;
    process.lateMs = lateMs;
    world.engine.schedule(0, () => process.crash());
  });
  inject(world, `kill ${old.host}`);
  await until(world, "a commit under way", () => commit.leftAtMs > 0);
  const acknowledged = [...world.writes.acknowledged.keys()];
  const candidate = candidateOf(world);
  const { saidAtMs } = commit;
  await pass(world, emptiedAtShare * lateMs);
  const nothing = { [applied]: null, [lostName]: null };
  // Another observer has taken over meanwhile.
  if (candidate === null || world.state()?.leader !== commit.by) return nothing;
  inject(world, `kill ${candidate.host}`, `restart ${candidate.host} empty`);
  await until(world, "the end of the epoch", () => world.state()?.phase !== "promoting");
  if (masterOf(world) !== candidate) return nothing;
  const appliedMs = world.engine.nowMs - saidAtMs;
  await pass(world, afterwardsMs);
  const lost = new Set(lostOn(world, masterOf(world)));
  return { [applied]: appliedMs, [lostName]: acknowledged.filter((one) => lost.has(one)).length };
}

interface Commit {
  /** When the candidate was asked for what the commit rests on, and when the commit left, at virtual times. */
  saidAtMs: number;
  leftAtMs: number;
  by: string;
}

/** Follows whoever claims: what its candidate tells it, and its commits. `onLeaving` is called with the first one. */
function watchCommits(world: SimWorld, onLeaving: (process: Process) => void = () => {}): Commit {
  const { engine, judges } = world;
  const commit: Commit = { saidAtMs: 0, leftAtMs: 0, by: "" };
  const follow = (process: Process): void => {
    let saidAtMs = 0;
    process.onTurn = (does, what) => {
      if (does !== "sends") return;
      // The answer to a promotion tells what the node is; before a commit nobody else is promoted.
      if (what === "promote") saidAtMs = engine.nowMs;
      if (what !== "write STATE P510") return;
      if (commit.leftAtMs === 0) onLeaving(process);
      Object.assign(commit, { saidAtMs, leftAtMs: engine.nowMs, by: world.state()?.leader ?? "" });
    };
    const onSample = judges.onSample.bind(judges);
    judges.onSample = (by, observer, sample) => {
      onSample(by, observer, sample);
      const isWord = by === process && sample.facts !== undefined;
      if (isWord && sample.node === candidateOf(world)?.id) {
        saidAtMs = engine.nowMs - (process.now() - sample.sentAtMs);
      }
    };
  };
  world.onMoment.push(({ kind, leader }) => {
    if (kind !== "claim" && kind !== "takeover") return;
    for (const process of world.processes.get(leader) ?? []) follow(process);
  });
  return commit;
}
