import type { Clock } from "../ports/clock.ts";
import type { Hands } from "./hands.ts";

/**
 * A probe connection that is lost while idle ends the wait: the node is asked at once (DESIGN 6). Once an interval, so
 * that a server which hangs up on everybody is not asked without pause.
 */
export function listenForLosses(
  nodes: Hands["nodes"],
  clock: Clock,
  end: AbortSignal,
  intervalMs: number,
) {
  // Made again after every loss, not for every sleep: most sleeps end by themselves.
  let wake = new AbortController();
  let lastMs = Number.NEGATIVE_INFINITY;
  end.addEventListener("abort", () => wake.abort(ended), { once: true });
  nodes.onLost(() => {
    const nowMs = clock.nowMs();
    if (nowMs - lastMs < intervalMs) return;
    lastMs = nowMs;
    wake.abort(lost);
  });
  return {
    sleep: async (ms: number): Promise<void> => {
      await clock.sleep(ms, wake.signal);
      if (wake.signal.aborted && !end.aborted) wake = new AbortController();
    },
  };
}

/** Reasons that nobody reads: without one each abort makes an exception with a stack. */
const ended = "the watch ends";
const lost = "a connection was lost";
