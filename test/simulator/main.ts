import { formatFailure, writeFound } from "./found.ts";
import { fingerprint, Ledger } from "./ledger.ts";
import { readOptions, type SimOptions } from "./options.ts";
import { runAll, startRunners } from "./pool.ts";
import { missing, report, summarise, totalsOf, vacuitySays } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import type { SeedRecord } from "./seed-record.ts";
import { shrink } from "./shrink.ts";

/** More failures than this are counted, and not told one by one. */
const toldMax = 3;

/** `npm run sim`: see `--help`. */
async function main(options: SimOptions): Promise<number> {
  const ledger =
    options.ledger || options.isReportOnly ? new Ledger<SeedRecord>("ledger", fingerprint()) : null;
  if (options.isReportOnly) return reportLedger(ledger);
  const records = await runSeeds(options, ledger);
  console.log(`\n${options.report ? report(records) : summarise(totalsOf(records))}`);
  return verdict(records);
}

function reportLedger(ledger: Ledger<SeedRecord> | null): number {
  const records = ledger?.records ?? [];
  console.log(`sources ${fingerprint()}, ${ledger?.file}`);
  if (records.length === 0) {
    console.log("no seed has been run on these sources; run some, say with --seeds 100");
    return 1;
  }
  console.log(report(records));
  return verdict(records);
}

/** A run in which nothing happened proves nothing. */
function verdict(records: readonly SeedRecord[]): number {
  if (records.length === 0) {
    console.log("this run proves nothing: its time was up before the first seed");
    return 1;
  }
  const totals = totalsOf(records);
  const vacuity = vacuitySays(totals);
  if (vacuity !== null) console.log(vacuity);
  return totals.violations === 0 && missing(totals).length === 0 ? 0 : 1;
}

async function runSeeds(
  options: SimOptions,
  ledger: Ledger<SeedRecord> | null,
): Promise<readonly SeedRecord[]> {
  const { seed: first, seeds, minutes } = options;
  const end = seeds === null ? Number.POSITIVE_INFINITY : first + seeds;
  const untilMs =
    minutes === null ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
  console.log(`seeds from ${first}${seeds === null ? "" : ` to ${end - 1}`}`);
  const records: SeedRecord[] = [];
  let seed = first;
  let known = 0;
  let failures = 0;
  const next = (): number | null => {
    if (options.first && failures > 0) return null;
    for (; seed < end && performance.now() < untilMs; seed += 1) {
      const passed = ledger?.passed(seed) ?? null;
      if (passed === null) {
        seed += 1;
        return seed - 1;
      }
      records.push(passed);
      known += 1;
    }
    return null;
  };
  const trace = options.trace ? { trace: (line: string) => console.log(line) } : {};
  const run = async (one: number) => (await runSeed({ seed: one, ...trace })).record;
  const jobs = options.trace ? 1 : options.jobs;
  const runners = startRunners(jobs, run, new URL("worker.ts", import.meta.url));
  await runAll(runners, next, async (record) => {
    records.push(record);
    ledger?.add(record);
    if (record.violation === null) return;
    failures += 1;
    if (failures <= toldMax) await tellFailure(record.seed, options);
    else console.log(`\nseed ${record.seed}: ${record.violation.message}`);
  });
  if (known > 0) console.log(`${known} of them were in the ledger: ${ledger?.file}`);
  return records;
}

/** Runs the seed again for its last events, shrinks its schedule, and leaves a transcript behind. */
async function tellFailure(seed: number, options: SimOptions): Promise<void> {
  const result = await runSeed({ seed });
  console.log(formatFailure(result));
  if (!options.shrink) return;
  const progress = (line: string) => console.error(`shrinking seed ${seed}, ${line}`);
  const shrunk = await shrink(result, { runsMax: options.shrinkRuns, progress });
  if (shrunk === null) console.log("the recorded faults do not repeat it: nothing to shrink");
  else {
    const { schedule } = result;
    console.log(`${shrunk.schedule.length} of ${schedule.length} faults are enough for:`);
    console.log([shrunk.message, ...shrunk.lines].join("\n"));
    console.log(`written to ${writeFound(shrunk, result)}`);
  }
}

process.exitCode = await main(readOptions(process.argv.slice(2)));
