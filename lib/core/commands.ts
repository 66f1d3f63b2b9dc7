import type { Address, NodeConfig, NodeId } from "./config.ts";
import type { SentinelEvent } from "./events.ts";
import type { GroupState, NodeFacts, Vote } from "./model.ts";
import type { Ownership, RecordRole, RecordSet } from "./records.ts";
import type { ScriptKill, WriteTold } from "./spells.ts";

/** What a decision asks the executor to do: data without behaviour. Commands that change Redis or DNS are effects. */
export type Command =
  | WriteState
  | CastVote
  | Promote
  | Attach
  | Mark
  | HandOver
  | Fence
  | Cut
  | KillScript
  | WriteProbe
  | Publish
  | Wake
  | { readonly kind: "emit"; readonly event: SentinelEvent };

/** Compare-and-swap of the STATE item; `base` null creates it. */
export interface WriteState {
  readonly kind: "write-state";
  readonly base: number | null;
  readonly next: GroupState;
  readonly attempt: string;
}

export interface CastVote {
  readonly kind: "cast-vote";
  readonly vote: Vote;
}

/**
 * Makes a node a master, on the session over which it was observed (protocol F1). `beside` is the old master, read in
 * the same round trip: until the commit it wins if it answers as master (protocol F6).
 */
export interface Promote {
  readonly kind: "promote";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
  readonly beside: NodeId | null;
}

/** Makes a node a replica of `master`, on the session over which it was observed. */
export interface Attach {
  readonly kind: "attach";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
  readonly master: NodeId;
  readonly address: Address;
}

/** Writes the marker key on the committed master. */
export interface Mark {
  readonly kind: "mark";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
}

/** Asks the old master to hand over by itself: Redis's FAILOVER TO (protocol F4). */
export interface HandOver {
  readonly kind: "hand-over";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
  readonly to: NodeId;
  readonly address: Address;
  readonly timeoutMs: number;
}

/** Ends a hand-over for good and leaves the old master writable (protocol F4). */
export interface Fence {
  readonly kind: "fence";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
}

/**
 * Closes every other connection of a node whose role others have changed, and changes none itself: what was sent before may
 * still come over one of them (protocol F1, rule 4).
 */
export interface Cut {
  readonly kind: "cut";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
}

/**
 * Tells the script that keeps a node busy to stop. It changes no role and no data: a script that has written is not
 * stopped by it. So it needs no session over which the node was observed, and a busy node shows nothing over one.
 */
export interface KillScript {
  readonly kind: "kill-script";
  readonly node: NodeId;
  readonly epoch: number;
}

/** Tries a write on the committed master, on the session over which it was observed as one. */
export interface WriteProbe {
  readonly kind: "write-probe";
  readonly node: NodeId;
  readonly session: number;
  readonly epoch: number;
  readonly key: string;
  readonly ttlMs: number;
}

export interface Publish {
  readonly kind: "publish";
  readonly role: RecordRole;
  readonly zoneId: string;
  readonly owner: Ownership;
  readonly records: readonly RecordSet[];
}

/** Wakes the other observers for a round (asynchronous, best effort; a woken shift never wakes). */
export interface Wake {
  readonly kind: "wake";
  readonly round: number;
}

export type Effect =
  | Promote
  | Attach
  | Mark
  | HandOver
  | Fence
  | Cut
  | KillScript
  | WriteProbe
  | Publish;

/** Whether a command acts on Redis or DNS, and so needs deadline, signal and fence checked first. */
export function isEffect(command: Command): command is Effect {
  switch (command.kind) {
    case "promote":
    case "attach":
    case "mark":
    case "hand-over":
    case "fence":
    case "cut":
    case "kill-script":
    case "write-probe":
    case "publish":
      return true;
    default:
      return false;
  }
}

/** What became of a command. "unknown" means that it may have been applied, or may be applied later. */
export type Outcome =
  | {
      readonly kind: "state-written";
      readonly state: GroupState;
      readonly askedAtMs: number;
      readonly readAtMs: number;
    }
  | {
      readonly kind: "state-lost";
      readonly state: GroupState | null;
      readonly askedAtMs: number;
      readonly readAtMs: number;
    }
  | { readonly kind: "store-failed"; readonly why: string }
  | { readonly kind: "voted"; readonly vote: Vote }
  | { readonly kind: "vote-lost"; readonly standing: Vote }
  | {
      readonly kind: "promoted";
      readonly node: NodeId;
      readonly epoch: number;
      readonly facts: NodeFacts;
      /** When the promotion was sent: its answer may have waited in a process that slept, and is no younger than this. */
      readonly askedAtMs: number;
      readonly atMs: number;
      /** What the old master answered beside it; null: nothing in time. */
      readonly oldMaster: NodeFacts | null;
      readonly warnings: readonly string[];
      /** Round trips in series from this shift's vote to the promotion's answer. */
      readonly trips: { readonly store: number; readonly redis: number };
    }
  | {
      readonly kind: "effect-done";
      readonly command: Effect["kind"];
      readonly node: NodeId;
      readonly epoch: number;
      readonly facts: NodeFacts | null;
      readonly atMs: number;
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: "effect-failed";
      readonly command: Effect["kind"];
      readonly node: NodeId;
      readonly epoch: number;
      readonly why: string;
      /** False when the effect may have happened, or may happen yet. */
      readonly isCertain: boolean;
      /** What the old master answered beside a promotion that failed; it wins all the same (protocol F6). */
      readonly oldMaster?: NodeFacts | null;
    }
  | ({ readonly kind: "script-told"; readonly node: NodeId } & ScriptKill)
  | ({ readonly kind: "write-told"; readonly node: NodeId } & WriteTold)
  | {
      readonly kind: "published";
      readonly role: RecordRole;
      readonly epoch: number;
      readonly changed: boolean;
    }
  | {
      readonly kind: "not-published";
      readonly role: RecordRole;
      readonly epoch: number;
      readonly isRefused: boolean;
      readonly why: string;
    }
  | { readonly kind: "withheld"; readonly command: string; readonly why: string };

/** "once" a connection, and as long as something is found; "again" with each INFO, where somebody waits for it. */
export type Rehearsing = "no" | "once" | "again";

/** What must be looked at before the next decision, and when. */
export interface Look {
  /** How long to wait before looking; a shift's events (a lost connection) may end the wait early. */
  readonly afterMs: number;
  readonly probe: readonly NodeId[];
  /** Whether probes ask INFO besides PING and ROLE. */
  readonly info: boolean;
  /** Whether probes that ask INFO rehearse a role change too, for what can't be seen otherwise. */
  readonly rehearse: Rehearsing;
  /** Nodes to observe over effect sessions of their own, opened when there is none. */
  readonly prepare: readonly NodeId[];
  /** Servers that are no nodes of the group, asked once each over a connection for that alone. */
  readonly newcomers: readonly NodeConfig[];
  /** A node that is asked beside the others and not waited for: its answer is a veto. */
  readonly bystander: NodeId | null;
  /**
   * `nodes-first`: STATE is read after the nodes have answered (protocol F1, rule 2). `state-first`: they are asked after it
   * was read, so that what they let go by in silence counts in a round that it tells of.
   */
  readonly order: "together" | "nodes-first" | "state-first";
  readonly state: boolean;
  readonly votes: boolean;
  /** `resolve` asks DNS as a client does; `api` reads the zone, so that a publication starts from what is there. */
  readonly record: "none" | "resolve" | "api";
}

/** Steps run one after the other and stop at the first failure; commands of one step run side by side. */
export type Plan = readonly (readonly Command[])[];
