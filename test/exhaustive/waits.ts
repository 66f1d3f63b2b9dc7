/**
 * Time, as coarse as the rules can tell it apart: an instant of one turn comes before another, or a tick ago (every
 * limit but takeoverMs has passed), or an era ago (takeoverMs has passed too). Each invocation has a clock of its own.
 */
export type Wait = "soon" | "tick" | "era";

/** The instant at which every turn's memory is settled. */
export const settledAtMs = 1e12;

/** Limits below a tick end with it; nothing that a memory can hold of ticks adds up to a third of `takeoverMs`. */
export const limits = { takeoverMs: 3e8, neverMs: 1e15 } as const;

export const waitMs: Readonly<Record<Wait, number>> = { soon: 1, tick: 1e5, era: 1e9 };

/** Which wait a gap between two instants amounts to. */
export function gapOf(ms: number): Wait {
  if (ms >= waitMs.era / 2) return "era";
  return ms >= waitMs.tick / 2 ? "tick" : "soon";
}

/** Who is asked to look again within this time sees nothing new; what follows is said after a tick. */
const shortMs = 250;

export function waitFor(afterMs: number): Wait {
  return afterMs < shortMs ? "soon" : "tick";
}
