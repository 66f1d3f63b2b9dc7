import type { GroupConfig, NodeId } from "../../lib/core/config.ts";
import type { Budget } from "./book.ts";
import type { Restart } from "./servers.ts";

/** An invocation's place: two processes of one observer are invocations that overlap. */
export interface Process {
  readonly observer: string;
  readonly name: string;
}

/** What is explored: from where, how much may go wrong, and where it ends. */
export interface Scope {
  readonly name: string;
  readonly about: string;
  readonly config: GroupConfig;
  readonly processes: readonly Process[];
  /** What happens before the exploration begins, in the order of the lines; see prologue.ts. */
  readonly prologue: readonly string[];
  readonly budget: Budget;
  /** Nodes that may be killed, hung, cut off or changed by hand. */
  readonly victims: readonly NodeId[];
  /** How a killed node may be started again. */
  readonly restarts: readonly Restart[];
  /** A replica connects to its master at once, or at any later moment. */
  readonly sync: "at once" | "any time";
  readonly bounds: Bounds;
  /** What a run must have come by, or it proves nothing. */
  readonly mustSee: readonly string[];
}

/** STATE is written no further than this. */
export interface Bounds {
  readonly epoch: number;
  readonly round: number;
  readonly states: number;
}
