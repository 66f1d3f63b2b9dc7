import {
  firstMissAtMs,
  isLoadingTooLong,
  isRefusedTooLong,
  isSilentTooLong,
  loadingForMs,
} from "./detector.ts";
import { isForeignMaster, isOfRecord, mostKeysOfChainNow, sayForeign } from "./identity.ts";
import { continuesChain, isRecordStale } from "./lineage.ts";
import { type DownKind, isMarked, keysBesideMarker, type NodeFacts } from "./model.ts";
import { furthestNow, restoredUpTo } from "./restored.ts";
import { allLinksDown, allowsDeath, summarise, type Testimony, testimonies } from "./testimony.ts";
import { isAnswering, isBlind, type MasterView, nodesExcept } from "./view.ts";

/** What this observer holds against the committed master. */
export type Suspicion =
  /** Full evidence: it may vote down. */
  | { readonly kind: "full"; readonly of: DownKind; readonly sinceMs: number; readonly why: string }
  /** Its own probes say dead, the replicas say otherwise, or say nothing yet. */
  | { readonly kind: "unreachable"; readonly says: "alive" | "silent"; readonly why: string }
  | { readonly kind: "blind"; readonly why: string }
  | { readonly kind: "building"; readonly why: string }
  | { readonly kind: "none" };

/**
 * Two kinds of evidence, two limits (DESIGN 6): silence needs `downAfterMs`; refused fresh connects beside links that
 * are down on every answering replica need `crashAfterMs`. A master that is none any more, lost its data, or is another
 * server is down of its own kinds (protocol F8, F5, fault N18).
 */
export function suspicion(view: MasterView): Suspicion {
  const { masterMemory: master, settings, nowMs } = view;
  const since = firstMissAtMs(master);
  if (since === null) return oddity(view);
  if (isBlind(view)) {
    return { kind: "blind", why: "no node of the group answers this observer" };
  }
  const others = nodesExcept(view, master.node);
  const heard = testimonies(view.config, master, others, nowMs);
  if (isRefusedTooLong(master, settings, nowMs) && allLinksDown(heard, others)) {
    const why = `refused ${master.refusals} connects in ${Math.round(nowMs - since)} ms and every answering replica lost its link`;
    return { kind: "full", of: "refused", sinceMs: since, why };
  }
  if (!isSilentTooLong(master, settings, nowMs)) {
    return { kind: "building", why: `no valid reply for ${Math.round(nowMs - since)} ms` };
  }
  if (!allowsDeath(heard, settings)) return unreachable(heard);
  const why = `no valid reply for ${Math.round(nowMs - since)} ms; replicas: ${formatTestimony(heard)}`;
  const of = master.refusedSinceMs === null ? "silent" : "refused";
  return { kind: "full", of, sinceMs: since, why };
}

function unreachable(heard: readonly Testimony[]): Suspicion {
  const says = summarise(heard) === "alive" ? "alive" : "silent";
  return { kind: "unreachable", says, why: formatTestimony(heard) };
}

export function formatTestimony(heard: readonly Testimony[]): string {
  if (heard.length === 0) return "none of them could testify";
  return heard.map((one) => `${one.replica} says ${one.says} (${one.why})`).join(", ");
}

