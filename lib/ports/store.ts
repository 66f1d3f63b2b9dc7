import type { AbsenceBefore } from "../core/absence.ts";
import type { GroupConfig, NodeId } from "../core/config.ts";
import type { LoadingBefore } from "../core/detector.ts";
import type { Candidates, Held } from "../core/explain.ts";
import type { GroupState, Vote } from "../core/model.ts";
import type { NodeSetup } from "../core/rehearsal.ts";
import type { Spells } from "../core/spells.ts";
import type { Result } from "./errors.ts";

/**
 * The quorum store: one table, single-item conditional writes and strong reads only, so that it works on a
 * multi-Region strongly consistent table too. Every call has a deadline of its own.
 */
export interface Store {
  /** Strong read. null: there is no such item. "foreign": another schema or deployment; hands off. */
  readState(group: string): Promise<Result<StoredState>>;
  /**
   * Compare-and-swap on `rev`; `base` null creates. An ambiguous answer is resolved by the attempt id: the result says
   * won or lost for certain, or fails with isOutcomeKnown false.
   */
  writeState(base: number | null, next: GroupState, attempt: string): Promise<Result<Swap>>;
  /** Strong reads of the votes of these observers. */
  readVotes(group: string, observers: readonly string[]): Promise<Result<readonly Vote[]>>;
  /** Once per observer and round; `standing` is the vote that was there first (protocol F3). */
  castVote(vote: Vote): Promise<Result<{ readonly isCast: boolean; readonly standing: Vote }>>;
  readHeartbeat(observer: string): Promise<Result<Heartbeat | null>>;
  /** Writes if the stored shift number is below the beat's, or is its own; otherwise says which shift stands. */
  writeHeartbeat(heartbeat: Heartbeat): Promise<Result<{ readonly standingShift: number }>>;
  appendEvent(event: StoredEvent): Promise<Result<void>>;
  readEvents(group: string, limit: number): Promise<Result<readonly StoredEvent[]>>;
  /** Deletes all but the newest `kept` events of the group; a strongly consistent table has no expiry of its own. */
  pruneEvents(group: string, kept: number): Promise<Result<void>>;
  /** All stored configuration versions of all groups, newest first within a group. */
  listConfigs(): Promise<Result<readonly GroupConfig[]>>;
  readConfig(group: string, version: number): Promise<Result<GroupConfig | null>>;
  /** Immutable: fails as "refused" when the version exists. */
  putConfig(config: GroupConfig): Promise<Result<void>>;
  deleteConfig(group: string, version: number): Promise<Result<void>>;
  /** Put if absent: which group owns the node at this `host:port`, whatever it is called (protocol F14). */
  claimNode(address: string, group: string): Promise<Result<{ readonly owner: string }>>;
  releaseNode(address: string, group: string): Promise<Result<void>>;
}

export type StoredState =
  | { readonly kind: "absent" }
  | { readonly kind: "state"; readonly state: GroupState }
  | { readonly kind: "foreign"; readonly why: string };

export interface Swap {
  readonly isWon: boolean;
  /** What stands now: our own write, or whose write defeated it; null when the item is gone. */
  readonly state: GroupState | null;
}

/** What one observer last said of itself; `status` shows its age, by the reader's clock and the writer's `at`. */
export interface Heartbeat {
  readonly observer: string;
  /** Grows by one with every shift of this observer: the older of two overlapping shifts yields. */
  readonly shift: number;
  /** Wall clock of the writer, for people only. */
  readonly at: string;
  readonly codeVersion: string;
  /** How far apart this observer's heartbeats are at the most, while nothing changes and no start is lost. */
  readonly everyMs?: number;
  /**
   * Of a shift that stays awake between passes: it stands, and passes that come meanwhile leave everything to it; or it
   * yields to the next one that finds a reason to stay. Absent: it has ended, or shifts follow upon each other.
   */
  readonly awake?: "stands" | "yields";
  readonly groups: Readonly<Record<string, GroupReport>>;
}

export interface GroupReport {
  readonly configVersion: number;
  /** Last STATE rev this observer acted on: acknowledges a pause. */
  readonly rev: number;
  readonly isPauseSeen: boolean;
  readonly suspect: NodeId | null;
  /** For how long, over this and earlier shifts, and the last offset seen of it: the successor goes on from there. */
  readonly suspectForMs: number;
  readonly suspectOffset: number | null;
  /** The run of it that loads, and for how long; null: it does not. */
  readonly suspectLoading: LoadingBefore | null;
  /** Absent: the master is in order, or this was written before it was told. The successor goes on from there. */
  readonly absence?: AbsenceBefore;
  /** How long this observer has known the committed master; for the cool-down across shifts. */
  readonly masterEpoch: number;
  readonly masterKnownForMs: number;
  /** The log of STATE is in the events up to this rev. */
  readonly copiedRev: number;
  readonly rule: string;
  readonly why: string;
  readonly nodes: Readonly<Record<NodeId, NodeReport>>;
  /** Absent: written before there was one, or the group has no master. */
  readonly way?: WayReport;
}

/** What its decision about a failover rests on, beside what the table has (`explain`). What is absent is as in calm. */
export interface WayReport {
  /** The first round in which its vote may count. */
  readonly joinsFrom: number;
  /** Whom it would promote by what was last heard; null: nobody. */
  readonly successor: NodeId | null;
  /** What it holds against the master. */
  readonly held?: Held;
  /** For how much longer it waits with another vote after it took one back. */
  readonly restLeftMs?: number;
  /** How long it has known the epoch, where the last one failed. */
  readonly epochKnown?: { readonly epoch: number; readonly forMs: number };
  /** The choice of the claim, where the candidates have been asked for it. */
  readonly choice?: Candidates;
}

export interface NodeReport {
  /** For how long it has been of no use although it answers; the successor goes on from there. */
  readonly spells?: Spells;
  readonly verdict: string;
  readonly role: "master" | "replica" | null;
  readonly offset: number | null;
  readonly replid: string | null;
  readonly isLinkUp: boolean | null;
  readonly latencyMs: number | null;
  /** Why it could not take the master's place now; null: it could, or it is the master, or nobody knows. */
  readonly unfit: string | null;
  /** What is odd about it, each a sentence with its remedy. */
  readonly oddities: readonly string[];
  /** The server's own `replica-priority`; absent: it has not said. */
  readonly priority?: number;
  /** How it is set up, as old as this shift's last rehearsal with it; absent: it has not been asked. */
  readonly setup?: NodeSetup;
}

export interface StoredEvent {
  readonly group: string;
  /** Sortable: rev and sequence, so that two leaders of one epoch never collide. */
  readonly id: string;
  readonly at: string;
  readonly observer: string;
  readonly name: string;
  readonly rule: string;
  readonly epoch: number;
  readonly round: number;
  readonly node: NodeId | null;
  readonly message: string;
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
  readonly durationsMs: Readonly<Record<string, number>>;
}

/** The id of an event: it sorts by rev, then by what follows, so that two leaders of one epoch never collide (protocol F16). */
export function eventIdOf(rev: number, rest: string): string {
  return `${String(rev).padStart(12, "0")}#${rest}`;
}
