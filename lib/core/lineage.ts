import { isMarked, type Lineage, type MasterRecord, type NodeFacts } from "./model.ts";

/**
 * Replication ids and offsets as a partial order of histories. A restart with an AOF gives a new id, no second id and
 * offset 0 although all data is there (measured on Redis 7.0), so an unknown id alone says nothing about the data.
 */

/** Whether a node's history is the chain's, or a beginning of it (protocol F5). */
export function isOfChain(chain: Lineage, node: Lineage & { readonly offset: number }): boolean {
  if (node.replid === chain.replid) return true;
  if (node.replid2 !== null && node.replid2 === chain.replid) return true;
  return (
    chain.replid2 !== null && node.replid === chain.replid2 && node.offset <= chain.secondOffset
  );
}

/**
 * Whether a node holds what the chain's master has of the history before its own: it has gone its own way from there no later
 * than that master. A node that was promoted while the recorded master had lost everything is such a copy, and perhaps the last
 * one (fault N3). It is none to be chosen for what it wrote since.
 */
export function holdsOfChain(chain: Lineage, node: Lineage & { readonly offset: number }): boolean {
  if (isOfChain(chain, node)) return true;
  const isBranch = chain.replid2 !== null && node.replid2 === chain.replid2;
  return isBranch && node.secondOffset <= chain.secondOffset;
}

/** Up to which byte a node that holds of the chain has it: as far as it has come, or until it went its own way. */
export function extentIn(chain: Lineage, node: Lineage & { readonly offset: number }): number {
  const isOnIt = node.replid === chain.replid || node.replid === chain.replid2;
  return isOnIt ? node.offset : node.secondOffset - 1;
}

/** Whether a master's new ids continue the recorded chain by themselves (promotion, or a restart with an RDB). */
export function continuesChain(chain: Lineage, node: Lineage): boolean {
  return node.replid === chain.replid || (node.replid2 !== null && node.replid2 === chain.replid);
}

/** Whether what the master shows differs from what is recorded of it. */
export function isRecordStale(record: MasterRecord, facts: NodeFacts): boolean {
  return (
    record.runId !== facts.runId ||
    record.replid !== facts.replid ||
    record.replid2 !== facts.replid2 ||
    record.secondOffset !== facts.secondOffset
  );
}

/**
 * Whether a promoted node descends from what was chosen: its second id is the chosen history and reaches at least the
 * chosen offset. A node that was emptied between choice and promotion fails this (protocol F5c). A node that was a
 * master already keeps its id.
 */
export function descendsFrom(
  chosen: { readonly replid: string; readonly offset: number },
  promoted: NodeFacts,
): boolean {
  if (promoted.replid === chosen.replid) return promoted.offset >= chosen.offset;
  return promoted.replid2 === chosen.replid && promoted.secondOffset - 1 >= chosen.offset;
}

/** The record of a master as it shows itself. */
export function recordOf(node: string, facts: NodeFacts): MasterRecord {
  return {
    node,
    runId: facts.runId,
    replid: facts.replid,
    replid2: facts.replid2,
    secondOffset: facts.secondOffset,
    isMarked: isMarked(facts),
  };
}
