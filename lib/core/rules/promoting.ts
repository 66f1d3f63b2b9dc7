import type { Plan } from "../commands.ts";
import type { NodeId } from "../config.ts";
import { isLoadingTooLong } from "../detector.ts";
import { type SentinelEvent, warning } from "../events.ts";
import { isForeignMaster } from "../identity.ts";
import { descendsFrom, recordOf } from "../lineage.ts";
import { forkOffset, lossAtCommit } from "../loss.ts";
import type { Prepared } from "../memory.ts";
import type { Candidate, NodeFacts } from "../model.ts";
import { isAmnesic } from "../situation.ts";
import { commit, failEpoch } from "../state.ts";
import { switched } from "../switched.ts";
import {
  dueReplacement,
  isAnswering,
  lookNow,
  type MasterView,
  nextLook,
  replacementOf,
  writer,
} from "../view.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";

/** How often a promotion whose answer did not come is tried again before its epoch is closed. */
const promotionFailuresMax = 2;

/** The view of this epoch's leader: there is a candidate. */
export interface Leading {
  readonly view: MasterView;
  readonly candidate: Candidate;
}

export function leading(view: MasterView): Leading | null {
  const { candidate } = view.state;
  return candidate === null ? null : { view, candidate };
}

/** What ends `promoting`, of either kind: closed, committed, or given up (DESIGN 4.5, 4.6). */
export const closingRules: readonly Rule<MasterView>[] = [
  {
    id: "P500",
    title:
      "Close the epoch when the old master answers and is not known as a replica, emptied, foreign, or loading for too long: until the commit it wins.",
    source: "protocol F6; faults N23, N18, N6 to N9",
    find: (view) => {
      if (view.state.kind !== "failover") return null;
      // A master that had stopped being one may be its own successor; then it answers because we promoted it.
      if (view.state.candidate?.node === view.master.node) return null;
      const { memory, masterMemory: master } = view;
      const beside = ownPromotion(view)?.oldMaster ?? null;
      // One that loads wins like any other, until this observer itself has seen this very run do so for too long.
      const isUseless = isLoadingTooLong(master, view.settings, view.nowMs);
      const isSame = beside?.isLoading === true && beside.runId === master.facts?.runId;
      const isBeside = beside !== null && wins(view, beside) && !(isUseless && isSame);
      // Whoever answers nothing but errors lives, and was the master when it last said what it is (faults N6 to N9).
      const isBack =
        isAnswering(master) &&
        master.role !== "replica" &&
        !isUseless &&
        (master.lastAnsweredAtMs ?? 0) >= (memory.leadingSinceMs ?? 0) &&
        (master.facts === null || !master.areFactsOfConnection || wins(view, master.facts));
      if (!isBeside && !isBack) return null;
      const why = `${view.master.node} answers as master before the commit; it stays the master`;
      return closeFailed(view, "P500", why, "-failover-abort-master-returned");
    },
  },
  {
    id: "P510",
    title:
      "Commit the candidate that this shift promoted itself, that descends from what was chosen, and that was seen as it was promoted within fenceMs.",
    source: "DESIGN 4.6; protocol F1 rule 5, F5c; invariants S6, S7, S8",
    find: (view) => {
      const done = ownPromotion(view);
      const lead = leading(view);
      if (done?.facts === undefined || done.facts === null || lead === null) return null;
      const doubt = doubtIn(view, done.node, done.facts);
      if (doubt !== null) return doubt;
      if (!descendsFrom(lead.candidate, done.facts)) {
        const why = sayStrange(lead.candidate, done.facts);
        return closeFailed(view, "P510", why, "-failover-abort-slave-timeout");
      }
      return commitIt(lead, done.facts);
    },
  },
  {
    id: "P520",
    title: "Close the epoch when its candidate cannot be promoted; a new claim needs a new round.",
    source: "protocol F15: an epoch never waits",
    find: (view) => {
      const done = ownPromotion(view);
      const lead = leading(view);
      if (lead === null) {
        const why = `epoch ${view.state.epoch} has no candidate`;
        return closeFailed(view, "P520", why, "-failover-abort-slave-timeout");
      }
      if (done === null || done.failures < promotionFailuresMax) return null;
      const why = `${lead.candidate.node} could not be promoted: ${done.why}`;
      return closeFailed(view, "P520", why, "-failover-abort-slave-timeout", "refusal");
    },
  },
];

