import type { Outcome } from "./commands.ts";
import type { GroupConfig, NodeId } from "./config.ts";
import { absorbSample, discardMisses, type NodeMemory, unknownNode } from "./detector.ts";
import type { GroupState, NodeFacts, Sample, Vote, VoteVerdict } from "./model.ts";
import type { RecordSet } from "./records.ts";

/** What one look at the world brought. "Not asked", "could not ask" and an answer are three things. */
export interface Observation {
  readonly nowMs: number;
  /** Unique name for the writes of the next decision. */
  readonly attempt: string;
  readonly config: GroupConfig;
  readonly samples: readonly Sample[];
  readonly prepared: readonly Prepared[];
  readonly state: Asked<{ readonly state: GroupState | null }>;
  readonly votes: Asked<{ readonly votes: readonly Vote[] }>;
  readonly record: Asked<RecordView>;
  readonly outcomes: readonly Outcome[];
  /** The process slept through its own loop; what it missed is no evidence. */
  readonly wasFrozen: boolean;
}

export type Asked<T> =
  | { readonly kind: "not-asked" }
  | { readonly kind: "failed"; readonly why: string; readonly isForeign: boolean }
  | {
      readonly kind: "read";
      readonly askedAtMs: number;
      readonly readAtMs: number;
      readonly value: T;
    };

export type RecordView =
  | { readonly from: "api"; readonly found: readonly RecordSet[] }
  | {
      readonly from: "dns";
      readonly addresses: readonly string[];
      readonly ports: readonly number[];
    };

/** What a node said over an effect session; the session's id is the token for acting on it. */
export interface Prepared {
  readonly node: NodeId;
  readonly session: number;
  readonly askedAtMs: number;
  readonly facts: NodeFacts | null;
  readonly why: string;
}

/** The promotion this shift carried out itself; a commit needs one (protocol F1, rule 5). */
export interface Promotion {
  readonly epoch: number;
  readonly node: NodeId;
  readonly facts: NodeFacts | null;
  readonly oldMaster: NodeFacts | null;
  readonly failures: number;
  readonly why: string;
  readonly trips: { readonly store: number; readonly redis: number };
}

export interface Publication {
  readonly epoch: number;
  readonly isDone: boolean;
  readonly isRefused: boolean;
  readonly failures: number;
  readonly failedAtMs: number;
  readonly why: string;
}

/** Instants of the failover under way, for the durations in its events. */
export interface Marks {
  readonly firstMissAtMs: number | null;
  readonly evidenceAtMs: number | null;
  readonly votedAtMs: number | null;
  readonly claimedAtMs: number | null;
  readonly promotedAtMs: number | null;
  readonly committedAtMs: number | null;
  readonly publishedAtMs: number | null;
}

export const noMarks: Marks = {
  firstMissAtMs: null,
  evidenceAtMs: null,
  votedAtMs: null,
  claimedAtMs: null,
  promotedAtMs: null,
  committedAtMs: null,
  publishedAtMs: null,
};

/** Everything one shift knows of one group. Instants are this process's monotonic clock. */
export interface Memory {
  readonly observer: string;
  /** `observer/number`: the name under which this shift leads. */
  readonly shift: string;
  readonly deployment: string;
  readonly startedAtMs: number;
  readonly config: GroupConfig;
  readonly nodes: Readonly<Record<NodeId, NodeMemory>>;
  readonly prepared: Readonly<Record<NodeId, Prepared>>;
  /** undefined: never read in this shift; null: the item doesn't exist. */
  readonly state: GroupState | null | undefined;
  readonly stateAskedAtMs: number;
  readonly stateReadAtMs: number;
  readonly storeFailure: { readonly why: string; readonly isForeign: boolean } | null;
  /** Rounds up to this number were there before this shift looked: of unknown age, not to be joined. */
  readonly firstRound: number | null;
  readonly wokenFor: number | null;
  readonly roundSeen: { readonly number: number; readonly atMs: number };
  readonly voted: { readonly round: number; readonly verdict: VoteVerdict } | null;
  readonly votes: { readonly votes: readonly Vote[]; readonly askedAtMs: number } | null;
  readonly withdrewAtMs: number | null;
  /** What takeover watches, and since when it stands still. */
  readonly watched: { readonly key: string; readonly sinceMs: number };
  readonly masterKnown: { readonly epoch: number; readonly sinceMs: number };
  readonly leadingSinceMs: number | null;
  readonly upVotes: number;
  readonly promotion: Promotion | null;
  readonly handedOver: { readonly epoch: number; readonly atMs: number } | null;
  readonly fencedEpoch: number | null;
  readonly publication: Publication | null;
  readonly record: RecordView | null;
  readonly recordCheckedAtMs: number | null;
  /** Repairs that failed: node → when. */
  readonly repairFailedAtMs: Readonly<Record<NodeId, number>>;
  readonly marks: Marks;
  /** Nodes that were down at the last look, so that +sdown and -sdown are said once each. */
  readonly downNodes: readonly NodeId[];
  /** Keys of what was said once already. */
  readonly reported: readonly string[];
}

