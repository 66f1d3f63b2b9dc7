import type { SimWorld } from "../simulator/world.ts";
import { besideBoundMs, takeoverAtChangeBoundMs, tripsMs } from "./bounds.ts";
import { crowd } from "./death.ts";
import type { Case, Readings } from "./measure.ts";
import {
  atRest,
  candidateOf,
  crash,
  inject,
  leaderOf,
  lostOn,
  masterOf,
  namesOf,
  pass,
  startCrowd,
  until,
} from "./stage.ts";

/** The leader looks at the old master up to then, and commits. */
const besideMaxMs = 6;
/** Sooner than anybody takes over. */
const returnsMaxMs = 7_000;

const open = "promotion to the closed epoch";
const repaired = "closed epoch to replica";
const lostName = "acknowledged by the candidate and lost";

/** A candidate that was promoted in an epoch that fails, for the old master is back, and clients that know its address. */
export const failedEpochCases: readonly Case[] = [
  failing("the old master returns as it is promoted", tripsMs, runBeside),
  failing(
    `leader dead, the old master returns within ${returnsMaxMs / 1_000} s`,
    takeoverAtChangeBoundMs,
    runDead,
  ),
];

function failing(what: string, boundMs: number, begin: Begin): Case {
  return {
    hole: "a candidate of a failed epoch",
    what: `${what}, 100 writes/s`,
    measures: [
      { name: open, unit: "ms", bound: boundMs },
      { name: repaired, unit: "ms", bound: besideBoundMs },
      { name: lostName, unit: "writes", bound: null },
    ],
    run: (seed) => run(seed, begin),
  };
}

/** Lets the old master return around the promotion; the share is drawn for each run. */
type Begin = (world: SimWorld, old: string, share: number) => void;

function runBeside(world: SimWorld, old: string, share: number): void {
  world.onMoment.push(({ kind }) => {
    if (kind !== "claim") return;
    world.engine.schedule(share * besideMaxMs, () => inject(world, `restart ${old} aof`));
  });
}

function runDead(world: SimWorld, old: string, share: number): void {
  const { judges } = world;
  const onRoleChange = judges.onRoleChange.bind(judges);
  judges.onRoleChange = (node, command, before) => {
    onRoleChange(node, command, before);
    if (command.kind !== "promote" || command.by !== leaderOf(world)) return;
    crash(world, command.by);
    world.engine.schedule(share * returnsMaxMs, () => inject(world, `restart ${old} aof`));
    judges.onRoleChange = onRoleChange;
  };
}

async function run(seed: number, begin: Begin): Promise<Readings> {
  const { world, prng, master: old, replicas } = await atRest(seed);
  startCrowd(world, crowd);
  for (const { host } of replicas) {
    const names = namesOf(`of${host.replaceAll(".", "")}client`, 10);
    startCrowd(world, { ...crowd, names, ttlMs: "forever", address: host });
  }
  await pass(world, 2_000);
  begin(world, old.host, prng.next());
  inject(world, `kill ${old.host}`);
  await until(world, "a claim", () => candidateOf(world) !== null);
  const candidate = candidateOf(world);
  const isOver = () => world.state()?.phase !== "promoting";
  await until(world, "a promotion", () => candidate?.role === "master" || isOver());
  const nothing = { [open]: null, [repaired]: null, [lostName]: null };
  if (candidate?.role !== "master") return nothing;
  const promotedAtMs = world.engine.nowMs;
  await until(world, "the end of the epoch", isOver);
  if (masterOf(world) !== old) return nothing;
  const closedAtMs = world.engine.nowMs;
  const repairedAtMs = await until(world, "a replica", () => candidate.role === "replica");
  const lost = lostOn(world, old);
  const own = lost.filter((value) => world.writes.acknowledged.get(value) === candidate.id);
  return {
    [open]: closedAtMs - promotedAtMs,
    [repaired]: repairedAtMs - closedAtMs,
    [lostName]: own.length,
  };
}
