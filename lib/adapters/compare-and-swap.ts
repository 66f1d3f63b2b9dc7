import type { GroupState } from "../core/model.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import type { StoredState, Swap } from "../ports/store.ts";

/** What compare-and-swap needs of a table: a put on condition of the rev, which shows what stands, and a strong read. */
export interface StateTable {
  read(group: string): Promise<Result<StoredState>>;
  put(base: number | null, next: GroupState): Promise<Result<StatePut>>;
}

export type StatePut =
  | { readonly isPut: true }
  | { readonly isPut: false; readonly standing: StoredState };

export interface StateWrite {
  readonly base: number | null;
  readonly next: GroupState;
  readonly attempt: string;
}

/**
 * Compare-and-swap with an answer that is certain, or a failure that says it is not:
 *
 *   write ──► applied, reply lost ──► read: our attempt id stands ──► won
 *         ──► not applied         ──► read: rev is still the base ──► the same write once more, same id, same condition
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
    if ((standing?.rev ?? null) !== write.base) return judge(read.value, write.attempt);
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