export interface MemoryStart {
  readonly observer: string;
  readonly shift: string;
  readonly deployment: string;
  readonly nowMs: number;
  readonly config: GroupConfig;
  readonly wokenFor: number | null;
  /** From the predecessor's heartbeat: how long the committed master has been known (cool-down). */
  readonly masterKnown: { readonly epoch: number; readonly forMs: number } | null;
}

export function newMemory(start: MemoryStart): Memory {
  const { observer, shift, deployment, nowMs, config, wokenFor, masterKnown } = start;
  return {
    observer,
    shift,
    deployment,
    startedAtMs: nowMs,
    config,
    nodes: nodesOf(config, {}),
    prepared: {},
    state: undefined,
    stateAskedAtMs: Number.NEGATIVE_INFINITY,
    stateReadAtMs: Number.NEGATIVE_INFINITY,
    storeFailure: null,
    firstRound: null,
    wokenFor,
    roundSeen: { number: -1, atMs: nowMs },
    voted: null,
    votes: null,
    withdrewAtMs: null,
    watched: { key: "", sinceMs: nowMs },
    masterKnown:
      masterKnown === null
        ? { epoch: -1, sinceMs: Number.NEGATIVE_INFINITY }
        : { epoch: masterKnown.epoch, sinceMs: nowMs - masterKnown.forMs },
    leadingSinceMs: null,
    upVotes: 0,
    promotion: null,
    handedOver: null,
    fencedEpoch: null,
    publication: null,
    record: null,
    recordCheckedAtMs: null,
    repairFailedAtMs: {},
    marks: noMarks,
    downNodes: [],
    reported: [],
  };
}

function nodesOf(config: GroupConfig, known: Readonly<Record<NodeId, NodeMemory>>) {
  return Object.fromEntries(
    config.nodes.map((node) => [node.id, known[node.id] ?? unknownNode(node.id)]),
  );
}

/** Folds one observation into the memory. Pure; the order matters: what we did comes before what we saw of it. */
export function absorb(before: Memory, seen: Observation): Memory {
  let memory = before;
  if (seen.config !== memory.config) {
    const nodes = nodesOf(seen.config, memory.nodes);
    memory = { ...memory, config: seen.config, nodes, prepared: {}, votes: null };
  }
  if (seen.wasFrozen) memory = afterFreeze(memory);
  for (const outcome of seen.outcomes) memory = absorbOutcome(memory, outcome);
  for (const sample of seen.samples) memory = absorbOne(memory, sample);
  for (const one of seen.prepared) {
    memory = { ...memory, prepared: { ...memory.prepared, [one.node]: one } };
  }
  memory = absorbStore(memory, seen);
  if (seen.record.kind === "read") {
    const record = seen.record.value;
    memory = { ...memory, record, recordCheckedAtMs: seen.record.readAtMs };
  }
  return memory;
}

/** A frozen process restarts as a new shift would: it joins no round that it knew, and believes no silence. */
function afterFreeze(memory: Memory): Memory {
  const nodes = Object.values(memory.nodes).map((node) => [node.node, discardMisses(node)]);
  return {
    ...memory,
    nodes: Object.fromEntries(nodes),
    prepared: {},
    votes: null,
    firstRound: null,
    wokenFor: null,
    promotion: null,
    marks: noMarks,
  };
}

function absorbOne(memory: Memory, sample: Sample): Memory {
  const node = memory.nodes[sample.node];
  if (node === undefined) return memory;
  return { ...memory, nodes: { ...memory.nodes, [sample.node]: absorbSample(node, sample) } };
}

function absorbStore(memory: Memory, seen: Observation): Memory {
  let next = memory;
  if (seen.state.kind === "failed") {
    next = { ...next, storeFailure: { why: seen.state.why, isForeign: seen.state.isForeign } };
  } else if (seen.state.kind === "read") {
    const { askedAtMs, readAtMs, value } = seen.state;
    next = knowState({ ...next, storeFailure: null }, value.state, askedAtMs, readAtMs);
  }
  if (seen.votes.kind === "read") {
    const votes = { votes: seen.votes.value.votes, askedAtMs: seen.votes.askedAtMs };
    next = { ...next, votes };
  }
  return next;
}

/** Takes in what STATE says, whether by a read or by the answer to a write. An older rev never replaces a newer one. */
function knowState(
  memory: Memory,
  state: GroupState | null,
  askedAtMs: number,
  readAtMs: number,
): Memory {
  if (askedAtMs < memory.stateAskedAtMs) return memory;
  const round = state?.round.number ?? 0;
  const isLeader = state?.leader === memory.shift;
  const key = state === null ? "none" : `${state.epoch} ${state.leader} ${state.beat}`;
  const masterEpoch = state?.masterEpoch ?? 0;
  const isFirst = memory.state === undefined;
  const isMasterNew = memory.masterKnown.epoch !== masterEpoch;
  return {
    ...memory,
    state,
    stateAskedAtMs: askedAtMs,
    stateReadAtMs: readAtMs,
    firstRound: memory.firstRound ?? round,
    roundSeen:
      memory.roundSeen.number === round ? memory.roundSeen : { number: round, atMs: readAtMs },
    watched: memory.watched.key === key ? memory.watched : { key, sinceMs: readAtMs },
    // Nobody told us since when a master that we find at our first read is committed: long enough ago.
    masterKnown: isMasterNew
      ? { epoch: masterEpoch, sinceMs: isFirst ? Number.NEGATIVE_INFINITY : readAtMs }
      : memory.masterKnown,
    leadingSinceMs: isLeader ? (memory.leadingSinceMs ?? readAtMs) : null,
  };
}

