import { Option } from "commander";
import { type Cadence, cadences } from "../../lib/core/cadence.ts";
import { commandLine, positive, whole } from "../support/command-line.ts";
import { type CalmRecord, noiseSays, runCalm } from "./calm-seed.ts";
import { fingerprint, Ledger } from "./ledger.ts";
import { runAll, startRunners } from "./pool.ts";

/**
 * `npm run sim:calm`: how often a healthy group is failed over. Each seed is one simulated hour of noise that lies below
 * every threshold; a single failover ends the run as a failure, and so does a run in which there was no noise.
 */
interface CalmOptions {
  readonly hours: number;
  readonly seed: number;
  readonly jobs: number;
  readonly cadence: Cadence;
  readonly minutes?: number;
  readonly trace: boolean;
}

function readOptions(): CalmOptions {
  const program = commandLine("npm run sim:calm --")
    .description(`Counts failovers of a healthy group under noise: ${noiseSays}.`)
    .option("--hours <n>", "simulated group-hours, one for each seed", whole(1), 100)
    .option("--seed <n>", "the first seed", whole(0), 1)
    .option("--jobs <n>", "child processes", whole(1), 1)
    .addOption(
      new Option("--cadence <cadence>", "how the observers watch")
        .choices(cadences)
        .default("loop"),
    )
    .option("--minutes <n>", "start no more hours when this time is up", positive)
    .option("--trace", "print every event of the first seed, and nothing else", false)
    .addHelpText(
      "after",
      "\nHours that have passed are kept in .cache/simulator/ under the hash of the sources, and are not run again.",
    );
  return program.parse(process.argv).opts<CalmOptions>();
}

async function main(options: CalmOptions): Promise<number> {
  if (options.trace) {
    await runCalm(options.seed, { cadence: options.cadence, trace: (line) => console.log(line) });
    return 0;
  }
  const records = await runHours(options, new Ledger<CalmRecord>(ledgerOf(options), fingerprint()));
  console.log(`the observers watch by ${options.cadence}`);
  console.log(summarise(records));
  const failed = records.find((one) => one.epochs > 0 || one.violation !== null);
  if (failed !== undefined) {
    console.log(`\nseed ${failed.seed}, ${failed.weather}, ${failed.absent} absent:`);
    console.log(
      [...failed.lines, failed.violation ?? "a healthy master was failed over"].join("\n"),
    );
    return 1;
  }
  const lacks = (["unanswered", "late", "cut"] as const).filter((kind) => sum(records, kind) === 0);
  if (lacks.length > 0) console.log(`this run proves nothing: no probe was ${lacks.join(" or ")}`);
  return lacks.length > 0 ? 1 : 0;
}

function ledgerOf({ cadence }: CalmOptions): string {
  return cadence === "loop" ? "calm" : `calm-${cadence}`;
}

async function runHours(
  { hours, seed: first, jobs, cadence, minutes }: CalmOptions,
  ledger: Ledger<CalmRecord>,
): Promise<readonly CalmRecord[]> {
  const seeds = Array.from({ length: hours }, (_, index) => first + index);
  const records = seeds.flatMap((seed) => ledger.passed(seed) ?? []);
  if (records.length > 0) console.log(`${records.length} hours are in the ledger: ${ledger.file}`);
  const todo = seeds.filter((seed) => ledger.passed(seed) === null)[Symbol.iterator]();
  const untilMs = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  let hasFailed = false;
  const next = () => {
    if (hasFailed || performance.now() >= untilMs) return null;
    return todo.next().value ?? null;
  };
  const run = (seed: number) => runCalm(seed, { cadence });
  const worker = new URL("calm-worker.ts", import.meta.url);
  const runners = startRunners(jobs, run, worker, [cadence]);
  await runAll(runners, next, (record) => {
    records.push(record);
    // A false failover is a failure to the ledger too, so that it is run and told again.
    if (record.epochs === 0) ledger.add(record);
    hasFailed ||= record.epochs > 0 || record.violation !== null;
  });
  return records;
}

function sum(
  records: readonly CalmRecord[],
  key: "epochs" | "rounds" | "downVotes" | "probes" | "unanswered" | "late" | "cut" | "cpuMs",
): number {
  return records.reduce((total, record) => total + record[key], 0);
}

function summarise(records: readonly CalmRecord[]): string {
  const hours = records.reduce((total, one) => total + one.virtualMs, 0) / 3_600_000;
  const minutes = sum(records, "cpuMs") / 60_000;
  return [
    `noise: ${noiseSays}`,
    `probe intervals: ${intervalsSay(records)}`,
    `${hours.toFixed(1)} group-hours in ${minutes.toFixed(1)} core-minutes (${(hours / minutes).toFixed(0)} a minute)`,
    `${sum(records, "epochs")} false failovers, ${sum(records, "rounds")} rounds opened, ${sum(records, "downVotes")} votes down`,
    `${sum(records, "probes")} probes: ${sum(records, "unanswered")} without an answer in time, of which ${sum(records, "late")} were answered later; ${sum(records, "cut")} connections found cut`,
  ].join("\n");
}

function intervalsSay(records: readonly CalmRecord[]): string {
  const intervals = [...new Set(records.map((one) => one.probeIntervalMs))].sort((a, b) => a - b);
  const hoursOf = (ms: number) => records.filter((one) => one.probeIntervalMs === ms).length;
  return intervals.map((ms) => `${ms} ms in ${hoursOf(ms)} hours`).join(", ");
}

process.exitCode = await main(readOptions());
