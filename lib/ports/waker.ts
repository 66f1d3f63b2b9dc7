import type { Result } from "./errors.ts";

/** Wakes the other observers for one round: an asynchronous invoke, best effort. */
export interface Waker {
  wake(call: WakeCall): Promise<Result<void>>;
}

export interface WakeCall {
  readonly observer: string;
  readonly group: string;
  readonly round: number;
}
