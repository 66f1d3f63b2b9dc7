import type { GroupState } from "../core/model.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import type { StoredState, Swap } from "../ports/store.ts";

/** What compare-and-swap needs of a table: a put on condition of its basis, which shows what stands, and a strong read. */
export interface StateTable {
  read(group: string): Promise<Result<StoredState>>;
  put(base: number | null, next: GroupState): Promise<Result<StatePut>>;
}

export type StatePut =
  | { readonly isPut: true }
  | { readonly isPut: false; readonly standing: StoredState };

/**
 * The attempt whose write this one was made from; null where the first STATE is created. A table that was put back from a
 * backup repeats revs, and no attempt: a write passes only over the very item that it was made from (fault D10).
 */
export function basisOf(next: GroupState): string | null {
  return next.attempts[1] ?? null;
}

/** Whether a write may replace what stands. */
export function isBasis(
  standing: GroupState | null,
  base: number | null,
  next: GroupState,
): boolean {
  if ((standing?.rev ?? null) !== base) return false;
  const basis = basisOf(next);
  return standing === null || basis === null || standing.attempts[0] === basis;
}

export interface StateWrite {
  readonly base: number | null;
  readonly next: GroupState;
  readonly attempt: string;
}

/**
 * Compare-and-swap with an answer that is certain, or a failure that says it is not:
 *
 *   write ──► applied, reply lost ──► read: our attempt id stands ──► won
 *         ──► not applied         ──► read: the base still stands ──► the same write once more, same id, same condition
 *         ──► somebody was faster ──► condition fails, the old item shows whose write stands ──► lost
 */
export async function compareAndSwap(table: StateTable, write: StateWrite): Promise<Result<Swap>> {
  let ambiguous: Failure | null = null;
  for (let round = 0; round < 2; round += 1) {
    const put = await table.put(write.base, write.next);
    if (put.ok) {
      if (put.value.isPut) return success({ isWon: true, state: write.next });
      return judge(put.value.standing, write.attempt);
    }
    if (put.isOutcomeKnown) return put;
    ambiguous = put;
    const read = await table.read(write.next.group);
    if (!read.ok) return put;
    const standing = read.value.kind === "state" ? read.value.state : null;
    if (!isBasis(standing, write.base, write.next)) return judge(read.value, write.attempt);
  }
  return ambiguous ?? failure("timeout", "STATE could not be written");
}

/** The writes of one attempt are recognised by its id, which survives three later writes of others. */
function judge(stored: StoredState, attempt: string): Result<Swap> {
  switch (stored.kind) {
    case "absent":
      return success({ isWon: false, state: null });
    case "foreign":
      return failure("refused", stored.why);
    case "state":
      return success({ isWon: stored.state.attempts.includes(attempt), state: stored.state });
  }
}
