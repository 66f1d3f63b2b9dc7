import type { Look } from "./commands.ts";
import { findByReplicate, type GroupConfig, type NodeId, type Settings } from "./config.ts";
import {
  evidenceFullAtMs,
  firstMissAtMs,
  isAnswer,
  isLoadNews,
  isSuspect,
  type NodeMemory,
} from "./detector.ts";
import { hasCome } from "./instants.ts";
import { isKept } from "./kept.ts";
import { isOfChain } from "./lineage.ts";
import { isJoinable, type Memory } from "./memory.ts";
import {
  type GroupState,
  isMarked,
  keysBesideMarker,
  type MasterRecord,
  type NodeFacts,
} from "./model.ts";
import type { OperatorRequest, ReplaceRequest } from "./requests.ts";
import type { Writer } from "./state.ts";
import { verdictOf } from "./verdict.ts";

/** The moment of a decision: memory, clock and the name for its writes. */
export interface View {
  readonly memory: Memory;
  readonly config: GroupConfig;
  readonly settings: Settings;
  readonly nowMs: number;
  readonly attempt: string;
}

/** A view of a group whose STATE is known. */
export interface GroupView extends View {
  readonly state: GroupState;
}

/** A view of a group that has a committed master. */
export interface MasterView extends GroupView {
  readonly master: MasterRecord;
  readonly masterMemory: NodeMemory;
}

export function writer(view: View, rule: string, why: string): Writer {
  return { attempt: view.attempt, shift: view.memory.shift, rule, why };
}

export function nodesExcept(view: View, id: NodeId | null): readonly NodeMemory[] {
  return Object.values(view.memory.nodes).filter((node) => node.node !== id);
}

/** Whether the node answered its last probe. A freeze discards misses, and yet makes no answer of them. */
export function isAnswering(node: NodeMemory): boolean {
  return node.lastReply !== null && isAnswer(node.lastReply) && !isSuspect(node);
}

/** This observer reaches no node at all: it cannot tell a dead group from its own lost path. */
export function isBlind(view: View): boolean {
  return Object.values(view.memory.nodes).every((node) => !isAnswering(node));
}

export function isHeldDown(view: View, node: NodeMemory): boolean {
  return verdictOf(node, view.settings, view.nowMs).kind === "down";
}

/** Repairs act only while the committed master itself answers as master (Sentinel's "master looks sane"; F8, N18). */
export function isMasterSane(view: MasterView): boolean {
  const { masterMemory: master } = view;
  if (!isAnswering(master) || master.role !== "master") return false;
  return master.facts === null || !isForeignMaster(view, master.facts);
}

/** Nobody suspects anything, nothing is open, and the master answers as what STATE has of it. */
export function isCalm(view: MasterView): boolean {
  const { round, phase, candidate } = view.state;
  const isQuiet = round.status === "closed" && phase === "steady" && candidate === null;
  return isQuiet && isMasterSane(view);
}

/**
 * Whether what the master said of itself is as young as its record. What it said before its commit was known here was
 * said as somebody else's replica; what it said before this record of it was known may be another run's.
 */
export function isOfRecord(view: MasterView): boolean {
  const { masterKnown, recordKnown } = view.memory;
  const askedAtMs = view.masterMemory.factsAskedAtMs ?? Number.NEGATIVE_INFINITY;
  return askedAtMs >= Math.max(masterKnown.sinceMs, recordKnown.sinceMs);
}

/**
 * A node is ours if its history is the group's, or it holds the group's marker key, or it is empty (DESIGN, identity).
 * Everything else at a configured address is foreign: hands off (fault N18). A server that is loading shows no keys yet.
 */
export function isOurs(state: GroupState, facts: NodeFacts): boolean {
  const ids = new Set(state.histories);
  for (const record of [state.master, state.previousMaster]) {
    if (record === null) continue;
    ids.add(record.replid);
    if (record.replid2 !== null) ids.add(record.replid2);
  }
  const isKnown = ids.has(facts.replid) || (facts.replid2 !== null && ids.has(facts.replid2));
  return isKnown || isMarked(facts) || (facts.keys === 0 && !facts.isLoading);
}

/**
 * Whether somebody else's server answers at the committed master's address (fault N18): another run with a history that
 * nobody knows, and data without the marker that the group's has. A restart from a disk brings the marker back with the
 * data.
 */
