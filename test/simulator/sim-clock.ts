import type { Clock } from "../../lib/ports/clock.ts";
import { cancel, type Process } from "./engine.ts";

/** What a right wall clock shows at a virtual time; there is nothing before 1970. */
export function wallTime(nowMs: number): string {
  return new Date(Math.max(0, nowMs)).toISOString();
}

/** Time as one process has it. Its wall clock is set by others, and steps: only plans are made by it (fault C9). */
export function simClock(process: Process, wallStepMs: () => number = () => 0): Clock {
  const sleepers = new WeakMap<AbortSignal, Set<() => void>>();

  /** Who sleeps under a signal: one listener for all of them, because nearly every sleep ends by itself. */
  const sleepersUnder = (signal: AbortSignal): Set<() => void> => {
    const known = sleepers.get(signal);
    if (known !== undefined) return known;
    const fresh = new Set<() => void>();
    sleepers.set(signal, fresh);
    signal.addEventListener("abort", () => {
      for (const wake of fresh) wake();
      fresh.clear();
    });
    return fresh;
  };

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        process.deliver(0, resolve);
        return;
      }
      const others = signal === undefined ? null : sleepersUnder(signal);
      const wake = (): void => {
        cancel(timer);
        process.deliver(0, resolve);
      };
      const timer = process.deliver(ms / process.clockRate, () => {
        others?.delete(wake);
        resolve();
      });
      others?.add(wake);
    });

  return {
    nowMs: () => process.now(),
    wallTime: () => wallTime(process.engine.nowMs + wallStepMs()),
    sleep,
  };
}
