import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late this process was for its own timers. */
export interface LoopDelay {
  /** The longest delay since it was last taken, in milliseconds. */
  takeMs(): number;
}

const nsPerMs = 1_000_000;
const resolutionMs = 50;

/** Node's own measure of the event loop: a CPU that is taken away or a turn that computes for long, but no slow network. */
export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    takeMs: () => {
      // What is recorded is the time between two ticks, which is the resolution where nothing was late.
      const longestMs = histogram.max / nsPerMs - resolutionMs;
      histogram.reset();
      return Math.max(0, longestMs);
    },
  };
}
