import type { NodeMemory } from "./detector.ts";
import { furthestOfHistory, isKnownHistory } from "./identity.ts";
import type { NodeFacts } from "./model.ts";
import { isAnswering, isAskedBefore, isHeldDown, type MasterView } from "./view.ts";

/**
 * A master that was killed comes back with what its RDB saved last, perhaps an hour ago. Its replicas have the rest until they
 * have synchronised with it, which takes them seconds: `repl-diskless-sync-delay` is 5 s by default (measured on Redis 7.0).
 */

/**
 * Up to which byte of the group's history a master came back by its RDB, as its second id says; null where it shows no such
 * restart. What was saved before its own promotion bears the id of an earlier master, and offsets count on through promotions. An
 * id that STATE does not know says nothing, whatever the marker: after a restart by an AOF that nobody recorded it counts from 0,
 * and a master that has lost nothing would be older. Redis before 7.0 and an AOF bring no second id.
 */
export function restoredUpTo({ master, state }: MasterView, facts: NodeFacts): number | null {
  const { runId, replid2, secondOffset } = facts;
  if (runId === master.runId || replid2 === null || secondOffset < 1) return null;
  return isKnownHistory(state, replid2) ? secondOffset - 1 : null;
}

/** How far those have the recorded history that were asked as lately as the master: what they said before, they may have given up. */
export function furthestNow(view: MasterView): number {
  return furthestOfHistory(view, (node) => hasSaid(view, node));
}

/**
 * Whether another node may have more of the history than the master brought back. One that answers is asked within a moment,
 * and one that has missed a probe is waited for until it is down; one that turns us away says nothing, nor does one that can't
 * be asked, and nobody waits for those.
 */
export function mayBeBehind(view: MasterView, restored: number): boolean {
  const maySay = (node: NodeMemory) =>
    !["error", "unresolved"].includes(node.lastReply?.kind ?? "error") && !isHeldDown(view, node);
  return restored < furthestOfHistory(view, (node) => hasSaid(view, node) || maySay(node));
}

/** How many bytes it had at least before it restarted, and has no more; 0: none that this observer knows of. */
export function bytesGone({ memory, masterMemory }: MasterView, restored: number): number {
  const { facts, factsAtMs } = masterMemory;
  const uptimeSeconds = facts?.uptimeSeconds;
  if (factsAtMs === null || uptimeSeconds === undefined) return 0;
  // It counts whole seconds; what was heard since it started is of the new history.
  const startedAtMs = factsAtMs - (uptimeSeconds + 1) * 1_000;
  const before = Object.values(memory.nodes).flatMap(({ positions }) =>
    positions.flatMap(({ receivedAtMs, offset }) => (receivedAtMs < startedAtMs ? [offset] : [])),
  );
  return Math.max(0, ...before.map((offset) => offset - restored));
}

function hasSaid({ masterMemory, settings }: MasterView, node: NodeMemory): boolean {
  return isAnswering(node) && !isAskedBefore(node, masterMemory, settings);
}
