import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { settlesWithin } from "../lab/child.ts";
import { ProcessRegistry } from "../lab/processes.ts";
import { findRedis, installRedis, type RedisBinary } from "../lab/redis/find.ts";
import { type Stage, type Turn, turnsOf } from "./measurement.ts";
import { measurementsOf } from "./measurements.ts";
import { type BenchOptions, isChosen, readOptions } from "./options.ts";
import { PairServers } from "./pair-servers.ts";
import { RawResults, rawFile, type Sample } from "./raw.ts";
import { writeResults } from "./report/results-page.ts";
import { isPageDue, summaryOf } from "./report/summary.ts";

/** `npm run bench`: see `--help`. */
async function main(options: BenchOptions): Promise<number> {
  const raw = new RawResults(options.from ?? rawFile());
  const all = measurementsOf(options);
  if (options.report && raw.samples.length === 0) {
    console.error(`error: expected results in ${raw.file}, got none: nothing was measured`);
    return 2;
  }
  if (!options.report) await measureAll(options, raw);
  const chosen = all.filter(({ name }) => isChosen(options, name));
  const samples = raw.samples.filter((one) => chosen.some(({ name }) => name === one.measurement));
  const failed = samples.filter((one) => one.failure !== null).length;
  const counted = `${samples.length} runs, ${failed} of them failed`;
  if (isPageDue(options, raw.samples, all)) {
    await writeResults(raw, all);
    console.log(`${counted}; see bench/RESULTS.md`);
  } else {
    console.log(summaryOf(samples, chosen));
    console.log(`${counted}; bench/RESULTS.md is as it was: --report writes it from what there is`);
  }
  return failed === 0 ? 0 : 1;
}

async function measureAll(options: BenchOptions, raw: RawResults): Promise<void> {
  const chosen = measurementsOf(options).filter(({ name }) => isChosen(options, name));
  const turns = turnsOf(chosen, options.pairs).filter((turn) => !raw.isDone(turn));
  if (turns.length === 0) return;
  const binary = await findRedis().catch(() => installRedis(console.log));
  raw.add({
    kind: "machine",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.version,
    server: `${binary.kind} ${binary.version}`,
  });
  await measureTurns(turns, binary, raw);
}

/** Whatever ends this, by itself or by a signal, also the second one: nothing that was started goes on. */
async function measureTurns(
  turns: readonly Turn[],
  binary: RedisBinary,
  raw: RawResults,
): Promise<void> {
  const everything = new ProcessRegistry();
  const processes = everything.part();
  const pairServers = new PairServers(binary, everything.part());
  let isInterrupted = false;
  const forget = everything.onSignals(() => {
    isInterrupted = true;
    return everything.stopAll();
  });
  try {
    for (const [index, turn] of turns.entries()) {
      const { measurement, side, pair } = turn;
      console.log(`${index + 1}/${turns.length} ${measurement.name}, ${side}, pair ${pair + 1}`);
      const sample = await measureOne(turn, { processes, binary, pairServers, pair });
      // It failed because its servers were ended; the process ends when all are.
      if (isInterrupted) await never;
      raw.add(sample);
      console.log(`  ${sample.failure ?? format(sample)} (${Math.round(sample.tookMs / 1_000)} s)`);
    }
  } finally {
    await everything.stopAll().catch((error: unknown) => console.error(String(error)));
    forget();
  }
}

const never = new Promise<never>(() => {});

async function measureOne(
  turn: Turn,
  stage: Stage & { readonly pairServers: PairServers },
): Promise<Sample> {
  const { measurement, side, pair } = turn;
  const { processes, pairServers } = stage;
  await pairServers.enter(turn);
  const startedAtMs = performance.now();
  const loadAverage = Math.round((loadavg()[0] ?? 0) * 100) / 100;
  const outcome = await within(turn, stage);
  await processes.stopAll().catch((error: unknown) => console.error(String(error)));
  if (outcome.failure !== null) await pairServers.end();
  return {
    ...{ kind: "sample", measurement: measurement.name, side, pair, loadAverage, ...outcome },
    tookMs: performance.now() - startedAtMs,
  };
}

async function within(
  { measurement, side }: Turn,
  stage: Stage,
): Promise<Pick<Sample, "readings" | "failure">> {
  const run = measurement.run[side];
  if (run === undefined) return { readings: {}, failure: `${side} is not measured` };
  const running = run(stage);
  if (!(await settlesWithin(running, measurement.limitMs))) {
    return { readings: {}, failure: `Expected an end within ${measurement.limitMs} ms, got none` };
  }
  return running.then(
    (readings) => ({ readings, failure: null }),
    (error: unknown) => ({ readings: {}, failure: String(error) }),
  );
}

function format({ readings }: Sample): string {
  return Object.entries(readings)
    .map(([name, value]) => `${name} ${value === null ? "none" : Math.round(value * 100) / 100}`)
    .join(", ");
}

const namesWith = (groups: number) => measurementsOf({ groups }).map(({ name }) => name);
process.exitCode = await main(readOptions(process.argv.slice(2), namesWith));