/**
 * What stands between an old answer and a commit. The table may have been out of reach since the promotion, and the node
 * may have restarted empty meanwhile; so it is asked once more, and only the very run that was promoted is committed.
 */
function doubtIn(view: MasterView, id: NodeId, promoted: NodeFacts): Finding | null {
  const node = view.memory.nodes[id];
  const seenAtMs = node?.factsAskedAtMs ?? Number.NEGATIVE_INFINITY;
  const askedAtMs = node?.lastSentAtMs ?? Number.NEGATIVE_INFINITY;
  const isOld = view.nowMs - seenAtMs >= view.settings.fenceMs;
  const isAsked = view.nowMs - askedAtMs < view.settings.fenceMs;
  if (isOld && !isAsked) {
    const look = lookNow(view, { probe: [id], info: true, state: true });
    return hold(`asking ${id} again: its promotion was answered a while ago`, look);
  }
  const facts = isOld ? null : (node?.facts ?? null);
  if (facts !== null && facts.role === "master" && facts.runId === promoted.runId) return null;
  const shows = facts === null ? "does not say" : `shows run ${facts.runId} as ${facts.role}`;
  const why = `${id} was promoted as run ${promoted.runId}, and ${shows} now`;
  return closeFailed(view, "P510", why, "-failover-abort-slave-timeout");
}

/** What leads to the promotion after a claim on a dead master. */
export const promoteRules: readonly Rule<MasterView>[] = [
  {
    id: "P530",
    title: "Ask the old master before resuming somebody else's epoch.",
    source: "protocol F6: also on resumption",
    find: (view) => {
      const { memory, masterMemory } = view;
      const lastMs = masterMemory.lastSentAtMs ?? Number.NEGATIVE_INFINITY;
      const holdsEvidence = memory.marks.claimedAtMs !== null;
      if (holdsEvidence || lastMs >= (memory.leadingSinceMs ?? 0)) return null;
      const look = lookNow(view, { probe: [view.master.node], info: true });
      return hold(`asking ${view.master.node} before resuming`, look);
    },
  },
  {
    id: "P540",
    title:
      "Promote the candidate on the session over which it was observed before STATE was last read.",
    source: "protocol F1 rules 1 to 4; invariants S1, S3, S4",
    find: (view) => {
      const lead = leading(view);
      if (lead === null || view.state.kind !== "failover") return null;
      return promoteIt(lead, view.master.node);
    },
  },
];

function promoteIt(lead: Leading, beside: string): Finding {
  const { view, candidate } = lead;
  const { memory, state, nowMs, settings } = view;
  const prepared = memory.prepared[candidate.node];
  const isReady =
    prepared !== undefined &&
    prepared.facts !== null &&
    prepared.askedAtMs <= memory.stateAskedAtMs &&
    nowMs - memory.stateAskedAtMs < settings.fenceMs;
  if (!isReady) {
    if (prepared !== undefined && hasFallenSilent(view, prepared)) {
      const why = `${candidate.node} does not answer: ${prepared.why}`;
      return closeFailed(view, "P540", why, "-failover-abort-slave-timeout", "refusal");
    }
    const needs = { prepare: [candidate.node], bystander: beside };
    const look = lookNow(view, { ...needs, order: "nodes-first" as const, state: true });
    return hold(`observing ${candidate.node} before its promotion`, look);
  }
  const marker = prepared.facts?.marker ?? 0;
  if (marker > state.epoch) {
    const why = `${candidate.node} carries the marker of epoch ${marker}, above ${state.epoch}`;
    return closeFailed(view, "P540", why, "-failover-abort-slave-timeout", "refusal");
  }
  // Between choice and promotion it may have been emptied, or another server may have taken its address (fault N18).
  // Nothing of that could be committed, and a promotion would write this group's marker into somebody else's data.
  if (prepared.facts !== null && !descendsFrom(candidate, prepared.facts)) {
    const strange = sayStrange(candidate, prepared.facts);
    return closeFailed(view, "P540", strange, "-failover-abort-slave-timeout");
  }
  const why = `promoting ${candidate.node} for epoch ${state.epoch}`;
  const plan: Plan = [
    [
      {
        kind: "promote",
        node: candidate.node,
        session: prepared.session,
        epoch: state.epoch,
        beside,
      },
      emit(warning("+failover-state-send-slaveof-noone", why, { node: candidate.node })),
    ],
  ];
  return { why, plan, look: lookNow(view, {}) };
}

