import type { Clock } from "../ports/clock.ts";
import type { Result } from "../ports/errors.ts";

/** A change moves a name, and waits for no reading. */
export type Urgency = "change" | "read";

/** When one process may ask Route 53. */
export interface Pacer {
  /** Resolves when the next request may be sent, which the caller then does at once. */
  turn(urgency: Urgency): Promise<void>;
  /** What became of the request. */
  note(result: Result<unknown>): void;
}

/** Nobody waits: for a zone that takes whatever comes. */
export const unpaced: Pacer = { turn: async () => {}, note: () => {} };

/**
 * An account has ten requests a second (Route 53 Developer Guide, "Throttling"), which three observers share without
 * knowing of each other. One failover of one group takes three: what stands there, the batch, the reading back.
 */
const requestsPerSecondMax = 3;
/** A little more than a second: requests overtake each other on their way, and clocks run apart. */
const windowMs = 1_050;
const firstPauseMs = 250;
const longestPauseMs = 4_000;

/**
 * No more than so many requests in any second, one of them kept for a change, and a pause for everybody after somebody was
 * turned away: each group that came again on its own would only keep the bucket empty.
 */
export function createPacer(clock: Clock, requestsPerSecond = requestsPerSecondMax): Pacer {
  const waiting: Readonly<Record<Urgency, (() => void)[]>> = { change: [], read: [] };
  const all = createWindow(requestsPerSecond);
  const reads = createWindow(Math.max(1, requestsPerSecond - 1));
  let pauseMs = 0;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let isServing = false;

  let wake: (() => void) | null = null;
  const wakened = async (ms: number): Promise<void> => {
    const early = new AbortController();
    wake = () => early.abort();
    // Timers may come a little early, so whoever slept looks again.
    await clock.sleep(Math.ceil(ms), early.signal);
    wake = null;
  };

  const serve = async (): Promise<void> => {
    isServing = true;
    while (waiting.change.length + waiting.read.length > 0) {
      const nowMs = clock.nowMs();
      // Looked at anew after each sleep: a change that came meanwhile goes first.
      const urgency: Urgency = waiting.change.length > 0 ? "change" : "read";
      const windows = urgency === "read" ? [all, reads] : [all];
      const openAtMs = Math.max(pausedUntilMs, ...windows.map((window) => window.openAtMs()));
      if (openAtMs > nowMs) {
        await wakened(openAtMs - nowMs);
        continue;
      }
      for (const window of windows) window.take(nowMs);
      waiting[urgency].shift()?.();
    }
    isServing = false;
  };

  return {
    turn: (urgency) =>
      new Promise((resolve) => {
        waiting[urgency].push(resolve);
        if (!isServing) void serve();
        else if (urgency === "change") wake?.();
      }),
    note: (result) => {
      const isTurnedAway = !result.ok && result.kind === "throttled";
      pauseMs = isTurnedAway ? Math.min(Math.max(firstPauseMs, pauseMs * 2), longestPauseMs) : 0;
      if (isTurnedAway) pausedUntilMs = clock.nowMs() + pauseMs;
    },
  };
}

/** At most so many in any second. */
function createWindow(most: number) {
  let takenAtMs: readonly number[] = [];
  return {
    /** When the next one may be taken. */
    openAtMs: () => (takenAtMs.at(-most) ?? Number.NEGATIVE_INFINITY) + windowMs,
    take: (nowMs: number): void => {
      takenAtMs = [...takenAtMs, nowMs].slice(-most);
    },
  };
}
