import type { Attach, Command, Mark } from "../commands.ts";
import { findNode, formatAddress, type NodeId } from "../config.ts";
import type { NodeMemory } from "../detector.ts";
import { isContested, mayBeElsewhere } from "../elsewhere.ts";
import { notice, type SentinelEvent, warning } from "../events.ts";
import { isMasterSane, isOurs, isSameServer, sayForeign } from "../identity.ts";
import { isKept, nobody } from "../kept.ts";
import type { Prepared } from "../memory.ts";
import type { NodeFacts, RedisErrorCode } from "../model.ts";
import { barrierOf, ownOddities } from "../oddities.ts";
import { followed, isAnswering, type MasterView, nodesExcept, type View } from "../view.ts";
import { emit } from "./rule.ts";

/**
 * On-sight repair (DESIGN 4): what differs from STATE, judged from answers, acted on over sessions that were observed
 * before STATE was read. Master and candidate of STATE are never touched (protocol F1, rule 2).
 */
export interface Repairs {
  /** Effects that may start now, with the event that goes before each. */
  readonly commands: readonly Command[];
  readonly events: readonly SentinelEvent[];
  /** Nodes that need an observation before they can be repaired. */
  readonly toPrepare: readonly NodeId[];
  /** What is wrong and left alone, once for each cause. */
  readonly remarks: readonly SentinelEvent[];
}

type Wrong = "master-too" | "wrong-master";

const none: Repairs = { commands: [], events: [], toPrepare: [], remarks: [] };

/** `scope` fence: only nodes that say master; whoever may see such a node, also while somebody else leads. */
export function repairs(view: MasterView, scope: "fence" | "all"): Repairs {
  if (!isMasterSane(view)) return none;
  if (mayBeElsewhere(view)) return none;
  let syncing = countSyncing(view);
  const found = nodesExcept(view, view.master.node).map((node): Repairs => {
    const wrong = wrongOf(view, node);
    if (wrong === null) return scope === "all" ? stranded(view, node) : none;
    if (scope === "fence" && wrong !== "master-too") return none;
    if (isResting(view, node.node)) return none;
    if (wrong === "wrong-master" && syncing >= view.settings.parallelSyncs) return none;
    const one = repairOne(view, node, wrong);
    // A node that is left alone, a foreign one say, takes no turn from the others.
    if (one.commands.length > 0 || one.toPrepare.length > 0) syncing += 1;
    return one;
  });
  const marking = scope === "all" ? markMaster(view) : none;
  return [...found, marking]
    .filter((one) => one !== none)
    .reduce(
      (all, one) => ({
        commands: [...all.commands, ...one.commands],
        events: [...all.events, ...one.events],
        toPrepare: [...all.toPrepare, ...one.toPrepare],
        remarks: [...all.remarks, ...one.remarks],
      }),
      none,
    );
}

function wrongOf(view: MasterView, node: NodeMemory): Wrong | null {
  if (!isAnswering(node) || node.facts === null) return null;
  if (node.lastReply?.kind !== "pong" || node.facts.isLoading) return null;
  // Another name of the master itself: following it, it would follow nobody.
  if (view.state.candidate?.node === node.node || isSameServer(node, view.masterMemory))
    return null;
  if (isContested(view, node.node) || mayBeOldMaster(view, node, node.facts)) return null;
  const role = node.role ?? node.facts.role;
  if (role === "master") return "master-too";
  if (isKept(view.state, node.node)) return null;
  return followed(view.config, node.facts) === view.master.node ? null : "wrong-master";
}

/**
 * The old master itself under another node's name: it becomes a replica under its own, once its loss is counted (S9). One
 * that was started again is told by its run alone. So where it is to be held, its own address is asked first.
 */
function mayBeOldMaster(view: MasterView, node: NodeMemory, { runId, role }: NodeFacts): boolean {
  const { state, memory, settings } = view;
  const { previousMaster } = state;
  if (role !== "master" || previousMaster === null || previousMaster.node === node.node)
    return false;
  if (previousMaster.runId === runId) return true;
  const own = memory.nodes[previousMaster.node];
  if (settings.whenReturned !== "hold" || own === undefined) return false;
  return own.facts?.runId === runId || isToBeAsked(view, own, node);
}

/** A cut connection or two are no answer; whoever misses three probes in a row is not there. */
const absentAfterMisses = 3;

