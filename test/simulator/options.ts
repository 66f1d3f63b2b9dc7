import { availableParallelism } from "node:os";
import { commandLine, positive, whole } from "../support/command-line.ts";

export interface SimOptions {
  /** How many consecutive seeds; null: until the time is up. */
  readonly seeds: number | null;
  readonly seed: number;
  readonly minutes: number | null;
  readonly jobs: number;
  /** Whether seeds are run at all, or only the ledger is summed. */
  readonly isReportOnly: boolean;
  readonly report: boolean;
  readonly trace: boolean;
  /** Ends at the first violation. */
  readonly first: boolean;
  readonly shrink: boolean;
  readonly shrinkRuns: number;
  readonly ledger: boolean;
}

/** As commander hands it over: what has no default may be absent. */
interface Given extends Omit<SimOptions, "seeds" | "seed" | "minutes" | "isReportOnly"> {
  readonly seeds?: number;
  readonly seed?: number;
  readonly minutes?: number;
}

/** Reads the command line; prints and ends the process on wrong usage or `--help`. */
export function readOptions(argv: readonly string[]): SimOptions {
  const program = commandLine("npm run sim --")
    .description(
      "Runs seeds of the simulator: random faults first, then everything healed for good.",
    )
    .option("--seeds <n>", "consecutive seeds (100, or without end with --minutes)", whole(1))
    .option("--seed <n>", "the first seed (a random one, which is printed)", whole(0))
    .option("--minutes <n>", "start no more seeds when this time is up", positive)
    .option(
      "--jobs <n>",
      `child processes (this machine can run ${availableParallelism()})`,
      whole(1),
      1,
    )
    .option(
      "--report",
      "say what was exercised and what never; alone: sum what has been run",
      false,
    )
    .option("--trace", "print every event of every seed", false)
    .option("--first", "end at the first violation", false)
    .option("--no-shrink", "leave failing seeds as they are")
    .option("--shrink-runs <n>", "runs that may be spent on shrinking one seed", whole(1), 200)
    .option("--no-ledger", "neither skip what the ledger has nor write to it")
    .addHelpText(
      "after",
      `
Seeds that have passed are kept in .cache/simulator/, under the hash of the sources, and are not run again.
A failing seed is shrunk and written to test/transcripts/found/. Exit codes: 0 everything held; 1 a violation,
or a run of 20 seeds and more without failovers, ambiguous writes or traffic, of fewer the last line says so;
2 wrong usage.`,
    );
  program.parse([...argv], { from: "user" });
  const given = program.opts<Given>();
  const isReportOnly =
    given.report === true &&
    [given.seeds, given.seed, given.minutes].every((one) => one === undefined);
  return {
    seeds: given.seeds ?? (given.minutes === undefined ? 100 : null),
    seed: given.seed ?? Math.floor(Math.random() * 1e9),
    minutes: given.minutes ?? null,
    jobs: given.jobs,
    isReportOnly,
    report: given.report,
    trace: given.trace,
    first: given.first,
    shrink: given.shrink,
    shrinkRuns: given.shrinkRuns,
    ledger: given.ledger && !given.trace,
  };
}
