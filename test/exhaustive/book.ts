import type { NodeId } from "../../lib/core/config.ts";

/** Everything that may go wrong, and how often a scope lets it. */
export interface Budget {
  /** An invocation ends anywhere; the observer's next one starts with an empty memory. */
  readonly crash: number;
  /** takeoverMs passes on one observer's clock. */
  readonly era: number;
  /** Time passes for an observer in the middle of a turn. */
  readonly stall: number;
  /** A request is not carried out, or carried out and its answer is lost. */
  readonly loss: number;
  /** A request is carried out later than its sender believes, at any moment or never. */
  readonly late: number;
  readonly kill: number;
  readonly hang: number;
  /** One observer cannot reach one node. */
  readonly cut: number;
  /** Somebody changes a role by hand. */
  readonly manual: number;
  /** An operator asks for a failover. */
  readonly request: number;
  readonly pause: number;
  /** A client writes to a node that takes it for the master. */
  readonly write: number;
  /** Somebody edits the record by hand. */
  readonly edit: number;
}

export type Fault = keyof Budget;

/** What the checker knows beside the world itself: history that STATE does not keep, and what may still go wrong. */
export interface Book {
  readonly left: Budget;
  /** `observer node`: nothing passes between them. */
  readonly cuts: readonly string[];
  /** Who was to be promoted, by epoch. */
  readonly intents: Readonly<Record<number, NodeId>>;
  /** Who was committed, by epoch. */
  readonly committed: Readonly<Record<number, NodeId>>;
  /** What the candidate of the newest epoch held when it was chosen. */
  readonly chosen: readonly string[];
  /** The newest epoch in which its candidate was promoted, and whether it still held what it held when chosen. */
  readonly promoted: { readonly epoch: number; readonly isWhole: boolean };
  /** By process: the epoch in which, leading it, it heard the old master answer as master. */
  readonly heardOld: readonly number[];
  /** By process: the round that stood when it first read STATE; what is open then is none of its rounds. Null: not read yet. */
  readonly found: readonly (number | null)[];
  /** Writes that clients were told are kept, and what a running switchover owes. */
  readonly acknowledged: readonly string[];
  readonly owed: readonly string[];
}

/** A list in which one process's entry is another. */
export function withEntry<T>(list: readonly T[], process: number, entry: T): readonly T[] {
  return list.map((one, index) => (index === process ? entry : one));
}

export function spend(book: Book, fault: Fault): Book {
  return { ...book, left: { ...book.left, [fault]: book.left[fault] - 1 } };
}
