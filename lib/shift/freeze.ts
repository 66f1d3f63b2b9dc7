import type { Clock } from "../ports/clock.ts";

const pulseMs = 200;
const frozenAfterMs = 1_000;

/**
 * Notices that this process slept: a sandbox frozen between invocations, a stopped process, a starved CPU (Sentinel's
 * TILT, without its 30 s). Whatever an observer missed while it slept is no evidence against a node.
 */
export interface FreezeWatch {
  /** The latest instant at which a gap ended, including one that has not been noticed by the pulse yet. */
  lastThawMs(): number;
  stop(): void;
}

/** Watches with a timer of its own; a gap between two pulses is a freeze. */
export function watchFreezes(clock: Clock): FreezeWatch {
  let lastPulseMs = clock.nowMs();
  let lastThawMs = Number.NEGATIVE_INFINITY;
  const check = () => {
    const nowMs = clock.nowMs();
    if (nowMs - lastPulseMs > pulseMs + frozenAfterMs) lastThawMs = nowMs;
    lastPulseMs = nowMs;
  };
  const timer = setInterval(check, pulseMs);
  timer.unref();
  return {
    lastThawMs: () => {
      check();
      return lastThawMs;
    },
    stop: () => clearInterval(timer),
  };
}
