import type { Writes } from "./sim-client.ts";

/**
 * What became of every write that clients tried, held against the one data set that is left (Jepsen's set checker). A
 * write whose answer never came may be there or not; both are right.
 */
export interface WriteSet {
  /** Acknowledged and there. */
  readonly kept: number;
  /** Acknowledged and gone. */
  readonly lost: number;
  /** Never answered, and there all the same. */
  readonly recovered: number;
  /** There, though refused or never sent: no failover explains that. */
  readonly unexpected: readonly number[];
}

export function checkSet(writes: Writes, held: ReadonlySet<number>): WriteSet {
  const { acknowledged, unknown } = writes;
  const there = [...held];
  const kept = there.filter((value) => acknowledged.has(value)).length;
  return {
    kept,
    lost: acknowledged.size - kept,
    recovered: there.filter((value) => unknown.has(value)).length,
    unexpected: there.filter((value) => !acknowledged.has(value) && !unknown.has(value)),
  };
}