export function isForeignMaster(view: MasterView, facts: NodeFacts): boolean {
  if (facts.role !== "master" || facts.isLoading || facts.marker !== null) return false;
  if (facts.runId === view.master.runId || isOurs(view.state, facts)) return false;
  // Whoever holds the group's data tells of its marker, unless its own promotion wrote one since.
  const { masterEpoch } = view.state;
  if (copiesOfChain(view).some(({ marker = null }) => marker !== null && marker <= masterEpoch))
    return true;
  // An emptied master that was written to before anybody saw it looks alike. Once every other node has copied it there is
  // nothing left to keep from it.
  const others = nodesExcept(view, view.master.node);
  return view.master.isMarked && others.some((node) => mayHoldData(view, node, facts));
}

/** Whether the node may hold what the group had, whatever it shows of the master's recorded history and of a marker. */
function mayHoldData(view: MasterView, node: NodeMemory, beside: NodeFacts): boolean {
  const { state } = view;
  const { facts } = node;
  if (facts === null || !isAnswering(node) || facts.isLoading) return true;
  // What it said before the other server was there, it said of another time: it may have synchronised since.
  if (isAskedBeforeMaster(view, node)) return true;
  return facts.replid !== beside.replid && facts.keys > 0 && isOurs(state, facts);
}

/** Nodes that are asked in one look are asked within half an interval. */
function isAskedBeforeMaster({ masterMemory, settings }: MasterView, node: NodeMemory): boolean {
  const masterMs = masterMemory.factsAskedAtMs ?? Number.POSITIVE_INFINITY;
  return (node.factsAskedAtMs ?? 0) < masterMs - settings.probeIntervalMs / 2;
}

/** By what a foreign server is told, for people. */
export function sayForeign({ replid, keys }: NodeFacts): string {
  return `replid ${replid}, ${keys} keys, no marker of this group`;
}

/** The configured node that this replica follows, by the replication address it names. */
export function followed(config: GroupConfig, facts: NodeFacts): NodeId | null {
  if (facts.masterHost === null || facts.masterPort === null) return null;
  return findByReplicate(config, facts.masterHost, facts.masterPort)?.id ?? null;
}

/** The best replica of the master's recorded history among those that answered, by keys. */
export function mostKeysOfChain(view: MasterView): number {
  return Math.max(0, ...copiesOfChain(view).map(keysBesideMarker));
}

/** What the other nodes said that answer and hold the master's recorded history. */
function copiesOfChain(view: MasterView): readonly NodeFacts[] {
  return nodesExcept(view, view.master.node).flatMap((node) => {
    if (node.facts === null || !isAnswering(node) || isKept(view.state, node.node)) return [];
    return isOfChain(view.master, node.facts) ? [node.facts] : [];
  });
}

/** Something is going on that must not wait for the calm rhythm. */
export function isUrgent(view: View): boolean {
  const { state } = view.memory;
  if (state === undefined) return true;
  if (state === null || state.master === null) return true;
  const master = view.memory.nodes[state.master.node];
  const isMasterOdd = master === undefined || isSuspect(master) || master.role !== "master";
  return (
    isMasterOdd ||
    state.round.status === "open" ||
    state.phase !== "steady" ||
    dueReplacement(state.request, view.memory.wallMs) !== null
  );
}

/** The request that the failover of a dead master would carry out. A switchover is asked of a living one. */
export function dueFailover(view: GroupView): ReplaceRequest | null {
  const due = dueReplacement(view.state.request, view.memory.wallMs);
  return due?.kind === "failover" ? due : null;
}

/** An operator's request for another master that is to be carried out now, and not at a later instant. */
export function dueReplacement(
  asked: OperatorRequest | null,
  wallMs: number,
): ReplaceRequest | null {
  const request = replacementOf(asked);
  return request === null || (request.at !== null && !hasCome(request.at, wallMs)) ? null : request;
}

/** An operator's request for another master, now or later. */
export function replacementOf(request: OperatorRequest | null): ReplaceRequest | null {
  return request?.kind === "failover" || request?.kind === "switchover" ? request : null;
}