function isToBeAsked(view: View, own: NodeMemory, node: NodeMemory): boolean {
  const { lastSentAtMs, lastReply, missedAtMs } = own;
  if ((lastSentAtMs ?? Number.NEGATIVE_INFINITY) <= (node.roleSinceMs ?? 0)) return true;
  if (lastReply?.kind === "pong" || missedAtMs.length >= absentAfterMisses) return false;
  return !isInAnotherState(view, own, node);
}

/**
 * What a server answers in these states it answers over each connection. A refused login or connect is no such answer: a
 * connection that stands outlives a changed password, and a full server keeps it.
 */
const statesOfServer: ReadonlySet<RedisErrorCode> = new Set([
  "LOADING",
  "BUSY",
  "MISCONF",
  "MASTERDOWN",
]);

/** A process that has said master through three probes is not the one that loads, say, or runs a script: that may last. */
function isInAnotherState({ settings }: View, own: NodeMemory, node: NodeMemory): boolean {
  const { lastSentAtMs, lastReply } = own;
  if (!isAnswering(own) || lastReply?.kind !== "error" || !statesOfServer.has(lastReply.code))
    return false;
  if (lastSentAtMs === null || node.roleSinceMs === null) return false;
  const probesMs = (absentAfterMisses - 1) * settings.probeIntervalMs;
  return lastSentAtMs - node.roleSinceMs >= probesMs;
}

function repairOne(view: MasterView, node: NodeMemory, wrong: Wrong): Repairs {
  const { memory, state, master } = view;
  const prepared = memory.prepared[node.node];
  const isFresh =
    prepared !== undefined &&
    prepared.facts !== null &&
    !prepared.facts.isLoading &&
    prepared.askedAtMs <= memory.stateAskedAtMs &&
    // What was a master over this session may be a replica by its last probe: somebody else's work, and nothing seen of it.
    ((wrong !== "master-too" && prepared.facts.role !== "master") ||
      isOfThisReign(view, prepared)) &&
    view.nowMs - memory.stateAskedAtMs < view.settings.fenceMs;
  if (!isFresh) return isUnanswered(view, node.node) ? none : { ...none, toPrepare: [node.node] };
  const facts = prepared.facts;
  if (facts === null) return none;
  if (!isOurs(state, facts)) {
    if (isAnotherServer(node, prepared.askedAtMs, facts))
      return { ...none, toPrepare: [node.node] };
    return { ...none, remarks: [foreign(node.node, facts)] };
  }
  if ((facts.marker ?? 0) > state.epoch) return none;
  const address = isKept(state, node.node) ? nobody : findNode(view.config, master.node)?.replicate;
  if (address === undefined) return none;
  const attach: Attach = {
    kind: "attach",
    node: node.node,
    session: prepared.session,
    epoch: state.masterEpoch,
    master: address === nobody ? formatAddress(nobody) : master.node,
    address,
  };
  const said = describe(view, node.node, facts, wrong);
  // What refuses a change of its role is tried on and on, and told of once.
  const isBarred = barrierOf(ownOddities(node.facts, node.rehearsal)) !== null;
  const event = isBarred ? { ...said, onceKey: `odd attach ${node.node}` } : said;
  return { ...none, commands: [attach], events: [event] };
}

/** Whether a probe met another server, or another history, at this address since the session was opened (fault N18). */
function isAnotherServer(node: NodeMemory, askedAtMs: number, facts: NodeFacts): boolean {
  if (node.facts === null || (node.factsAskedAtMs ?? 0) <= askedAtMs) return false;
  return node.facts.runId !== facts.runId || node.facts.replid !== facts.replid;
}

/** What a master said before this observer knew of the commit was said in its own reign, and is no word on its loss. */
export function isOfThisReign(view: MasterView, prepared: Prepared): boolean {
  return prepared.askedAtMs >= view.memory.masterKnown.sinceMs;
}

/** Said before the node is attached: afterwards its own history is gone (protocol F16, invariant S9). */
function describe(view: MasterView, node: NodeId, facts: NodeFacts, wrong: Wrong): SentinelEvent {
  const evidence = {
    role: facts.role,
    replid: facts.replid,
    offset: facts.offset,
    keys: facts.keys,
    runId: facts.runId,
  };
  const to = view.master.node;
  if (wrong === "master-too" && isKept(view.state, node)) {
    const message = `${node} says master beside ${to}; it becomes read-only and keeps what it has`;
    return warning("+convert-to-slave", message, { node, evidence });
  }
  if (wrong === "master-too") {
    const message = `${node} says master beside ${to}; it becomes a replica of ${to}`;
    return warning("+convert-to-slave", message, { node, evidence });
  }
  const message = `${node} follows ${facts.masterHost}:${facts.masterPort}; it is pointed to ${to}`;
  const name = view.state.phase === "settling" ? "+slave-reconf-sent" : "+fix-slave-config";
  return notice(name, message, { node, evidence });
}

