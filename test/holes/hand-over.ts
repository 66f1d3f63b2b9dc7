import { lookAgainBoundMs, takeoverAtChangeBoundMs } from "./bounds.ts";
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
  noteAcks,
  pass,
  startCrowd,
  until,
} from "./stage.ts";

/** How long before its death the target saved. */
const savedBeforeMs = 10_000;
/** By then there is a master that everybody follows, whoever that is. */
const decidedMs = 60_000;

const tookOver = "death of the target to its promotion";
const lostName = "acknowledged before the death and lost";
const told = "reported at the commit";

interface Course {
  readonly leader: "alive" | "dead";
  readonly nodes: 2 | 3;
  /** `repl-diskless-sync-delay`, for which whoever synchronises keeps its data. */
  readonly syncDelayMs: number;
}

const courses: readonly Course[] = [
  { leader: "alive", nodes: 3, syncDelayMs: 5_000 },
  { leader: "alive", nodes: 3, syncDelayMs: 0 },
  { leader: "alive", nodes: 2, syncDelayMs: 5_000 },
  { leader: "dead", nodes: 3, syncDelayMs: 5_000 },
];

/** How long nobody looks at the target, and within which time it returns; that is drawn for each run. */
const unwatched = {
  alive: { boundMs: lookAgainBoundMs, awayMaxMs: 30 },
  dead: { boundMs: takeoverAtChangeBoundMs, awayMaxMs: 10_000 },
};

/**
 * The old master has demoted itself for a target that dies in that moment, and is back from an older RDB before anybody
 * looks at it again: it takes over with less than everybody has. Where one of the others has everything still when
 * the quorum decides, that one is chosen.
 */
export const handOverCases: readonly Case[] = courses.map((course) => {
  const { leader, nodes, syncDelayMs } = course;
  const { boundMs, awayMaxMs } = unwatched[leader];
  const within = `leader ${leader}, the target returns within ${awayMaxMs / 1_000} s`;
  return {
    hole: "a hand-over's target comes back older",
    what: `${within}, ${nodes} nodes synchronise after ${syncDelayMs / 1_000} s, 100 writes/s`,
    measures: [
      { name: tookOver, unit: "ms", bound: boundMs },
      { name: lostName, unit: "writes", bound: null },
      { name: told, unit: "bytes", bound: null },
    ],
    run: (seed) => run(seed, course),
  };
});

async function run(seed: number, { leader, nodes, syncDelayMs }: Course): Promise<Readings> {
  const pair = 'nodes: ["10.0.0.1:6379", "10.0.0.2:6379"]';
  const {
    world,
    prng,
    master: old,
    replicas,
  } = await atRest(seed, {
    groupLines: nodes === 2 ? [pair] : [],
  });
  world.timings.syncDelayMs = syncDelayMs;
  const ackedAtMs = noteAcks(world);
  startCrowd(world, crowd);
  await pass(world, 2_000);
  for (const { host } of replicas) inject(world, `save ${host}`);
  await pass(world, savedBeforeMs);
  inject(world, "ask-failover");
  await until(world, "a demotion", () => old.handOver.state === "failover-in-progress");
  const target = candidateOf(world);
  if (target === null) throw new Error(`seed ${seed}: expected a target`);
  const diedAtMs = world.engine.nowMs;
  inject(world, `kill ${target.host}`);
  if (leader === "dead") crash(world, leaderOf(world));
  world.engine.schedule(prng.next() * unwatched[leader].awayMaxMs, () =>
    inject(world, `restart ${target.host} old-rdb`),
  );
  const isOver = () => world.state()?.phase !== "promoting";
  await until(world, "a decision", () => target.role === "master" || isOver());
  if (target.role !== "master") return { [tookOver]: null, [lostName]: null, [told]: null };
  const tookOverAtMs = world.engine.nowMs;
  await pass(world, decidedMs);
  const lost = lostOn(world, masterOf(world));
  const ofBefore = lost.filter((value) => (ackedAtMs.get(value) ?? 0) <= diedAtMs);
  return {
    [tookOver]: tookOverAtMs - diedAtMs,
    [lostName]: ofBefore.length,
    // There is no report where the old master was fenced before it had copied the target, and stays.
    [told]: world.state()?.lastEpoch?.loss?.bytes ?? null,
  };
}
