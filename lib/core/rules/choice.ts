import type { NodeMemory } from "../detector.ts";
import { type Election, elect } from "../election.ts";
import type { Memory } from "../memory.ts";
import { isAnsweringKind, suspicion } from "../situation.ts";
import { isAnswering, isHeldDown, type MasterView, nodesExcept } from "../view.ts";

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

export function chooseFor(view: MasterView, votesOffset: number | null): Election {
  const held = suspicion(view);
  return elect({
    config: view.config,
    master: view.master,
    isMasterEligible: isMasterEligible(view),
    contenders: contenders(view).map((node) => contender(view, node)),
    masterOffset: isAmnesicHeld(view) ? null : highest(votesOffset, ownOffset(view)),
    masterGoneMs: held.kind === "full" ? view.nowMs - held.sinceMs : 0,
  });
}

/** An emptied master's offset belongs to another history. */
function isAmnesicHeld(view: MasterView): boolean {
  const held = suspicion(view);
  return held.kind === "full" && isAnsweringKind(held.of);
}

function contender(view: MasterView, node: NodeMemory) {
  const prepared = view.memory.prepared[node.node];
  const isAsked = prepared !== undefined && isFresh(view.memory, node.node, view);
  return {
    node: node.node,
    facts: isAsked ? prepared.facts : null,
    isHeldDown: isHeldDown(view, node),
    lastKnownOffset: node.positions.at(-1)?.offset ?? null,
  };
}

/** The last offset of the master that this observer saw itself. */
export function ownOffset(view: MasterView): number | null {
  return view.masterMemory.positions.at(-1)?.offset ?? view.masterMemory.facts?.offset ?? null;
}

/** The higher of two offsets, where known. */
export function highest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}