function sayStrange(chosen: Candidate, shown: NodeFacts): string {
  const second = `second ${shown.replid2} up to ${shown.secondOffset}`;
  return `${chosen.node} does not descend from what was chosen: it shows role ${shown.role}, replid ${shown.replid} at ${shown.offset}, ${second}; chosen was ${chosen.replid} at ${chosen.offset}`;
}

/** Asked in this epoch, whether before its promotion was tried or after, and not answered: an epoch never waits (F15). */
function hasFallenSilent(view: MasterView, prepared: Prepared): boolean {
  const sinceMs = view.memory.leadingSinceMs ?? Number.POSITIVE_INFINITY;
  return prepared.facts === null && prepared.askedAtMs >= sinceMs;
}

function commitIt(lead: Leading, facts: NodeFacts): Finding {
  const { view, candidate } = lead;
  const { state, config, memory, master, nowMs } = view;
  const isPlanned = state.kind === "switchover";
  const loss = isPlanned
    ? { bytes: 0, certainty: "exact" as const, oldOffset: null, newOffset: forkOffset(facts) }
    : lossAtCommit(state.previousOffset, facts);
  const why = `${candidate.node} is master and descends from what was chosen in epoch ${state.epoch}`;
  const { claimedAtMs, promotedAtMs, votedAtMs, firstMissAtMs } = memory.marks;
  const since = (from: number | null, to = nowMs) => (from === null ? null : Math.round(to - from));
  const durationsMs = Object.fromEntries(
    Object.entries({
      promoteMs: since(claimedAtMs, promotedAtMs ?? nowMs),
      voteToWritableMs: since(votedAtMs, promotedAtMs ?? nowMs),
      downToWritableMs: since(firstMissAtMs, promotedAtMs ?? nowMs),
    }).flatMap(([name, ms]) => (ms === null ? [] : [[name, ms]])),
  );
  const { text, evidence } = switched(config, master.node, candidate.node);
  const events = [
    warning("+promoted-slave", `${candidate.node} is master, epoch ${state.epoch}`, {
      node: candidate.node,
      evidence: {
        replid: facts.replid,
        replid2: facts.replid2,
        secondOffset: facts.secondOffset,
        storeTrips: memory.promotion?.trips.store ?? 0,
        redisTrips: memory.promotion?.trips.redis ?? 0,
      },
      durationsMs,
    }),
    warning("+switch-master", text, {
      node: candidate.node,
      evidence: { ...evidence, lostBytes: loss.bytes, lossCertainty: loss.certainty },
    }),
    ...droppedPlan(view),
  ];
  const write = commit(state, recordOf(candidate.node, facts), loss, writer(view, "P510", why));
  return { why, plan: [[write], events.map(emit)], look: lookNow(view, {}) };
}

export function closeFailed(
  view: MasterView,
  rule: string,
  why: string,
  name: "-failover-abort-master-returned" | "-failover-abort-slave-timeout",
  cause: "refusal" | "circumstances" = "circumstances",
): Finding {
  return {
    why,
    plan: [
      [
        failEpoch(
          view.state,
          { reason: why, isRefusal: cause === "refusal" },
          writer(view, rule, why),
        ),
      ],
      [emit(warning(name, why, { node: view.state.candidate?.node ?? null }))],
    ],
    look: { ...nextLook(view), afterMs: 0, state: true },
  };
}

function ownPromotion(view: MasterView) {
  const { promotion } = view.memory;
  return promotion?.epoch === view.state.epoch ? promotion : null;
}

/** An emptied master, one that is none any more, or somebody else's server has nothing to win with. */
function wins(view: MasterView, facts: NodeFacts): boolean {
  return facts.role === "master" && !isAmnesic(view, facts) && !isForeignMaster(view, facts);
}

/** A plan was made for the master that is no more: the commit clears it. */
function droppedPlan(view: MasterView): readonly SentinelEvent[] {
  const request = replacementOf(view.state.request);
  if (request === null || dueReplacement(request, view.memory.wallMs) !== null) return [];
  const why = `the ${request.kind} that ${request.by} planned for ${request.at} is dropped: ${view.master.node} is replaced already`;
  return [warning("+page", why, { node: view.master.node })];
}
