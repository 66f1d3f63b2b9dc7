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
