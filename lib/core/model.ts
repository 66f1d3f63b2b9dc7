import type { Address, NodeId } from "./config.ts";
import type { NodeOddity, Rehearsal } from "./rehearsal.ts";
import type { OperatorRequest } from "./requests.ts";

/** Which history a node holds: INFO replication's two ids and the offset at which the second one ends. */
export interface Lineage {
  readonly replid: string;
  /** null when the node has no second id (INFO shows forty zeros). */
  readonly replid2: string | null;
  /** `second_repl_offset`; -1 when there is no second id. */
  readonly secondOffset: number;
}

/** What one node said about itself in one answer (INFO, ROLE and the marker key). */
export interface NodeFacts extends Lineage {
  readonly runId: string;
  readonly version: string;
  readonly role: "master" | "replica";
  /** Bytes of the replication stream it has produced (master) or applied (replica). */
  readonly offset: number;
  readonly priority: number;
  readonly isLoading: boolean;
  readonly isSyncing: boolean;
  /** Whether it has ever completed a synchronisation, or is a master. */
  readonly hasSynced: boolean;
  /** Keys in all databases. */
  readonly keys: number;
  /** A replica's master as the replica names it. */
  readonly masterHost: string | null;
  readonly masterPort: number | null;
  readonly isLinkUp: boolean;
  /** Seconds since the replica last heard from its master; null when the server doesn't say. */
  readonly lastIoSeconds: number | null;
  readonly linkDownSeconds: number | null;
  /** For how long this run has lived; absent: the server doesn't say. */
  readonly uptimeSeconds?: number;
  /** `master_failover_state`; null when the server doesn't know FAILOVER. */
  readonly failoverState: string | null;
  /** Epoch in the group's marker key; null when the key is absent, undefined when it could not be asked. */
  readonly marker?: number | null;
  /** `repl-ping-replica-period`; null when CONFIG GET is refused. */
  readonly replPingMs: number | null;
  /** Redis Sentinels connected to this node, by the client names they set; null when it could not be asked. */
  readonly sentinels: number | null;
  /** What INFO says of it that lambda-sentinel can't live with. */
  readonly oddities: readonly NodeOddity[];
  /** Who replicates from it and is up to date, at the addresses that they announce. */
  readonly replicas: readonly Address[];
}

/** Whether the group's marker was seen on it; one that could not be asked for was not. */
export function isMarked({ marker }: NodeFacts): boolean {
  return marker !== undefined && marker !== null;
}

/** Keys beside the group's own marker, which one of two equal copies may lack; one that could not be asked counts as absent. */
export function keysBesideMarker(facts: NodeFacts): number {
  return isMarked(facts) ? Math.max(0, facts.keys - 1) : facts.keys;
}

/** Whether a FAILOVER is under way on the node; a server that knows no such thing has none. */
export function isHandingOver(facts: NodeFacts): boolean {
  return (facts.failoverState ?? "no-failover") !== "no-failover";
}

/** The answer to one probe: what came, or which way it failed to come. */
export type ProbeReply =
  | { readonly kind: "pong" }
  | { readonly kind: "error"; readonly code: RedisErrorCode; readonly text: string }
  | { readonly kind: "refused" }
  | { readonly kind: "reset" }
  | { readonly kind: "timeout" }
  | { readonly kind: "unreachable"; readonly text: string }
  /** The node was not asked, because nobody could say where it is: no answer, and no silence either (fault N26). */
  | { readonly kind: "unresolved"; readonly text: string };

export type RedisErrorCode =
  | "LOADING"
  | "BUSY"
  | "MASTERDOWN"
  | "MISCONF"
  | "MAXCLIENTS"
  | "NOAUTH"
  | "WRONGPASS"
  | "NOPERM"
  | "TLS"
  | "PROTOCOL"
  | "OTHER";

/** One probe of one node. Times are this process's monotonic clock. */
export interface Sample {
  readonly node: NodeId;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly reply: ProbeReply;
  /** True when the probe had to open a connection: only a refused *fresh* connect is crash evidence. */
  readonly isFreshConnect: boolean;
  /** Sending time of an earlier probe whose answer arrived after its time-out. */
  readonly lateReplyToMs?: number;
  /** Asked over a session for effects, which sends INFO and no PING: it does not tell whether writes are taken. */
  readonly over?: "session";
  /** From ROLE, with every probe that was answered. A replica without a link does not say there how far it came. */
  readonly role?: { readonly role: "master" | "replica"; readonly offset: number | null };
  /** From INFO, when it was asked. */
  readonly facts?: NodeFacts;
  /** When a role change was rehearsed with this probe. */
  readonly rehearsal?: Rehearsal;
}

export type DownKind = "silent" | "refused" | "not-master" | "amnesic" | "foreign" | "loading";

/** What an observer concludes of a node. */
export type Verdict =
  | { readonly kind: "up" | "slow" | "loading" | "busy" | "full" | "denied" | "degraded" }
  | { readonly kind: "unresolved" }
  | { readonly kind: "down"; readonly of: DownKind }
  | { readonly kind: "foreign"; readonly why: string }
  | { readonly kind: "blind" };

export type Phase = "steady" | "promoting" | "settling";

/** The committed master with its chain of replication ids (protocol F5). */
export interface MasterRecord extends Lineage {
  readonly node: NodeId;
  readonly runId: string;
  /** Whether it was seen with the group's marker; then a server without it is not the group's (fault N18). */
  readonly isMarked: boolean;
}

/** Written once per epoch by the claim; replid and offset as chosen, so that the commit can prove descent. */
export interface Candidate {
  readonly node: NodeId;
  readonly replid: string;
  readonly offset: number;
}