function foreign(node: NodeId, facts: NodeFacts): SentinelEvent {
  const why = `${node} is foreign: ${sayForeign(facts)}; hands off`;
  return warning("+page", why, { node, onceKey: `foreign ${node} ${facts.replid}` });
}

/**
 * Nodes that follow the right master and are still catching up count against parallelSyncs. One whose link does not come
 * up gives its turn back, as Sentinel's does at the end of a failover: it would keep the others waiting for ever.
 */
function countSyncing(view: MasterView): number {
  return nodesExcept(view, view.master.node).filter(
    (node) =>
      isAnswering(node) &&
      followsMaster(view, node) &&
      node.facts?.isLinkUp === false &&
      !isStranded(view, node),
  ).length;
}

function followsMaster(view: MasterView, { facts }: NodeMemory): boolean {
  return facts?.role === "replica" && followed(view.config, facts) === view.master.node;
}

function isStranded(view: MasterView, node: NodeMemory): boolean {
  const { unlinkedSinceMs } = node;
  if (unlinkedSinceMs === null || !followsMaster(view, node)) return false;
  return view.nowMs - unlinkedSinceMs >= view.settings.failoverTimeoutMs;
}

function stranded(view: MasterView, node: NodeMemory): Repairs {
  if (!isAnswering(node) || !isStranded(view, node)) return none;
  const forMs = view.settings.failoverTimeoutMs;
  const why = `${node.node} has followed ${view.master.node} for more than ${forMs} ms and its link does not come up: see its log, and check masterauth, tls-replication and the way between them`;
  const onceKey = `stranded ${node.node} ${view.state.masterEpoch}`;
  const event = warning("-slave-reconf-sent-timeout", why, { node: node.node, onceKey });
  return { ...none, remarks: [event] };
}

/** A repair that failed is tried again at the next interval, not at once. */
export function isResting(view: View, node: NodeId): boolean {
  const failedAtMs = view.memory.repairFailedAtMs[node];
  return failedAtMs !== undefined && view.nowMs - failedAtMs < view.settings.probeIntervalMs;
}

/** A session that could not be opened or was not answered is tried again at the next interval, not at once. */
function isUnanswered(view: MasterView, node: NodeId): boolean {
  const prepared = view.memory.prepared[node];
  if (prepared === undefined || prepared.facts !== null) return false;
  return view.nowMs - prepared.askedAtMs < view.settings.probeIntervalMs;
}

/** The marker is written through the master and replicated from there (DESIGN, identity). */
function markMaster(view: MasterView): Repairs {
  const { memory, settings, master, masterMemory, state } = view;
  if (!settings.marker || masterMemory.facts?.marker === undefined) return none;
  if (masterMemory.facts.marker !== null || masterMemory.facts.isLoading) return none;
  if (masterMemory.facts.replid !== master.replid || isResting(view, master.node)) return none;
  const prepared = memory.prepared[master.node];
  const isFresh =
    prepared !== undefined &&
    prepared.facts?.role === "master" &&
    prepared.askedAtMs <= memory.stateAskedAtMs;
  if (!isFresh)
    return isUnanswered(view, master.node) ? none : { ...none, toPrepare: [master.node] };
  const mark: Mark = {
    kind: "mark",
    node: master.node,
    session: prepared.session,
    epoch: state.masterEpoch,
  };
  const message = `writing the marker of epoch ${state.masterEpoch} through ${master.node}`;
  return { ...none, commands: [mark], events: [notice("+marker", message, { node: master.node })] };
}

/** Whether every node that answers follows the master with its link up: the end of settling. */
export function doAllFollow(view: MasterView): boolean {
  return nodesExcept(view, view.master.node).every(
    (node) =>
      !isAnswering(node) ||
      node.lastReply?.kind !== "pong" ||
      node.facts === null ||
      !isOurs(view.state, node.facts) ||
      (isKept(view.state, node.node) && node.role === "replica") ||
      isSameServer(node, view.masterMemory) ||
      isContested(view, node.node) ||
      (node.facts.role === "replica" &&
        node.role === "replica" &&
        node.facts.isLinkUp &&
        followed(view.config, node.facts) === view.master.node),
  );
}

export function emitAll(events: readonly SentinelEvent[]): readonly Command[] {
  return events.map(emit);
}
