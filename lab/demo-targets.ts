import type { Settings } from "../lib/core/config.ts";
import type { DemoSummary } from "./demo-summary.ts";

/** What of the demo's failover has a bound by the group's own settings, in ms from the kill, or for the last from the restart. */
export const judged = ["promoteMs", "dnsMs", "firstWriteMs", "rejoinMs"] as const;
export type Judged = (typeof judged)[number];

/** Of the lab's API and its DNS server, which has no propagation. */
const apiMs = 500;
/** A client that was refused tries again after a second at the most. */
const retryMs = 1_000;

/**
 * How long each may take, as docs/limits.md has it ("what it is made of"): one look until the refusals begin to count, the
 * refusals, one look until the others have seen it, and what one probe may take for all trips together.
 */
export function demoTargets(settings: Settings, ttlMs: number): Readonly<Record<Judged, number>> {
  const { probeIntervalMs, crashAfterMs, probeTimeoutMs } = settings;
  const promoteMs = 2 * probeIntervalMs + crashAfterMs + probeTimeoutMs;
  const dnsMs = promoteMs + apiMs;
  return {
    promoteMs,
    dnsMs,
    firstWriteMs: dnsMs + ttlMs + retryMs,
    rejoinMs: probeIntervalMs + probeTimeoutMs + retryMs,
  };
}

/** What took longer than it may; what never came is no matter of time, and a problem of its own. */
export function missedTargets(
  summary: Readonly<Record<Judged, number | null>>,
  targets: DemoSummary["targets"],
): readonly Judged[] {
  return judged.filter((one) => (summary[one] ?? 0) > targets[one]);
}
