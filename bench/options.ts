import { Command, InvalidArgumentError } from "commander";

export interface BenchOptions {
  /** Names of measurements, or of their beginnings; empty: all. */
  readonly only: readonly string[];
  readonly pairs: number;
  /** Groups that lose their masters at once. */
  readonly groups: number;
  /** Only writes the page again, from what was measured. */
  readonly report: boolean;
  /** Raw results other than those of the present sources. */
  readonly from: string | undefined;
}

/** Fewer are no result. */
export const wholePairs = 10;
export const groupsDefault = 20;

/** `namesWith` tells what can be measured with so many groups. */
export function readOptions(
  argv: readonly string[],
  namesWith: (groups: number) => readonly string[],
): BenchOptions {
  const program = new Command("npm run bench --")
    .description(
      "Measures this project beside Redis Sentinel on this machine, in alternating pairs, and writes bench/RESULTS.md.",
    )
    .option("--only <names>", "measurements, by comma; a beginning is enough", list, [])
    .option("--pairs <n>", "pairs of each measurement", upTo(1_000), wholePairs)
    .option("--groups <n>", "groups that lose their masters at once", upTo(500), groupsDefault)
    .option("--report", "measure nothing: write the page from what was measured", false)
    .option("--from <file>", "with --report: other raw results than those of these sources")
    .addHelpText(
      "after",
      `
Measurements: ${namesWith(groupsDefault).join(", ")}.
What was measured is kept in .cache/bench/, under the hash of the sources, and is not measured again: an interrupted run
goes on. With --only, or with fewer than ${wholePairs} pairs, the results are printed, and bench/RESULTS.md stays as it is until nothing is
missing in it; --report writes it all the same. Exit codes: 0 all was measured; 1 a run failed; 2 wrong usage.`,
    )
    .showHelpAfterError("(add --help for what there is)")
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const options = program.parse([...argv], { from: "user" }).opts<BenchOptions>();
  const names = namesWith(options.groups);
  const unknown = options.only.filter((one) => !names.some((name) => name.startsWith(one)));
  if (unknown.length > 0) {
    program.error(
      `error: expected --only to name measurements, got ${unknown.join(", ")}; there are ${names.join(", ")}.`,
    );
  }
  return options;
}

/** Whether something that is so named was asked for. */
export function isChosen({ only }: Pick<BenchOptions, "only">, name: string): boolean {
  return only.length === 0 || only.some((one) => name.startsWith(one));
}

function list(text: string): readonly string[] {
  const names = text.split(",").map((one) => one.trim());
  // A beginning of every name would choose everything: hours.
  if (names.includes("")) throw new InvalidArgumentError("expected names, by comma.");
  return names;
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from 1 to ${most}, got "${text}".`);
  };
}
