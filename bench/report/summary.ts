import type { Measurement } from "../measurement.ts";
import { type BenchOptions, wholePairs } from "../options.ts";
import type { Sample } from "../raw.ts";
import { Figures } from "./figures.ts";
import { failureLines, missingRuns, readingsTable } from "./tables.ts";

/**
 * Whether the recorded page is to be written. A part of the benchmark, in a checkout that has not measured the rest, must not
 * replace a result by a page with holes; whoever measures everything is told by the page itself what is missing.
 */
export function isPageDue(
  { only, pairs, report }: Pick<BenchOptions, "only" | "pairs" | "report">,
  samples: readonly Sample[],
  all: readonly Measurement[],
): boolean {
  const isEverything = only.length === 0 && pairs >= wholePairs;
  return report || isEverything || missingRuns(new Figures(samples), all, wholePairs).length === 0;
}

/** What was measured, for the terminal. */
export function summaryOf(samples: readonly Sample[], chosen: readonly Measurement[]): string {
  const figures = new Figures(samples);
  return [
    "Median (the middle half; least to most). ms where the name says so.",
    ...chosen
      .filter(({ name }) => figures.named(name).includes(name))
      .map(({ name, says }) => `${name}: ${says}\n${readingsTable(figures, name)}`),
    ...failureLines(samples).map((line) => `Failed: ${line}`),
  ].join("\n\n");
}
