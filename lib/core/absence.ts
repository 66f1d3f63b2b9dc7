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
  /** When the first run began that was met without the data, and is not the recorded one; null: none was met. */
  readonly emptiedAtMs: number | null;
}

/** What a watch goes on from: how long it was when the one before it last looked. */
export interface AbsenceBefore {
  readonly record: string;
  readonly forMs: number;
  /** Absent: no run without the data was met, or this was written before it was told. */
  readonly emptiedForMs?: number;
}

/** The absence that a new watch begins with. */
export function absenceFrom(before: AbsenceBefore | null, nowMs: number): Absence | null {
  if (before === null) return null;
  const { record, forMs, emptiedForMs } = before;
  const emptiedAtMs = emptiedForMs === undefined ? null : nowMs - emptiedForMs;
  return { record, sinceMs: nowMs - forMs, emptiedAtMs };
}

/** What the next watch is told of it. */
export function absenceBy(absence: Absence | null, nowMs: number): AbsenceBefore | null {
  if (absence === null) return null;
  const { record, sinceMs, emptiedAtMs } = absence;
  const emptied = emptiedAtMs === null ? {} : { emptiedForMs: Math.round(nowMs - emptiedAtMs) };
  return { record, forMs: Math.round(nowMs - sinceMs), ...emptied };
}

/** The master's absence by what is known now, which goes on from the one that is remembered. null: it is in order. */
export function absenceOf(view: MasterView): Absence | null {
  const { absence, recordKnown } = view.memory;
  const before = absence?.record === recordKnown.key ? absence : null;
  return absenceAfter(view, suspicion(view), before);
}

/**
 * For how long the recorded master has been absent; 0: it is in order. Before its commit it was not the master, and an observer
 * that was away takes the commit to be as young as it may be. A run without the data that is not the recorded one began after
 * the commit all the same: the recorded run was there first.
 */
export function absentForMs(view: MasterView): number {
  const { absence, recordKnown, masterKnown } = view.memory;
  if (absence === null || absence.record !== recordKnown.key) return 0;
  const sinceMs = Math.max(absence.sinceMs, masterKnown.sinceMs);
  return view.nowMs - Math.min(sinceMs, absence.emptiedAtMs ?? sinceMs);
}

function absenceAfter(view: MasterView, held: Suspicion, before: Absence | null): Absence | null {
  const { recordKnown } = view.memory;
  const emptiedBeforeMs = before?.emptiedAtMs ?? null;
  const since = (sinceMs: number, emptiedAtMs = emptiedBeforeMs): Absence => {
    return { record: recordKnown.key, sinceMs, emptiedAtMs };
  };
  // What this observer missed before it knew the record, whoever wrote that may have heard.
  const sinceOwn = (ms: number) => before?.sinceMs ?? Math.max(ms, recordKnown.sinceMs);
  const missedAtMs = firstMissAtMs(view.masterMemory);
  if (missedAtMs !== null) {
    // Where it is this observer's path that is lost, it may have been in order until now.
    const isPathLost =
      held.kind === "blind" || (held.kind === "unreachable" && held.says === "alive");
    return isPathLost ? since(view.nowMs, null) : since(sinceOwn(missedAtMs));
  }
  if (held.kind !== "full") return isUndecided(view) ? before : null;
  switch (held.of) {
    case "amnesic": {
      const beganAtMs = emptiedAtMs(view, held.sinceMs);
      const sinceMs = Math.min(sinceOwn(held.sinceMs), beganAtMs);
      // The recorded run may have had the data when it was committed, and have lost it since.
      if (view.masterMemory.facts?.runId === view.master.runId) return since(sinceMs);
      return since(sinceMs, Math.min(beganAtMs, emptiedBeforeMs ?? beganAtMs));
    }
    // A stranger may have run for days before it took the address: its own age says nothing.
    case "foreign":
    case "loading":
      return since(sinceOwn(held.sinceMs));
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
