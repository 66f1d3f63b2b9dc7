import { isReporting } from "../core/cadence.ts";
import type { GroupConfig } from "../core/config.ts";
import type { Shift } from "./shift.ts";

/** Only a pass that reports has looks that would else wait for an interval. */
export function paceOf(shift: Shift, { settings }: GroupConfig) {
  const isHurried = shift.cadence !== "loop" && isReporting(shift, settings.heartbeatMs);
  return isHurried ? ("hurried" as const) : ("by interval" as const);
}

/** When a calm decision was last told: the first pass of a minute tells it, and those that pulses woke need not. */
export function calmToldAtMs({ pulse, startedAtMs }: Shift): number {
  return pulse === null ? Number.NEGATIVE_INFINITY : startedAtMs;
}

/** When a group's calm looks fall: each interval, beginning so long after its shift. */
export interface Rhythm {
  readonly startedAtMs: number;
  /** A part of the interval, from 0 on and less than 1. */
  readonly phase: number;
  /** Whether there is another group to look together with. */
  readonly isShared: () => boolean;
}

/** Groups that look at once read the table at once; a few that do are enough, and all of them would be a burst. */
const phases = 8;

/** The rhythm of the next group of a shift. */
export function rhythmFor({
  startedAtMs,
  running,
}: Pick<Shift, "startedAtMs" | "running">): Rhythm {
  const phase = (running.size % phases) / phases;
  return { startedAtMs, phase, isShared: () => running.size > 1 };
}

/**
 * How long a watch in calm waits: till its group's last instant before its look falls due. The timers of an eighth of all
 * groups end together then, and their readings of the table go out as one request. It is never later than it was due, and
 * an interval stays as long as it is, since the next look falls due just after such an instant.
 */
export function inRhythmMs(
  { startedAtMs, phase, isShared }: Rhythm,
  nowMs: number,
  waitMs: number,
  intervalMs: number,
): number {
  if (!isShared()) return waitMs;
  const firstMs = startedAtMs + phase * intervalMs;
  const dueMs = Math.floor((nowMs + waitMs - firstMs) / intervalMs) * intervalMs + firstMs;
  return dueMs > nowMs ? dueMs - nowMs : waitMs;
}
