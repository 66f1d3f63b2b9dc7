import type { Lineage, LossReport, MasterRecord, NodeFacts } from "./model.ts";

/** At the commit: a lower bound from the last offset of the old master that any observer saw (DESIGN, loss report). */
export function lossAtCommit(oldOffset: number | null, promoted: NodeFacts): LossReport {
  const fork = forkOffset(promoted);
  return {
    bytes: oldOffset === null ? null : Math.max(0, oldOffset - fork),
    certainty: oldOffset === null ? "unknown" : "lower-bound",
    oldOffset,
    newOffset: fork,
  };
}

/** When the old master itself comes back with the run id it had: exact. */
export function lossOnReturn(fork: number, returned: NodeFacts): LossReport {
  return {
    bytes: Math.max(0, returned.offset - fork),
    certainty: "exact",
    oldOffset: returned.offset,
    newOffset: fork,
  };
}

/** The last byte of the old history that the new master holds. */
export function forkOffset(master: Pick<NodeFacts, "secondOffset" | "offset">): number {
  return master.secondOffset > 0 ? master.secondOffset - 1 : master.offset;
}

/**
 * The last byte that the master holds of the old one's history; null where its second id is not of that history. Who was
 * started again since has none, or an earlier id of its own, whose offset is no fork of the two; and nobody knows how much
 * of the old history it still has.
 */
export function forkFrom(previous: Lineage, master: Lineage): number | null {
  const { replid2, secondOffset } = master;
  if (replid2 === null || secondOffset < 1) return null;
  const isOwn = replid2 === previous.replid;
  // Chosen before it had the first byte of what the old master began itself.
  const isEarlier = replid2 === previous.replid2 && secondOffset <= previous.secondOffset;
  return isOwn || isEarlier ? secondOffset - 1 : null;
}

/** Whether a returned node is the very process that was the master before, so that its offset can be compared. */
export function isSameProcess(
  previous: MasterRecord | null,
  node: string,
  facts: NodeFacts,
): boolean {
  return previous !== null && previous.node === node && previous.runId === facts.runId;
}
