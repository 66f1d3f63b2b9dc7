import { absentForMs } from "../absence.ts";
import type { NodeId } from "../config.ts";
import { lastOffset, type NodeMemory } from "../detector.ts";
import { type Election, elect, type Lesser } from "../election.ts";
import { isForeignMaster } from "../identity.ts";
import { isKept } from "../kept.ts";
import { isOfChain } from "../lineage.ts";
import type { Memory } from "../memory.ts";
import { isMarked } from "../model.ts";
import { barringOddities } from "../oddities.ts";
import type { NodeOddity } from "../rehearsal.ts";
import type { ReplaceRequest } from "../requests.ts";
import { restoredUpTo } from "../restored.ts";
import { type Suspicion, suspicion } from "../situation.ts";
import { dueFailover, isAnswering, isHeldDown, type MasterView, nodesExcept } from "../view.ts";

/** The choice of a node, from what the nodes said just now over the sessions that would promote them. */

/** A choice is made from answers given now, never from remembered ones (DESIGN 4.3). */
export function areChoicesFresh(view: MasterView): boolean {
  return contendersToAsk(view).every((node) => isFresh(view.memory, node.node, view));
}

export function isFresh(memory: Memory, node: string, view: MasterView): boolean {
  const prepared = memory.prepared[node];
  return prepared !== undefined && view.nowMs - prepared.askedAtMs <= view.settings.fenceMs;
}

function contendersToAsk(view: MasterView): readonly NodeMemory[] {
  return contenders(view).filter((node) => isAnswering(node));
}

/** Everybody but the suspect; a suspect that says replica may be promoted again (protocol F8). */
function contenders(view: MasterView): readonly NodeMemory[] {
  return isMasterEligible(view) ? nodesExcept(view, null) : nodesExcept(view, view.master.node);
}

function isMasterEligible(view: MasterView): boolean {
  const held = suspicion(view);
  return held.kind === "full" && held.of === "not-master";
}

/** Whom the living master is to hand over to; null: nobody wished for it. */
export function chooseSuccessor(view: MasterView, asked: ReplaceRequest | null): Election {
  return choose(view, { votesOffset: null, isHandOver: true, asked });
}

/** Who takes the place of a master that is down; `votesOffset`: the highest offset of it that a vote saw. */
export function chooseFor(view: MasterView, votesOffset: number | null): Election {
  return choose(view, { votesOffset, isHandOver: false, asked: dueFailover(view) });
}

interface Occasion {
  readonly votesOffset: number | null;
  readonly isHandOver: boolean;
  /** What an operator wished and consented to. */
  readonly asked: ReplaceRequest | null;
}

function choose(view: MasterView, { votesOffset, isHandOver, asked }: Occasion): Election {
  const held = suspicion(view);
  return elect({
    config: view.config,
    master: view.master,
    isMasterEligible: isMasterEligible(view),
    contenders: contenders(view).map((node) => contender(view, node)),
    masterOffset: isOfAnother(held) ? null : highest(votesOffset, ownOffset(view)),
    masterGoneMs: held.kind === "full" ? goneMs(view, view.nowMs - held.sinceMs) : 0,
    failedBefore: failedBefore(view),
    isHandOver,
    avoided: isHandOver ? avoidedFor(asked) : [],
    only: asked?.to ?? null,
    consentedLossBytes: asked?.allowedLossBytes ?? null,
    lesser: lesserOf(view, held),
  });
}

/**
 * A master that refuses writes must not take over from one that does not, nor from another that refuses them; one that
 * is dead is replaced all the same. What an operator asks for needs no disk that is better than the old one.
 */
function avoidedFor(asked: ReplaceRequest | null): readonly NodeOddity[] {
  return asked === null ? ["memory-full", "cannot-save"] : ["memory-full"];
}

/**
 * Who did not let itself be promoted just before, since the commit and under this shift's eyes: others go first. Longer
 * ago, or where the circumstances were at fault, it is no reason to choose a node that holds less.
 */
