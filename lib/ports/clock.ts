/** Time as the shift sees it. Durations use `nowMs`; `wallTime` is for people and what they plan (ADR 0008). */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** ISO 8601. */
  wallTime(): string;
  /** Resolves after `ms`, or as soon as the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
