import type { CalmSettings } from "../simulator/calm-seed.ts";

/** One way to set a deployment, beside the others of its knob. */
export interface Point {
  readonly knob: string;
  readonly says: string;
  readonly settings: Required<CalmSettings>;
}

const pulseMs = 5_000;

/**
 * What `npm run tuning` compares: one knob at a time, everything else at its default, but for what the relations between
 * the settings demand (docs/settings.md).
 */
export const points: readonly Point[] = [
  loop("defaults", "loop"),
  loop("downAfterMs", "1000", "probeIntervalMs: 300", "probeTimeoutMs: 200", "crashAfterMs: 0"),
  loop("downAfterMs", "3000", "crashAfterMs: 0"),
  loop("downAfterMs", "5000", "crashAfterMs: 0"),
  loop("downAfterMs", "10000", "crashAfterMs: 0"),
  loop("downAfterMs", "30000", "crashAfterMs: 0"),
  loop("crashAfterMs", "300"),
  loop("crashAfterMs", "1500"),
  loop("crashAfterMs", "5000"),
  loop("probeIntervalMs", "200", "probeTimeoutMs: 150"),
  loop("probeIntervalMs", "500", "probeTimeoutMs: 400"),
  loop("probeIntervalMs", "1000"),
  loop("probeIntervalMs", "1600", "probeTimeoutMs: 1000"),
  loop("probeTimeoutMs", "100"),
  loop("probeTimeoutMs", "250"),
  loop("probeTimeoutMs", "500"),
  ...[3_000, 5_000, 10_000, 30_000].map((every) => pulse(every)),
  {
    knob: "cadence",
    says: "tick",
    settings: { groupLines: [], watching: { cadence: "tick", pulseMs } },
  },
];

/** A setting by its name, and whatever must move with it. */
function loop(knob: string, says: string, ...others: readonly string[]): Point {
  const own = knob === "defaults" ? [] : [`${knob}: ${says}`];
  const groupLines = [...own, ...others];
  return { knob, says, settings: { groupLines, watching: { cadence: "loop", pulseMs } } };
}

function pulse(everyMs: number): Point {
  const watching = { cadence: "pulse", pulseMs: everyMs } as const;
  return { knob: "cadence", says: `pulse ${everyMs}`, settings: { groupLines: [], watching } };
}
