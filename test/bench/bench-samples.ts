import type { Measurement, Side } from "../../bench/measurement.ts";
import type { Sample } from "../../bench/raw.ts";

/** A run that went well, unless a failure is given. */
export function sample(
  measurement: string,
  side: Side,
  readings: Sample["readings"],
  change: Partial<Sample> = {},
): Sample {
  return {
    ...{ kind: "sample", measurement, side, pair: 0, readings, failure: null },
    ...{ tookMs: 1_000, loadAverage: 0.5 },
    ...change,
  };
}

/** One that nobody runs. */
export function measurement(
  name: string,
  measured: readonly Side[] = ["ours", "sentinel"],
  change: Partial<Measurement> = {},
): Measurement {
  const run = Object.fromEntries(measured.map((side) => [side, () => Promise.resolve({})]));
  return { name, says: `what ${name} says`, limitMs: 1_000, run, ...change };
}