function failedBefore(view: MasterView): NodeId | null {
  const { lastEpoch, masterEpoch, epoch } = view.state;
  if (lastEpoch === null || lastEpoch.epoch <= masterEpoch || !lastEpoch.isRefusal) return null;
  const { epochSeen } = view.memory;
  return epochSeen.epoch === epoch && Number.isFinite(epochSeen.sinceMs) ? lastEpoch.to : null;
}

/**
 * How long the master has been gone, over all that it was since (`absence.ts`). A shift that never heard it goes on counting
 * from its predecessor's suspicion; without one, the replica that lost its link last tells how long it is at the least
 * (Sentinel's sixth filter compares link-downs with this). So it does where the master itself has become a replica: this
 * shift may have begun long after.
 */
function goneMs(view: MasterView, ownMs: number): number {
  const { inherited } = view.memory;
  const hasHeardMaster = view.masterMemory.lastAnsweredAtMs !== null && !isMasterEligible(view);
  const heldMs = Math.max(ownMs, absentForMs(view));
  if (hasHeardMaster) return heldMs;
  if (inherited?.suspect === view.master.node) return Math.max(heldMs, ownMs + inherited.forMs);
  const downs = contenders(view).flatMap((node) => {
    const facts = view.memory.prepared[node.node]?.facts;
    if (facts === undefined || facts === null || !isOfChain(view.master, facts)) return [];
    return facts.linkDownSeconds === null ? [] : [facts.linkDownSeconds * 1_000];
  });
  return downs.length === 0 ? heldMs : Math.max(heldMs, Math.min(...downs));
}

function lesserOf(view: MasterView, held: Suspicion): Lesser | null {
  const { facts } = view.masterMemory;
  if (held.kind !== "full" || held.of !== "amnesic" || facts === null) return null;
  return { replid: facts.replid, upTo: restoredUpTo(view, facts) };
}

/** The offset of an emptied master, of a replica that was one, or of another server may belong to another history. */
function isOfAnother(held: Suspicion): boolean {
  return held.kind === "full" && ["amnesic", "not-master", "foreign"].includes(held.of);
}

function contender(view: MasterView, node: NodeMemory) {
  const prepared = view.memory.prepared[node.node];
  const isAsked = prepared !== undefined && isFresh(view.memory, node.node, view);
  return {
    node: node.node,
    facts: isAsked ? prepared.facts : null,
    oddities: barringOddities(view, node, isAsked ? prepared.facts : null),
    isHeldDown: isHeldDown(view, node),
    isKept: isKept(view.state, node.node),
    lastKnownOffset: node.positions.at(-1)?.offset ?? null,
  };
}

/**
 * The last offset of the master that this observer saw, in this shift or in the one before it. Once another server has
 * answered in its place nobody knows whose offset that is (fault N18).
 */
export function ownOffset(view: MasterView): number | null {
  const { inherited } = view.memory;
  const { facts } = view.masterMemory;
  if (facts !== null && isForeignMaster(view, facts)) return null;
  const before = inherited?.suspect === view.master.node ? inherited.offset : null;
  return lastOffset(view.masterMemory) ?? before;
}

/** The higher of two offsets, where known. */
export function highest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

/**
 * What people can do where nobody may be promoted and somebody came back with the group's data in a history that nobody
 * knows. Its offset begins anew, so which of several is the newest, and whether a silent one is newer, can't be proved.
 */
export function wayOut(view: MasterView): string {
  const marked = contenders(view).flatMap(({ node }) => {
    const facts = view.memory.prepared[node]?.facts ?? null;
    if (facts === null || !isMarked(facts) || isOfChain(view.master, facts)) return [];
    return isFresh(view.memory, node, view) ? [node] : [];
  });
  if (marked.length === 0) return "";
  return `; how new ${marked.join(" and ")} ${marked.length === 1 ? "is" : "are"} can't be proved: start ${view.master.node} with its data, or choose one by hand, let the others follow it, and run \`lambda-sentinel adopt ${view.config.name}\``;
}