/** The ordinary next look: every node once per interval, STATE as often as the moment asks for. */
export function nextLook(view: View): Look {
  const { memory, settings, nowMs } = view;
  const urgent = isUrgent(view);
  const nodes = Object.values(memory.nodes);
  const lastMs = Math.max(...nodes.map((node) => node.lastSentAtMs ?? Number.NEGATIVE_INFINITY));
  const dueMs = Number.isFinite(lastMs) ? lastMs + settings.probeIntervalMs : nowMs;
  const fullMs = nodes.map((node) => evidenceFullAtMs(node, settings) ?? Number.POSITIVE_INFINITY);
  const soonestMs = Math.min(dueMs, ...fullMs.filter((at) => at > nowMs));
  const afterMs = Math.max(0, soonestMs - nowMs);
  // What falls due within half an interval is asked now: a look later it would be half an interval late.
  const soonMs = nowMs + afterMs + settings.probeIntervalMs / 2;
  const stateAgeMs = soonMs - memory.stateReadAtMs;
  const isInfoDue = nodes.some(
    (node) => soonMs - (node.factsAtMs ?? Number.NEGATIVE_INFINITY) >= infoPeriodMs(view),
  );
  return {
    afterMs,
    probe: nodes.map((node) => node.node),
    // A node that comes back is asked at once who it is now, and so is a master whose record somebody else renewed.
    info:
      urgent ||
      isInfoDue ||
      nodes.some(isSuspect) ||
      nodes.some(isLoadNews) ||
      isMasterOutdated(memory),
    rehearse: memory.state?.master === null ? "again" : urgent ? "no" : "once",
    prepare: urgent ? toPrepare(view) : [],
    newcomers: [],
    bystander: null,
    order: "together",
    state: urgent || memory.storeFailure !== null || stateAgeMs >= settings.stateReadMs,
    votes: urgent && isJoinableNow(view),
    record: wantsRecord(view),
  };
}

/** Whether STATE records other ids of the master than it had when this observer last asked it. */
function isMasterOutdated(memory: Memory): boolean {
  const master = memory.nodes[memory.state?.master?.node ?? ""];
  return (master?.factsAskedAtMs ?? Number.POSITIVE_INFINITY) < memory.recordKnown.sinceMs;
}

/** A look at once, built from nothing: name what is needed. */
export function lookNow(view: View, needs: Partial<Look>): Look {
  const empty: Look = {
    afterMs: 0,
    probe: [],
    info: false,
    rehearse: "no",
    prepare: [],
    newcomers: [],
    bystander: null,
    order: "together",
    state: false,
    votes: false,
    record: "none",
  };
  return { ...empty, ...needs, record: needs.record ?? wantsRecord(view) };
}

/** INFO with every 10th probe in calm. */
export function infoPeriodMs(view: View): number {
  return 10 * view.settings.probeIntervalMs;
}

/** While the master is suspect, the sessions of whoever may be promoted are opened before they are needed. */
export function toPrepare(view: View): readonly NodeId[] {
  const { state } = view.memory;
  const master = state?.master?.node ?? null;
  const suspect = master === null ? undefined : view.memory.nodes[master];
  const isAfoot = suspect !== undefined && (isSuspect(suspect) || suspect.role !== "master");
  if (!isAfoot) return [];
  return nodesExcept(view, master)
    .filter((node) => isAnswering(node))
    .map((node) => node.node);
}

function isJoinableNow(view: View): boolean {
  const { memory } = view;
  const { state } = memory;
  if (state === undefined || state === null || state.round.status !== "open") return false;
  return isJoinable(memory, state) && memory.voted?.round === state.round.number;
}

/** The zone is read while a suspicion lasts, so that a publication starts from what is there. */
function wantsRecord(view: View): "none" | "resolve" | "api" {
  const { state, record, recordCheckedAtMs } = view.memory;
  if (view.config.dns === undefined || state === undefined || state === null) return "none";
  const master = state.master === null ? undefined : view.memory.nodes[state.master.node];
  const sinceMs = master === undefined ? null : firstMissAtMs(master);
  if (sinceMs === null || record?.from === "api") return "none";
  // Once: a zone that cannot be read must not hold up every look of a failover (fault R3).
  const hasFailed = record === null && (recordCheckedAtMs ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  return hasFailed ? "none" : "api";
}
