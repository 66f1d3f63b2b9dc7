import type { LossReport, MasterRecord, NodeFacts } from "./model.ts";

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

/** Whether a returned node is the very process that was the master before, so that its offset can be compared. */
export function isSameProcess(
  previous: MasterRecord | null,
  node: string,
  facts: NodeFacts,
): boolean {
  return previous !== null && previous.node === node && previous.runId === facts.runId;
}
