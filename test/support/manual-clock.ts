import type { Clock } from "../../lib/ports/clock.ts";

/** Time that passes when the test says so. */
export function manualClock() {
  let nowMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const clock: Clock = {
    nowMs: () => nowMs,
    wallTime: () => "2030-01-31T04:00:00.000Z",
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const sleeper = {
          atMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", sleeper.wake, { once: true });
      }),
  };
  const pass = async (ms: number): Promise<void> => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
      const next = Math.min(untilMs, ...[...sleepers].map((one) => one.atMs));
      nowMs = Math.max(nowMs, next);
      for (const one of [...sleepers]) if (one.atMs <= nowMs) one.wake();
      await settle();
    }
  };
  return { clock, pass, sleepers };
}

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
