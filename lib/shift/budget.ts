import type { Clock } from "../ports/clock.ts";

/** An effect needs this much time before the invocation's end, for itself and for writing down what it did. */
const effectMarginMs = 3_000;

/** The time that one invocation has, and the signal that ends it early. */
export interface Budget {
  /** Why no effect may start now; null when it may. */
  refusal(): string | null;
  isOver(): boolean;
  readonly signal: AbortSignal;
}

export function createBudget(clock: Clock, remainingMs: number, signal: AbortSignal): Budget {
  const endMs = clock.nowMs() + remainingMs;
  return {
    refusal: () => {
      if (signal.aborted) return "the invocation was told to stop";
      const leftMs = Math.floor(endMs - clock.nowMs());
      if (leftMs >= effectMarginMs) return null;
      return `the invocation ends in ${leftMs} ms, less than the ${effectMarginMs} ms that an effect needs`;
    },
    isOver: () => signal.aborted || clock.nowMs() >= endMs - effectMarginMs,
    signal,
  };
}
