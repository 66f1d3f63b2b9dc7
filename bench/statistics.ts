import { quantileSorted } from "simple-statistics";

/** What is told of a reading's values: the middle, and between which values most and all of them lie. */
export interface Spread {
  readonly count: number;
  readonly least: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  readonly most: number;
}

/** null: there is no value. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => quantileSorted(sorted, share);
  return {
    count: sorted.length,
    least: at(0),
    quarter: at(0.25),
    median: at(0.5),
    threeQuarters: at(0.75),
    most: at(1),
  };
}

export function median(values: readonly number[]): number | null {
  return spreadOf(values)?.median ?? null;
}
