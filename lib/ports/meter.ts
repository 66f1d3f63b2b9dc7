import type { Values } from "../core/metrics.ts";
import type { Heartbeat } from "./store.ts";

/** Where a shift's own numbers go. Nothing waits for it, and nothing is decided by it. */
export interface Meter {
  /** A shift begins; `gapMs`: since its predecessor's last heartbeat, null where nobody knows. */
  begin(gapMs: number | null): void;
  /** The table took a heartbeat. */
  beat(beat: Beat): void;
  /** Publishes what is left, when a shift ends. */
  flush(): Promise<void>;
}

export interface Beat {
  readonly heartbeat: Heartbeat;
  readonly groups: readonly WatchedGroup[];
}

export interface WatchedGroup {
  readonly name: string;
  readonly observers: readonly string[];
  readonly votesNeeded: number;
  /** What is not as it should be, and so far is; empty in calm. */
  readonly troubles: Values<"group">;
}
