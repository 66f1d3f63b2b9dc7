import type { Cadence } from "../../lib/core/cadence.ts";

/** How observers watch, and by what they are started. */
export interface Watching {
  readonly cadence: Cadence;
  readonly pulseMs: number;
}

export const inALoop: Watching = { cadence: "loop", pulseMs: 5_000 };

/** A cold start, and the few looks of a pass. */
const coldPassMs = 5_000;

/** How long nobody may be awake in turn, where all starts come. */
export function gapMsOf(
  { cadence, pulseMs }: Watching,
  { shiftMs, jitterMs }: { readonly shiftMs: number; readonly jitterMs: number },
): number {
  if (cadence === "loop") return 0;
  return (cadence === "pulse" ? 2 * pulseMs : shiftMs + jitterMs) + coldPassMs;
}
