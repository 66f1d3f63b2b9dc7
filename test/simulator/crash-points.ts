import { InvalidArgumentError, Option } from "commander";
import { commandLine, whole } from "../support/command-line.ts";
import {
  type CrashPlan,
  type CrashResult,
  type Death,
  planSchema,
  type Return,
  runCrashPlan,
  type Trouble,
  type Turn,
  troubles,
} from "./crash-run.ts";

/**
 * `npm run crash-points`: lets the leader of a failover, and of a switchover, die at each of its awaits, one by one, and
 * then the leader that takes over as well. Every run must end with one master, the record on it and everybody
 * replicating from it.
 */
const values = commandLine("npm run crash-points --")
  .description("Lets the leader die at each of its awaits, and the one that takes over as well.")
  .option("--every <k>", "run each k-th plan, and one for each thing that must be hit", whole(1), 1)
  .option("--offset <r>", "begin with another one of the k", whole(0), 0)
  .addOption(new Option("--only <trouble>", "plans of this trouble alone").choices(troubles))
  .option("--plan <json>", "one plan as a failure prints it, with all its lines", toPlan)
  .parse()
  .opts<{
    readonly every: number;
    readonly offset: number;
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

/** Before the others take over, just after it, and long after the group is at rest again. */
const latenessMs = [3_000, 9_500, 30_000];
const returnsOf: Readonly<Record<Trouble, readonly Return[]>> = {
  crash: ["never", "soon", "late"],
  hang: ["never", "soon", "late"],
  request: ["never"],
};

const wordsOf: Readonly<Record<string, string>> = {
  "write STATE S310": "round",
  "write STATE S370": "claim with intent",
  "write STATE R380": "claim with intent",
  "write STATE P510": "commit",
  "write STATE T620": "end of settling",
  "write STATE L400": "takeover",
};
const say = (what: string): string => wordsOf[what] ?? what;

/** What changes something outside; a late arrival of anything else can do no harm. */
const effects = ["promote", "attach", "hand-over", "fence", "publish", "vote"];
const isWeighty = (what: string) => what.startsWith("write STATE") || effects.includes(what);

/** Each of these must have been cut off unsent, been carried out for a dead sender, and arrived late. */
const mustBeHit = [
  ...["claim with intent", "promote", "commit", "publish", "attach", "hand-over", "fence"],
  ...["end of settling", "takeover"],
];

/** A place to die, in words. */
interface Point {
  readonly trouble: Trouble;
  readonly deaths: readonly Death[];
  readonly phase: string;
  readonly unheard: string;
  readonly unsent: readonly string[];
  readonly late: readonly string[];
}

/** All the points of the leader that follows after `before`, from its first act as leader or suspect to the end. */
async function pointsAfter(trouble: Trouble, before: readonly Death[]): Promise<readonly Point[]> {
  const reference = await runCrashPlan({ trouble, deaths: before, returns: "never" });
  if (reference.violation !== null) throw reference.violation;
  const leader = reference.leaders.filter((one) => !before.some((death) => death.process === one));
  const own = reference.turns.filter((turn) => turn.process === leader[0]);
  const begin = own.findIndex((turn) => turn.sends.some((what) => what === "write STATE L400"));
  if (before.length > 0 && begin < 0) throw new Error("expected the next leader to take over");
  const turns = before.length === 0 ? own : own.slice(begin);
  return turns.flatMap((turn, index) => pointsOf(trouble, before, turn, turns[index + 1]));
}

function pointsOf(
  trouble: Trouble,
  before: readonly Death[],
  turn: Turn,
  next: Turn | undefined,
): readonly Point[] {
  const { process, phase, hears, sends } = turn;
  const cut: Point = {
    ...{ trouble, phase, late: [] },
    deaths: [...before, { process, atAwait: turn.await, lateMs: 0 }],
    unheard: say(hears),
    unsent: sends.map(say),
  };
  if (next === undefined || !sends.some(isWeighty)) return [cut];
  const late = latenessMs.map((lateMs): Point => {
    const deaths = [...before, { process, atAwait: next.await, lateMs }];
    return { ...cut, deaths, unheard: say(next.hears), unsent: [], late: sends.map(say) };
  });
  return [cut, ...late];
}

/** Whether somebody has an epoch to take over after this was carried out. */
function isOpenAfter(what: string): boolean {
  return mustBeHit.includes(what) && what !== "end of settling";
}

/** First all points of the first leader; then, for each of its weighty acts, those of the leader that takes over. */
async function* allPoints(trouble: Trouble): AsyncGenerator<Point> {
  const first = await pointsAfter(trouble, []);
  yield* first;
  const weighty = first.filter((one) => one.late.length === 0 && isOpenAfter(one.unheard));
  for (const point of weighty) yield* await pointsAfter(trouble, point.deaths);
}

type How = "unsent" | "unheard" | "late";
const covered = new Set<string>();

/** What a death here cuts off unsent, what was carried out and never heard of, what arrives late. */
function hitsOf(point: Point): readonly string[] {
  const hit = (how: How, what: readonly string[]) =>
    what.filter((one) => mustBeHit.includes(one)).map((one) => `${one} ${how}`);
  return [
    ...hit("unsent", point.unsent),
    ...hit("unheard", point.late.length > 0 ? [] : [point.unheard]),
    ...hit("late", point.late),
  ];
}

function missedHits(): readonly string[] {
  const hows: readonly How[] = ["unsent", "unheard", "late"];
  const all = mustBeHit.flatMap((what) => hows.map((how) => `${what} ${how}`));
  return all.filter((one) => !covered.has(one));
}

function describe(point: Point): string {
  const last = point.deaths.at(-1);
  const who = point.deaths.map((death) => `${death.process}@${death.atAwait}`).join(" ");
  const late =
    point.late.length === 0 ? "" : ` late by ${last?.lateMs} ms: ${point.late.join(", ")}`;
  const unsent = point.unsent.length === 0 ? "" : ` unsent: ${point.unsent.join(", ")}`;
  return `${point.trouble.padEnd(7)} ${who.padEnd(17)} ${point.phase.padEnd(9)} unheard: ${point.unheard}${unsent}${late}`;
}

function sayResult(returns: Return, result: CrashResult): string {
  const by = result.leaders.at(-1) ?? "nobody";
  const end = `${result.outcome}, ${result.master}`;
  return `${returns.padEnd(5)} ${by.padEnd(4)} ${end.padEnd(32)} ${result.masterlessMs} ms without master, at rest after ${result.convergedMs} ms, ${result.lost} lost`;
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

async function main(): Promise<void> {
  const chosenTroubles = troubles.filter((one) => values.only === undefined || values.only === one);
  const sampler = new Sampler();
  let runs = 0;
  let failures = 0;
  let masterlessMaxMs = 0;
  let lostMax = 0;
  for (const trouble of chosenTroubles) {
    for await (const point of allPoints(trouble)) {
      const chosen = sampler.choose(point);
      if (chosen.length > 0) {
        console.log(describe(point));
        for (const hit of hitsOf(point)) covered.add(hit);
      }
      for (const returns of chosen) {
        runs += 1;
        const plan: CrashPlan = { trouble, deaths: point.deaths, returns };
        const result = await runCrashPlan(plan);
        masterlessMaxMs = Math.max(masterlessMaxMs, result.masterlessMs);
        lostMax = Math.max(lostMax, result.lost);
        console.log(`    ${sayResult(returns, result)}`);
        if (result.violation === null) continue;
        failures += 1;
        console.log(`    VIOLATION ${result.violation.message}`);
        console.log(`    npm run crash-points -- --plan '${JSON.stringify(plan)}'`);
      }
    }
  }
  const missed = values.only === undefined ? missedHits() : [];
  console.log(
    `\n${runs} of ${sampler.plans} plans run, ${failures} with a violation; never more than ${masterlessMaxMs} ms without a master that the record names, nor more than ${lostMax} acknowledged writes lost`,
  );
  console.log(
    missed.length > 0 ? `never hit: ${missed.join(", ")}` : `hit: ${mustBeHit.join(", ")}`,
  );
  process.exit(failures === 0 && missed.length === 0 ? 0 : 1);
}

async function replay(plan: CrashPlan): Promise<void> {
  const result = await runCrashPlan(plan, (line) => console.log(line));
  console.log(`${sayResult(plan.returns, result)} ${result.violation?.message ?? "no violation"}`);
}

await (values.plan === undefined ? main() : replay(values.plan));