function absorbOutcome(memory: Memory, outcome: Outcome): Memory {
  switch (outcome.kind) {
    case "state-written": {
      const withdrew = isWithdrawal(memory, outcome.state) ? outcome.readAtMs : memory.withdrewAtMs;
      const next = { ...memory, storeFailure: null, withdrewAtMs: withdrew };
      return knowState(next, outcome.state, outcome.askedAtMs, outcome.readAtMs);
    }
    case "state-lost":
      return knowState(memory, outcome.state, outcome.askedAtMs, outcome.readAtMs);
    case "store-failed":
      return { ...memory, storeFailure: { why: outcome.why, isForeign: false } };
    case "voted":
      return { ...memory, voted: { round: outcome.vote.round, verdict: outcome.vote.verdict } };
    case "vote-lost":
      return {
        ...memory,
        voted: { round: outcome.standing.round, verdict: outcome.standing.verdict },
      };
    case "promoted":
      return {
        ...absorbOne(memory, answerOf(outcome)),
        promotion: { ...outcome, failures: 0, why: "" },
        marks: { ...memory.marks, promotedAtMs: outcome.atMs },
      };
    case "effect-done":
      return absorbEffect(memory, outcome);
    case "effect-failed":
      return absorbFailure(memory, outcome);
    case "published": {
      const publication = { isDone: true, isRefused: false, failures: 0, failedAtMs: 0, why: "" };
      return { ...memory, record: null, publication: { ...publication, epoch: outcome.epoch } };
    }
    case "not-published":
      return { ...memory, record: null, publication: failedPublication(memory, outcome) };
    case "withheld":
      return memory;
  }
}

/** What a promoted node said right after counts as an answer of that node. */
function answerOf(outcome: Extract<Outcome, { kind: "promoted" }>): Sample {
  const { node, facts, atMs } = outcome;
  const times = { sentAtMs: atMs, receivedAtMs: atMs };
  return { node, ...times, reply: { kind: "pong" }, isFreshConnect: false, facts };
}

/** Whether the write that was won took back this observer's own down vote. */
function isWithdrawal(memory: Memory, written: GroupState): boolean {
  const { voted } = memory;
  return (
    written.round.status === "closed" &&
    voted?.verdict === "down" &&
    voted.round === written.round.number &&
    written.phase === memory.state?.phase &&
    written.epoch === memory.state?.epoch
  );
}

function absorbEffect(memory: Memory, outcome: Extract<Outcome, { kind: "effect-done" }>): Memory {
  const { [outcome.node]: _used, ...prepared } = memory.prepared;
  const { epoch, atMs, command } = outcome;
  if (command === "hand-over") return { ...memory, prepared, handedOver: { epoch, atMs } };
  if (command === "fence") return { ...memory, prepared, fencedEpoch: epoch };
  return { ...memory, prepared };
}

function absorbFailure(
  memory: Memory,
  outcome: Extract<Outcome, { kind: "effect-failed" }>,
): Memory {
  const { [outcome.node]: _used, ...prepared } = memory.prepared;
  const { node, epoch, why } = outcome;
  if (outcome.command === "promote") {
    const failures = memory.promotion?.epoch === epoch ? memory.promotion.failures + 1 : 1;
    const trips = { store: 0, redis: 0 };
    const promotion = { epoch, node, facts: null, oldMaster: null, failures, why, trips };
    return { ...memory, prepared, promotion };
  }
  if (outcome.command === "hand-over") {
    return { ...memory, prepared, handedOver: { epoch, atMs: memory.stateReadAtMs } };
  }
  const repairFailedAtMs = { ...memory.repairFailedAtMs, [node]: memory.stateReadAtMs };
  return { ...memory, prepared, repairFailedAtMs };
}

function failedPublication(
  memory: Memory,
  outcome: Extract<Outcome, { kind: "not-published" }>,
): Publication {
  const before = memory.publication?.epoch === outcome.epoch ? memory.publication.failures : 0;
  return {
    epoch: outcome.epoch,
    isDone: false,
    isRefused: outcome.isRefused,
    failures: before + 1,
    failedAtMs: memory.stateReadAtMs,
    why: outcome.why,
  };
}

/** Whether this shift may vote and count in the open round (protocol F2). */
export function isJoinable(memory: Memory, state: GroupState): boolean {
  if (memory.firstRound === null) return false;
  return state.round.number > memory.firstRound || state.round.number === memory.wokenFor;
}
