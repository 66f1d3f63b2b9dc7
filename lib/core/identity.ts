import type { NodeMemory } from "./detector.ts";
import { isKept } from "./kept.ts";
import { extentIn, holdsOfChain } from "./lineage.ts";
import { type GroupState, isMarked, keysBesideMarker, type NodeFacts } from "./model.ts";
import { isAnswering, isAskedBefore, type MasterView, nodesExcept } from "./view.ts";

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
  const { replid, replid2 } = facts;
  const isKnown = [replid, replid2].some((id) => id !== null && isKnownHistory(state, id));
  return isKnown || isMarked(facts) || (facts.keys === 0 && !facts.isLoading);
}

/** Whether STATE names the history: of a master, or of what that one went on from. */
export function isKnownHistory(state: GroupState, id: string): boolean {
  const records = [state.master, state.previousMaster];
  return (
    state.histories.includes(id) ||
    records.some((record) => record !== null && [record.replid, record.replid2].includes(id))
  );
}

/** Two names of one process: whatever is done to the one is done to the other. */
export function isSameServer(one: NodeMemory, other: NodeMemory): boolean {
  if (one.facts === null || other.facts === null || !isAnswering(one) || !isAnswering(other)) {
    return false;
  }
  return one.facts.runId === other.facts.runId;
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
  if (isAskedBefore(node, view.masterMemory, view.settings)) return true;
  // Where its address leads to another node's server, nobody has asked its own.
  if (nodesExcept(view, node.node).some((one) => isSameServer(one, node))) return true;
  return facts.replid !== beside.replid && facts.keys > 0 && isOurs(state, facts);
}

/** By what a foreign server is told, for people. */
export function sayForeign({ replid, keys }: NodeFacts): string {
  return `replid ${replid}, ${keys} keys, no marker of this group`;
}

/** The best copy of the master's recorded history among those that answered, by keys. */
export function mostKeysOfChain(view: MasterView): number {
  return mostKeys(copiesOfChain(view));
}

/**
 * The same among those that were asked as lately as the master. What a replica said before, it may have given up since for
 * the restarted master's own data (fault N3).
 */
export function mostKeysOfChainNow(view: MasterView): number {
  return mostKeys(
    copiesOfChain(
      view,
      (node) => isAnswering(node) && !isAskedBefore(node, view.masterMemory, view.settings),
    ),
  );
}

function mostKeys(copies: readonly NodeFacts[]): number {
  return Math.max(0, ...copies.map(keysBesideMarker));
}

/**
 * How far the other nodes have the master's recorded history, those that count; 0 where nobody has it. One that loads what a
 * synchronisation brought still shows the history that it has just given up.
 */
export function furthestOfHistory(view: MasterView, counts: (node: NodeMemory) => boolean): number {
  const copies = copiesOfChain(view, counts).filter(({ isLoading }) => !isLoading);
  return Math.max(0, ...copies.map((facts) => extentIn(view.master, facts)));
}

/** What the other nodes said that count, those that answer, and hold the master's recorded history. */
function copiesOfChain(
  view: MasterView,
  counts: (node: NodeMemory) => boolean = isAnswering,
): readonly NodeFacts[] {
  return nodesExcept(view, view.master.node).flatMap((node) => {
    if (node.facts === null || isKept(view.state, node.node)) return [];
    if (!counts(node)) return [];
    return holdsOfChain(view.master, node.facts) ? [node.facts] : [];
  });
}
