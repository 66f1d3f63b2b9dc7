import type { WriteState } from "./commands.ts";
import type { GroupState, LogEntry, MasterRecord } from "./model.ts";

/** What every write of STATE has in common: its number, its attempt, and its line in the log. */

/** Who writes, by which rule and why: goes into the item for the audit. */
export interface Writer {
  readonly attempt: string;
  readonly shift: string;
  readonly rule: string;
  readonly why: string;
}

const attemptsKept = 4;
/** A node that was away for longer than this many masters is told by the marker, or is foreign. */
const historiesKept = 32;

/**
 * An open epoch writes four or five entries; what is older was copied long ago. More and longer ones would make every
 * read of STATE dearer, which is paid for by 4 KB.
 */
const logKept = 10;
const whyMax = 160;

/** The next item, with a line in its log. */
export function write(state: GroupState, change: Partial<GroupState>, writer: Writer): WriteState {
  const put = writeUnlogged(state, change, writer);
  const log = [...state.log, entryOf(put.next, writer)].slice(-logKept);
  return { ...put, next: { ...put.next, log } };
}

/** A sign of life says nothing new. */
export function writeUnlogged(
  state: GroupState,
  change: Partial<GroupState>,
  writer: Writer,
): WriteState & { readonly next: GroupState } {
  const rev = state.rev + 1;
  const next: GroupState = {
    ...state,
    ...change,
    rev,
    attempts: [writer.attempt, ...state.attempts].slice(0, attemptsKept),
    histories: remember(state.histories, change.master ?? null),
    lastTransition: { rev, rule: writer.rule, why: writer.why },
  };
  return { kind: "write-state", base: state.rev, next, attempt: writer.attempt };
}

export function entryOf(
  { rev, epoch, round, phase }: Pick<GroupState, "rev" | "epoch" | "round" | "phase">,
  { rule, shift, why }: Writer,
): LogEntry {
  return { rev, epoch, round: round.number, phase, rule, by: shift, why: why.slice(0, whyMax) };
}

function remember(histories: readonly string[], master: MasterRecord | null): readonly string[] {
  if (master === null || histories.includes(master.replid)) return histories;
  return [master.replid, ...histories].slice(0, historiesKept);
}
