import { assertNever } from "./assert-never.ts";
import { firstMissAtMs } from "./detector.ts";
import { isOfRecord } from "./identity.ts";
import { continuesChain, isRecordStale } from "./lineage.ts";
import { isMarked } from "./model.ts";
import { restoredUpTo } from "./restored.ts";
import { type Suspicion, suspicion } from "./situation.ts";
import { isAnswering, isAskedBefore, isLoadNews, type MasterView, nodesExcept } from "./view.ts";

/**
 * Since when the data that STATE records has had no master, without a break: the process may be silent, come back empty,
 * be started empty once more, and be filled by clients meanwhile. Each of these begins anew, the absence does not:
 *
 *     killed ── silent ── empty (run 2) ── silent ── empty (run 3) ── another data set
 *     └─ absent since here
 */
export interface Absence {
  /** Of which record (`Memory.recordKnown`): a master that was in order is recorded anew, and another one is another's. */
  readonly record: string;
  readonly sinceMs: number;
}

/** What a watch goes on from: how long it was when the one before it last looked. */
export interface AbsenceBefore {
  readonly record: string;
  readonly forMs: number;
}

/** The absence that a new watch begins with. */
export function absenceFrom(before: AbsenceBefore | null, nowMs: number): Absence | null {
  return before === null ? null : { record: before.record, sinceMs: nowMs - before.forMs };
}

/** What the next watch is told of it. */
export function absenceBy(absence: Absence | null, nowMs: number): AbsenceBefore | null {
  if (absence === null) return null;
  return { record: absence.record, forMs: Math.round(nowMs - absence.sinceMs) };
}

/** The master's absence by what is known now, which goes on from the one that is remembered. null: it is in order. */
export function absenceOf(view: MasterView): Absence | null {
  const { absence, recordKnown } = view.memory;
  const beforeMs = absence?.record === recordKnown.key ? absence.sinceMs : null;
  const sinceMs = absentSince(view, suspicion(view), beforeMs);
  return sinceMs === null ? null : { record: recordKnown.key, sinceMs };
}

/** For how long the recorded master has been absent; 0: it is in order. Before its commit it was not the master. */
export function absentForMs(view: MasterView): number {
  const { absence, recordKnown, masterKnown } = view.memory;
  if (absence === null || absence.record !== recordKnown.key) return 0;
  return view.nowMs - Math.max(absence.sinceMs, masterKnown.sinceMs);
}

function absentSince(view: MasterView, held: Suspicion, beforeMs: number | null): number | null {
  // What this observer missed before it knew the record, whoever wrote that may have heard.
  const sinceOwn = (ms: number) => beforeMs ?? Math.max(ms, view.memory.recordKnown.sinceMs);
  const missedAtMs = firstMissAtMs(view.masterMemory);
  if (missedAtMs !== null) {
    // Where it is this observer's path that is lost, it may have been in order until now.
    const isPathLost =
      held.kind === "blind" || (held.kind === "unreachable" && held.says === "alive");
    return isPathLost ? view.nowMs : sinceOwn(missedAtMs);
  }
  if (held.kind !== "full") return isUndecided(view) ? beforeMs : null;
  switch (held.of) {
    case "amnesic":
      return Math.min(sinceOwn(held.sinceMs), emptiedAtMs(view, held.sinceMs));
    // A stranger may have run for days before it took the address: its own age says nothing.
    case "foreign":
    case "loading":
      return sinceOwn(held.sinceMs);
    // A replica may hold what another master wrote meanwhile.
    case "not-master":
    case "silent":
    case "refused":
      return null;
    default:
      return assertNever(held.of);
  }
}

/** The run that lacks the data tells since when it is gone at the least, in whatever shift it is met. */
function emptiedAtMs({ masterMemory }: MasterView, knownAtMs: number): number {
  return knownAtMs - (masterMemory.facts?.uptimeSeconds ?? 0) * 1_000;
}

/**
 * Whether a master that answers has not shown yet whether it has the data. Whoever turns us away, or could not be asked, may
 * be the master that serves its clients: that ends an absence.
 */
function isUndecided(view: MasterView): boolean {
  const { masterMemory: master } = view;
  const { facts, lastReply } = master;
  if (lastReply === null || master.loadingSinceMs !== null || isLoadNews(master)) return true;
  if (lastReply.kind !== "pong" || master.role === "replica") return false;
  if (facts === null || !master.areFactsOfConnection || !isOfRecord(view)) return true;
  if (!isRecordStale(view.master, facts)) return false;
  const mayBeOlder = restoredUpTo(view, facts) !== null;
  if (!mayBeOlder && (isMarked(facts) || continuesChain(view.master, facts))) return false;
  // What a replica holds beside it, it has not said since.
  return nodesExcept(view, view.master.node).some(
    (node) => isAnswering(node) && isAskedBefore(node, master, view.settings),
  );
}