export type RoundPurpose = "bootstrap" | "failover";

/** One suspicion. `suspect` is null in a bootstrap round, which asks who is master. */
export interface Round {
  readonly number: number;
  readonly status: "open" | "closed";
  readonly purpose: RoundPurpose;
  readonly suspect: NodeId | null;
  readonly openedBy: string;
  /** Why it was closed; null while open. */
  readonly reason: string | null;
}

export type EpochKind = "failover" | "switchover";

export interface Pause {
  readonly by: string;
  readonly reason: string;
  /** It ends by itself at this instant, ISO 8601 (ADR 0008); null: it lasts until somebody resumes. */
  readonly until: string | null;
  /** The rev that the pause was written with: observers acknowledge it in their heartbeats. */
  readonly rev: number;
}

/** A group that people took away. Its STATE stays, so that its epochs never repeat (fault D10). */
export interface Removal {
  readonly by: string;
  /** The rev that it was written with: observers acknowledge it in their heartbeats. */
  readonly rev: number;
}

/** How the last closed epoch ended; a candidate of a failed epoch is "maybe master" until seen otherwise. */
export interface EpochResult {
  readonly epoch: number;
  readonly kind: EpochKind;
  readonly result: "completed" | "failed";
  readonly isAutomatic: boolean;
  readonly from: NodeId | null;
  readonly to: NodeId;
  readonly reason: string;
  /** Whether it failed because its candidate did not let itself be promoted. */
  readonly isRefusal: boolean;
  readonly loss: LossReport | null;
}

/** Bytes that the old master had acknowledged and the new one never saw. */
export interface LossReport {
  readonly bytes: number | null;
  /** "exact" only when the old master itself came back with the run id it died with. */
  readonly certainty: "exact" | "lower-bound" | "unknown";
  readonly oldOffset: number | null;
  readonly newOffset: number;
}

/** What is published, as far as the table knows: decides between a first publication and a missing TXT. */
export interface Published {
  readonly epoch: number;
  readonly node: NodeId;
}

/** One write of STATE: who, by which rule, why, and what it led to. */
export interface LogEntry {
  readonly rev: number;
  readonly epoch: number;
  readonly round: number;
  readonly phase: Phase;
  readonly rule: string;
  /** The shift, or the operator. */
  readonly by: string;
  readonly why: string;
}

export const STATE_SCHEMA = 1;

/**
 * The STATE item: the only place where a group's fate is decided, always written by compare-and-swap on `rev`.
 * Readers that meet another schema keep their hands off (fault C8).
 */
export interface GroupState {
  readonly schema: typeof STATE_SCHEMA;
  readonly deployment: string;
  readonly group: string;
  readonly rev: number;
  /** The last four attempt ids, newest first: a writer recognises its own write behind a later one. */
  readonly attempts: readonly string[];
  readonly epoch: number;
  /** The epoch that committed `master`; the DNS fence carries this one (protocol F10). */
  readonly masterEpoch: number;
  readonly phase: Phase;
  readonly kind: EpochKind | null;
  readonly isAutomatic: boolean;
  /** null until the bootstrap round has named it. */
  readonly master: MasterRecord | null;
  readonly candidate: Candidate | null;
  /** `observer/shift` that drives the open epoch; null when it was released or nothing is open. */
  readonly leader: string | null;
  /** Raised by the leader while an epoch is open; takeover watches (epoch, leader, beat). */
  readonly beat: number;
  readonly round: Round;
  readonly configVersion: number;
  readonly pause: Pause | null;
  readonly request: OperatorRequest | null;
  readonly published: Published | null;
  readonly previousMaster: MasterRecord | null;
  /** Highest offset of the old master that the votes of the winning round had seen. */
  readonly previousOffset: number | null;
  /** Replication ids of this and earlier masters, newest first: a node that shows one of them is ours. */
  readonly histories: readonly string[];
  readonly lastEpoch: EpochResult | null;
  /** Epoch of the last completed automatic failover; null once an operator has handed over or acknowledged it (cool-down). */
  readonly automaticEpoch: number | null;
  /** Automatic failovers that came within the cool-down of another, since the group was calm last (`whenFlapping`). */
  readonly earlyEpochs: readonly number[];
  /** The master, by the epoch of its commit, for whose outage within the cool-down people were called last. */
  readonly pagedEpoch: number | null;
  /** Returned masters that keep what they have, read-only, until an operator releases them (`whenReturned`). */
  readonly kept: readonly NodeId[];
  /** The latest writes, newest last; the running epoch's are among them. Events are copies of it (invariant S16). */
  readonly log: readonly LogEntry[];
  /** Nodes that the configuration does not name and the observers found (ADR 0009). */
  readonly discovered: readonly Address[];
  /** Nobody watches the group any more; null while somebody does. */
  readonly removed: Removal | null;
  /** What the last write did, in one sentence, for the audit. */
  readonly lastTransition: { readonly rev: number; readonly rule: string; readonly why: string };
}

export type VoteVerdict = "down" | "up" | "blind" | "unreachable" | "names";

/** One observer's vote in one round; written once, never changed (protocol F3). */
export interface Vote {
  readonly observer: string;
  readonly group: string;
  readonly round: number;
  readonly epoch: number;
  readonly digest: string;
  readonly verdict: VoteVerdict;
  /** The suspect, or in a bootstrap round the master that the observer found. */
  readonly node: NodeId | null;
  /** Highest replication offset of the suspect that this observer saw. */
  readonly lastOffset: number | null;
  /** One sentence of evidence for people. */
  readonly evidence: string;
}