/** A master that answers, and yet is none: it says replica, its data is gone or another's, or it loads for ever. */
function oddity(view: MasterView): Suspicion {
  const { masterMemory: master, settings, nowMs } = view;
  if (!isAnswering(master)) return { kind: "building", why: "it has not been heard of yet" };
  if (master.role === "replica") {
    // What an answer does not say is held against nobody: a fresh master that is busy or wants another password was a
    // replica when it last said what it is (faults N7 to N9).
    if (master.roleSinceMs === null) return { kind: "none" };
    // It counts from when it was committed: until then the role of a replica was the right one.
    const { masterKnown, startedAtMs } = view.memory;
    const sinceMs = Math.max(master.roleSinceMs, masterKnown.sinceMs, startedAtMs);
    const forMs = Math.round(nowMs - sinceMs);
    if (forMs < settings.downAfterMs) {
      return { kind: "building", why: `it has reported the role of a replica for ${forMs} ms` };
    }
    const why = `it has reported the role of a replica for ${forMs} ms`;
    return { kind: "full", of: "not-master", sinceMs, why };
  }
  // Whoever turns a new connection away may be the group's own server again, with its data, whatever an older one was told.
  const isKnown = master.areFactsOfConnection && isOfRecord(view);
  if (isKnown && master.facts !== null && isAmnesic(view, master.facts)) {
    const why = sayLost(view, master.facts);
    return { kind: "full", of: "amnesic", sinceMs: master.factsAtMs ?? nowMs, why };
  }
  if (isKnown && master.facts !== null && isForeignMaster(view, master.facts)) {
    const why = `another server answers there: ${sayForeign(master.facts)}`;
    return { kind: "full", of: "foreign", sinceMs: master.factsAtMs ?? nowMs, why };
  }
  if (isLoadingTooLong(master, settings, nowMs)) {
    const forMs = Math.round(loadingForMs(master, nowMs));
    const why = `it restarted, and has been loading its data for ${forMs} ms`;
    return { kind: "full", of: "loading", sinceMs: nowMs - forMs, why };
  }
  return { kind: "none" };
}

/**
 * Whether the master lost data that a replica of the old history still holds, as it says as lately as the master (protocol
 * F5, fault N3): it came back by an RDB that ends before what the replica has; or with a new history that does not continue
 * the old one, no marker key, and fewer keys. An AOF restart keeps marker and keys; what a server that is loading holds is
 * not known yet (fault N6).
 */
export function isAmnesic(view: MasterView, facts: NodeFacts): boolean {
  if (facts.role !== "master" || facts.isLoading) return false;
  if (!isRecordStale(view.master, facts)) return false;
  const restored = restoredUpTo(view, facts);
  if (restored !== null) return restored < furthestNow(view);
  if (continuesChain(view.master, facts)) return false;
  if (isMarked(facts)) return false;
  return keysBesideMarker(facts) < mostKeysOfChainNow(view);
}

function sayLost(view: MasterView, facts: NodeFacts): string {
  const restored = restoredUpTo(view, facts);
  return restored === null
    ? `it restarted without its data: ${facts.keys} keys, a replica of its old history holds ${mostKeysOfChainNow(view)}`
    : `it restarted with older data: its history ends at ${restored}, a replica has it up to ${furthestNow(view)}`;
}

/** The kinds of suspicion in which the suspect answers, so that its answer is no veto. */
export function isAnsweringKind(of: DownKind): boolean {
  return of !== "silent" && of !== "refused";
}

/** The named situation of a group, for status, events and people (DESIGN 1, "analysis"). */
export type AnalysisName =
  | "Healthy"
  | "NoMaster"
  | "DeadMaster"
  | "Suspect"
  | "Unreachable"
  | "AmnesicMaster"
  | "ForeignMaster"
  | "LoadingMaster"
  | "WrongMaster"
  | "TwoMasters"
  | "Blind";

export interface Analysis {
  readonly name: AnalysisName;
  readonly why: string;
}

export function analyse(view: MasterView): Analysis {
  const held = suspicion(view);
  switch (held.kind) {
    case "full":
      return { name: nameOf(held.of), why: held.why };
    case "unreachable":
      return { name: "Unreachable", why: held.why };
    case "blind":
      return { name: "Blind", why: held.why };
    case "building":
      return { name: "Suspect", why: held.why };
    case "none":
      return analyseOthers(view);
  }
}

function nameOf(of: DownKind): AnalysisName {
  if (of === "amnesic") return "AmnesicMaster";
  if (of === "foreign") return "ForeignMaster";
  if (of === "loading") return "LoadingMaster";
  return of === "not-master" ? "WrongMaster" : "DeadMaster";
}

function analyseOthers(view: MasterView): Analysis {
  const masters = nodesExcept(view, view.master.node).filter(
    (node) => isAnswering(node) && node.role === "master",
  );
  if (masters.length > 0) {
    return { name: "TwoMasters", why: `${masters.map((node) => node.node).join(", ")} too` };
  }
  return { name: "Healthy", why: `${view.master.node} answers as master` };
}
