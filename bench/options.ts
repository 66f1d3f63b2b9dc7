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

const pairsDefault = 10;
export const groupsDefault = 20;

export function readOptions(argv: readonly string[], names: readonly string[]): BenchOptions {
  const program = new Command("npm run bench --")
    .description(
      "Measures this project beside Redis Sentinel on this machine, in alternating pairs, and writes bench/RESULTS.md.",
    )
    .option("--only <names>", "measurements, by comma; a beginning is enough", list, [])
    .option("--pairs <n>", "pairs of each measurement", upTo(1_000), pairsDefault)
    .option("--groups <n>", "groups that lose their masters at once", upTo(500), groupsDefault)
    .option("--report", "measure nothing: write the page from what was measured", false)
    .option("--from <file>", "with --report: other raw results than those of these sources")
    .addHelpText(
      "after",
      `
Measurements: ${names.join(", ")}.
What was measured is kept in .cache/bench/, under the hash of the sources, and is not measured again: an interrupted run
goes on. Exit codes: 0 all was measured; 1 a run failed; 2 wrong usage.`,
    )
    .showHelpAfterError("(add --help for what there is)")
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return program.parse([...argv], { from: "user" }).opts<BenchOptions>();
}

function list(text: string): readonly string[] {
  return text.split(",").filter((one) => one !== "");
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from 1 to ${most}, got "${text}".`);
  };
}
