import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option } from "commander";
import { commandLine, whole } from "../support/command-line.ts";
import {
  allPoints,
  describe,
  hitsOf,
  hitsSay,
  hows,
  mustBeHit,
  type Point,
  returnsOf,
} from "./crash-plans.ts";
import {
  type CrashEnd,
  type CrashPlan,
  endOf,
  planSchema,
  type Return,
  runCrashPlan,
  type Trouble,
  troubles,
} from "./crash-run.ts";
import { runAll, startRunners } from "./pool.ts";

/**
 * `npm run crash-points`: lets the leader of a failover, and of a switchover, die at each of its awaits, one by one, and
 * then the leader that takes over as well. Every run must end with one master, the record on it and everybody
 * replicating from it.
 */
const program = commandLine("npm run crash-points --")
  .description("Lets the leader die at each of its awaits, and the one that takes over as well.")
  .option("--every <k>", "run each k-th plan, and one for each thing that must be hit", whole(1), 1)
  .option("--offset <r>", "begin with another one of the k", whole(0), 0)
  .option(
    "--jobs <n>",
    `child processes (this machine can run ${availableParallelism()})`,
    whole(1),
    1,
  )
  .addOption(new Option("--only <trouble>", "plans of this trouble alone").choices(troubles))
  .option("--plan <json>", "one plan as a failure prints it, with all its lines", toPlan)
  .addHelpText(
    "after",
    `
Exit codes: 0 everything held; 1 a violation, or a run of all troubles that hit not everything that must be hit;
2 wrong usage, also a plan for a process that does not live after the trouble.`,
  );

const values = program.parse().opts<{
  readonly every: number;
  readonly offset: number;
  readonly jobs: number;
  readonly only?: Trouble;
  readonly plan?: CrashPlan;
}>();

function toPlan(text: string): CrashPlan {
  try {
    return planSchema.parse(JSON.parse(text));
  } catch {
    throw new InvalidArgumentError(`expected a plan as a failure prints it, got "${text}".`);
  }
}

/** What the chosen plans cut off unsent, carried out unheard or let arrive late. */
const covered = new Set<string>();

function missedHits(): readonly string[] {
  const all = mustBeHit.flatMap((what) => hows.map((how) => `${what} ${how}`));
  return all.filter((one) => !covered.has(one));
}

/** Which of a point's runs this one has to do: each K-th of all, and one if the point is the first of its kind. */
class Sampler {
  readonly #every = values.every;
  readonly #offset = values.offset;
  plans = 0;

  choose(point: Point): readonly Return[] {
    const returns = returnsOf[point.trouble];
    const sampled = returns.filter(() => {
      this.plans += 1;
      return this.plans % this.#every === this.#offset % this.#every;
    });
    const isFirst = hitsOf(point).some((hit) => !covered.has(hit));
    const one = returns[this.#offset % returns.length];
    return sampled.length > 0 || !isFirst || one === undefined ? sampled : [one];
  }
}

interface Chosen {
  readonly point: Point;
  readonly plan: CrashPlan;
}

async function* choosePlans(sampler: Sampler): AsyncGenerator<Chosen, undefined> {
  for (const trouble of troubles.filter((one) => (values.only ?? one) === one)) {
    for await (const point of allPoints(trouble)) {
      const chosen = sampler.choose(point);
      if (chosen.length > 0) for (const hit of hitsOf(point)) covered.add(hit);
      for (const returns of chosen) {
        yield { point, plan: { trouble, deaths: point.deaths, returns } };
      }
    }
  }
}

async function main(): Promise<void> {
  const sampler = new Sampler();
  const plans = choosePlans(sampler);
  const ends: CrashEnd[] = [];
  const run = async ({ plan }: Chosen) => endOf(plan, await runCrashPlan(plan));
  const runners = startRunners(values.jobs, run, new URL("crash-worker.ts", import.meta.url));
  await runAll(
    runners,
    async () => (await plans.next()).value ?? null,
    (end, { point, plan }) => {
      ends.push(end);
      console.log(`${describe(point)}\n    ${end.says}`);
      if (end.violation === null) return;
      console.log(`    VIOLATION ${end.violation}`);
      console.log(`    npm run crash-points -- --plan '${JSON.stringify(plan)}'`);
    },
  );
  const failures = ends.filter((end) => end.violation !== null).length;
  const masterlessMaxMs = Math.max(0, ...ends.map((end) => end.masterlessMs));
  const lostMax = Math.max(0, ...ends.map((end) => end.lost));
  const missed = values.only === undefined ? missedHits() : [];
  console.log(
    `\n${ends.length} of ${sampler.plans} plans run, ${failures} with a violation; never more than ${masterlessMaxMs} ms without a master that the record names, nor more than ${lostMax} acknowledged writes lost`,
  );
  console.log(missed.length > 0 ? `never hit: ${missed.join(", ")}` : hitsSay(covered));
  process.exit(failures === 0 && missed.length === 0 ? 0 : 1);
}

async function replay(plan: CrashPlan): Promise<void> {
  const result = await runCrashPlan(plan, (line) => console.log(line));
  if (result.absent.length > 0) {
    program.error(
      `error: expected a plan for processes that live after the trouble, got ${result.absent.join(", ")}`,
    );
  }
  const end = endOf(plan, result);
  console.log(`${end.says} ${end.violation ?? "no violation"}`);
  process.exit(end.violation === null ? 0 : 1);
}

await (values.plan === undefined ? main() : replay(values.plan));
