import type { Look } from "./commands.ts";
import { findByReplicate, type GroupConfig, type NodeId, type Settings } from "./config.ts";
import {
  evidenceFullAtMs,
  firstMissAtMs,
  isAnswer,
  isSuspect,
  type NodeMemory,
} from "./detector.ts";
import { hasCome } from "./instants.ts";
import { isRecordStale } from "./lineage.ts";
import { isJoinable, type Memory } from "./memory.ts";
import type { GroupState, MasterRecord, NodeFacts } from "./model.ts";
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

/** The configured node that this replica follows, by the replication address it names. */
export function followed(config: GroupConfig, facts: NodeFacts): NodeId | null {
  if (facts.masterHost === null || facts.masterPort === null) return null;
  return findByReplicate(config, facts.masterHost, facts.masterPort)?.id ?? null;
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
  const fullMs = nodes.flatMap((node) => lookForEvidenceAtMs(view, node) ?? []);
  const soonestMs = Math.min(lookDueAtMs(view), ...fullMs);
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
    // A node that comes back is asked at once who it is now, and so is a master whose record somebody else renewed. What
    // a restarted master lost, the others are asked beside it.
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
    // Silence holds a look up. Whoever knows of a round before it need not look once more before voting (S320).
    order: nodes.some(isSilent) ? "state-first" : "together",
    state: urgent || memory.storeFailure !== null || stateAgeMs >= settings.stateReadMs,
    votes: urgent && isJoinableNow(view),
    record: wantsRecord(view),
  };
}

/**
 * When to look so that the evidence against a node is full at the end of that look; null: it is full, or there is none. A node
 * that is silent holds a look up for `probeTimeoutMs`, so a look that begins as late as the evidence is full is late by that:
 *
 *     missed ├────────────── downAfterMs ──────────────┤ full
 *     looks  ┝━━━━━━┥     ┝━━━━━━┥     ┝━━━━━━┥ ┝━━━━━━┥
 */
function lookForEvidenceAtMs({ settings, nowMs }: View, node: NodeMemory): number | null {
  const fullMs = evidenceFullAtMs(node, settings);
  if (fullMs === null || fullMs <= nowMs) return null;
  return isSilent(node) ? Math.max(nowMs, fullMs - settings.probeTimeoutMs) : fullMs;
}

/** Whether it let its last probe run out of time. */
function isSilent({ lastReply }: NodeMemory): boolean {
  return lastReply?.kind === "timeout";
}

/** It loads, or has loaded, and what it is now has not been asked yet: an old master must not stay one until the next INFO. */
export function isLoadNews({ loadingSinceMs, facts, lastReply }: NodeMemory): boolean {
  if (loadingSinceMs !== null) return facts?.isLoading !== true;
  return facts?.isLoading === true && lastReply?.kind === "pong";
}

/** Whether STATE records other ids of the master than it had, or showed, when this observer last asked it. */
function isMasterOutdated(memory: Memory): boolean {
  const master = shownMaster(memory);
  if (master === null) return false;
  const isOlder = (master.factsAskedAtMs ?? Number.POSITIVE_INFINITY) < memory.recordKnown.sinceMs;
  return isOlder || isRestarted(memory, master);
}

/** The recorded master, once it has said who it is. */
function shownMaster({ state, nodes }: Memory): NodeMemory | null {
  const master = nodes[state?.master?.node ?? ""];
  return master === undefined || master.facts === null ? null : master;
}

/** What a server that is loading holds is not there yet: what it is by then, it is asked by then. */
function isRestarted({ state }: Memory, { facts }: NodeMemory): boolean {
  const record = state?.master ?? null;
  if (record === null || facts === null) return false;
  return !facts.isLoading && isRecordStale(record, facts);
}

/**
 * When the next look falls due. A master that shows another run may have lost what its replicas hold, and they copy that
 * within a second: whoever was asked before it is asked again soon.
 */
function lookDueAtMs(view: View): number {
  const { memory, settings, nowMs } = view;
  const nodes = Object.values(memory.nodes);
  const lastMs = Math.max(...nodes.map((node) => node.lastSentAtMs ?? Number.NEGATIVE_INFINITY));
  if (!Number.isFinite(lastMs)) return nowMs;
  const master = shownMaster(memory);
  const isNews =
    master !== null &&
    isRestarted(memory, master) &&
    nodes.some((node) => isAnswering(node) && isAskedBefore(node, master, settings));
  return lastMs + (isNews ? settings.probeIntervalMs / 10 : settings.probeIntervalMs);
}

/** Nodes that are asked in one look are asked within half an interval. */
export function isAskedBefore(
  node: NodeMemory,
  other: NodeMemory,
  { probeIntervalMs }: Settings,
): boolean {
  const otherMs = other.factsAskedAtMs ?? Number.POSITIVE_INFINITY;
  return (node.factsAskedAtMs ?? 0) < otherMs - probeIntervalMs / 2;
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
