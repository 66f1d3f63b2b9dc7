import { warning } from "../events.ts";
import { isMasterSane, isOfRecord, mostKeysOfChain } from "../identity.ts";
import { hasCome } from "../instants.ts";
import { continuesChain, isRecordStale, recordOf } from "../lineage.ts";
import { forkFrom, isSameProcess, lossOnReturn } from "../loss.ts";
import { isMarked, keysBesideMarker, type MasterRecord, type NodeFacts } from "../model.ts";
import { bytesGone, mayBeBehind, restoredUpTo } from "../restored.ts";
import { adoptLineage, closeRound, recordLoss, resume } from "../state.ts";
import { isAnswering, lookNow, type MasterView, nextLook, nodesExcept, writer } from "../view.ts";
import { busyRule } from "./busy.ts";
import { cutBefore } from "./cut.ts";
import { discoveryRules } from "./discovery.ts";
import { letGoRule } from "./kept.ts";
import { markedRule } from "./marked.ts";
import { driftOf, masterRefusal, neededPublications } from "./publication.ts";
import { emitAll, isOfThisReign, repairs } from "./repairs.ts";
import { emit, hold, type Rule } from "./rule.ts";
import { sentinelsRule } from "./sentinels.ts";
import { sayEffect } from "./settling.ts";
import { isOpenOnMaster } from "./suspicion.ts";
import { unwritableRule } from "./unwritable.ts";
import { writeProbeRule } from "./write-probe.ts";

/** What is tended to in calm, and what stands between calm and tending: a pause. */

/**
 * A shift whose successor is late looks at the name again, so that an edited record is seen within about a minute though
 * starts come minutes late. Over a minute, for a shift that is relieved in time asks once.
 */
const recordCheckMs = 75_000;

/** People plan in wall time; whoever's clock says so first ends the pause through STATE, before it acts (S12). */
export const endOfPauseRule: Rule<MasterView> = {
  id: "R690",
  title: "End a pause whose time is up.",
  source: "ADR 0008",
  find: (view) => {
    const { state, memory } = view;
    const until = state.pause?.until ?? null;
    if (until === null || !hasCome(until, memory.wallMs)) return null;
    const why = `the pause of ${state.pause?.by} ended at ${until}`;
    return {
      why,
      plan: [
        [resume(state, writer(view, "R690", why))],
        [emit(warning("+resume", why, { node: view.master.node }))],
      ],
      look: lookNow(view, { state: true }),
    };
  },
};

export const pauseRule: Rule<MasterView> = {
  id: "R700",
  title: "Do nothing in steady while the group is paused.",
  source: "protocol F12: pause forbids claims, repairs and switchovers; open epochs are finished",
  find: (view) => {
    const { pause } = view.state;
    if (pause === null) return null;
    const why = `paused by ${pause.by}: ${pause.reason}`;
    return hold(why, nextLook(view), warning("+pause", why, { onceKey: `pause ${pause.rev}` }));
  },
};

/** Records of the master that a restart changed; they come before repairs, which compare against them. */
export const lineageRules: readonly Rule<MasterView>[] = [
  {
    id: "R710",
    title:
      "Adopt the new replication id of a healthy committed master, and close its connections before where people changed its role.",
    source:
      "protocol F5: the chain continues, or no replica of the chain holds more keys, nor more of the history than an RDB brought back; never another server's (fault N18); protocol F1 rule 4: a role change by hand cuts nobody",
    find: (view) => {
      const { state, master, masterMemory } = view;
      const { facts } = masterMemory;
      if (facts === null || !isMasterSane(view) || facts.isLoading) return null;
      // Older facts than the record would write dead ids back.
      if (facts.role !== "master" || !isOfRecord(view) || !isRecordStale(master, facts))
        return null;
      const restored = restoredUpTo(view, facts);
      if (restored !== null && mayBeBehind(view, restored)) return null;
      const isWhole = keysBesideMarker(facts) >= mostKeysOfChain(view);
      if (!continuesChain(master, facts) && !isMarked(facts) && !isWhole) return null;
      if (hasChangedRoles(master, facts)) {
        const cut = cutBefore(view, master.node, facts);
        if (cut !== "done") return cut === "not-now" ? null : cut;
      }
      const reason = continuesChain(master, facts)
        ? "its history continues"
        : isMarked(facts)
          ? "it holds the group's marker"
          : `it holds ${facts.keys} keys, no replica of the old history holds more`;
      const why = `${master.node} restarted or changed its replication id to ${facts.replid}; ${reason}`;
      const record = recordOf(master.node, facts);
      const gone = sayGone(view, facts);
      return {
        why,
        plan: [
          [adoptLineage(state, record, writer(view, "R710", why))],
          [
            emit(warning("+reboot", why, { node: master.node, evidence: { runId: facts.runId } })),
            ...(gone === null ? [] : [emit(warning("+page", gone, { node: master.node }))]),
          ],
        ],
        look: lookNow(view, { state: true }),
      };
    },
  },
  {
    id: "R720",
    title: "Store the exact loss when the old master itself comes back, before it is attached.",
    source: "DESIGN 4, loss report; invariant S9",
    find: (view) => {
      const { state, master } = view;
      const { previousMaster, lastEpoch } = state;
      if (previousMaster === null || lastEpoch?.loss === null || lastEpoch === null) return null;
      if (lastEpoch.loss.certainty === "exact" || lastEpoch.epoch !== state.masterEpoch)
        return null;
      // Only what it said over the session that will attach it: what is remembered may be from before its death.
      const old = view.memory.prepared[previousMaster.node];
      if (old === undefined || old.askedAtMs > view.memory.stateAskedAtMs) return null;
      if (!isOfThisReign(view, old)) return null;
      const { facts } = old;
      if (facts === null || facts.role !== "master") return null;
      if (!isSameProcess(previousMaster, old.node, facts)) return null;
      const fork = forkFrom(previousMaster, master);
      if (facts.replid !== previousMaster.replid || fork === null) return null;
      return storeLoss(view, fork, facts);
    },
  },
];

/** What a master that is adopted, because no better copy answers, has lost for good; null: nothing that is known. */
function sayGone(view: MasterView, facts: NodeFacts): string | null {
  const { node } = view.master;
  const restored = restoredUpTo(view, facts);
  const bytes = restored === null ? 0 : bytesGone(view, restored);
  if (bytes > 0) {
    return `${node} came back with older data: at least ${bytes} bytes that it had are on no node that answers`;
  }
  // A data set that lost the marker is not the one that was there.
  if (facts.marker !== null || continuesChain(view.master, facts)) return null;
  return `${node} holds another data set than before: ${facts.keys} keys and no marker of this group`;
}

/** The same process has a second id only by having become a master again; a restart has closed its connections itself. */
function hasChangedRoles(master: MasterRecord, facts: NodeFacts): boolean {
  return facts.runId === master.runId && facts.replid !== master.replid && facts.replid2 !== null;
}

function storeLoss(view: MasterView, fork: number, facts: NodeFacts) {
  const loss = lossOnReturn(fork, facts);
  const node = view.state.previousMaster?.node ?? null;
  const why = `${node} came back with ${loss.bytes} bytes that ${view.master.node} never saw`;
  const evidence = { bytes: loss.bytes, oldOffset: loss.oldOffset, newOffset: loss.newOffset };
  return {
    why,
    plan: [
      [recordLoss(view.state, loss, writer(view, "R720", why))],
      [emit(warning("+loss-report", why, { node, evidence }))],
    ],
    look: lookNow(view, { state: true }),
  };
}

export const steadyRules: readonly Rule<MasterView>[] = [
  {
    id: "R730",
    title:
      "Repair on sight what differs from STATE: a second master, a replica of the wrong one, a missing marker.",
    source:
      "DESIGN 4, on-sight repair; protocol F1, F8; Sentinel's convert-to-slave and fix-slave-config",
    find: (view) => {
      const work = repairs(view, "all");
      if (work.commands.length > 0) {
        return {
          why: work.commands.map(sayEffect).join("; "),
          plan: [emitAll([...work.events, ...work.remarks]), work.commands],
          look: lookNow(view, { probe: Object.keys(view.memory.nodes), info: true, state: true }),
        };
      }
      if (work.toPrepare.length > 0) {
        const look = lookNow(view, { prepare: work.toPrepare, order: "nodes-first", state: true });
        return hold(`observing ${work.toPrepare.join(", ")} before a repair`, look);
      }
      if (work.remarks.length === 0) return null;
      const fresh = work.remarks.filter(
        (event) => event.onceKey === undefined || !view.memory.reported.includes(event.onceKey),
      );
      if (fresh.length === 0) return null;
      return hold(fresh.map((event) => event.message).join("; "), nextLook(view), ...fresh);
    },
  },
  busyRule,
  markedRule,
  {
    id: "R740",
    title: "Close a round that this shift opened or found standing, once its suspect answers.",
    source: "DESIGN 4.1: a round of unknown age is nobody's",
    find: (view) => {
      const { state, memory, master } = view;
      const isIdle = state.round.status === "open" && isMasterSane(view);
      const isFound = state.round.number === memory.firstRound || !isOpenOnMaster(view);
      const isOwn = state.round.openedBy === memory.shift;
      if (!isIdle || !(isFound || isOwn)) return null;
      const why = `${master.node} answers, and round ${state.round.number} ${isOwn ? "was this shift's" : "is older than this shift"}`;
      return {
        why,
        plan: [
          [closeRound(state, why, writer(view, "R740", why))],
          [emit(warning("-round", why, { node: master.node }))],
        ],
        look: lookNow(view, { state: true }),
      };
    },
  },
  {
    id: "R750",
    title:
      "Check once a shift, and every 75 s of a longer one, that DNS answers what STATE says; ask the API only on a mismatch.",
    source: "DESIGN 5",
    find: (view) => {
      const { config, memory, nowMs } = view;
      // A name that was added to a standing group is published by this check too: nothing answers for it yet.
      if (config.dns === undefined || !isMasterSane(view)) return null;
      const { recordCheckedAtMs: checkedAtMs } = memory;
      if (checkedAtMs !== null && nowMs - checkedAtMs < recordCheckMs) return null;
      return hold("asking DNS for the records", { ...nextLook(view), record: "resolve" });
    },
  },
  {
    id: "R760",
    title: "Repair a record that is not as STATE says, and repeat a publication that failed.",
    source: "DESIGN 4 and 5; protocol F10: with the epoch of the commit; fault R6",
    find: (view) => {
      if (!isMasterSane(view)) return null;
      const commands = neededPublications(view);
      if (commands.length === 0) return null;
      const drifts = commands.flatMap(({ role }) => driftOf(view, role) ?? []);
      const said = drifts.length === 0 ? commands.map(sayEffect) : drifts.map((one) => one.message);
      return {
        why: said.join("; "),
        plan: [drifts.map(emit), commands],
        look: { ...nextLook(view), state: true },
      };
    },
  },
  {
    id: "R770",
    title:
      "Say once a shift that the repair of the master's record was refused, and wait for people.",
    source: "DESIGN 5: another owner's TXT is a refusal; faults R9, D10",
    find: (view) => {
      const refusal = masterRefusal(view);
      if (refusal === null || view.memory.reported.includes(refusal.onceKey)) return null;
      const event = warning("-published", refusal.why, { onceKey: refusal.onceKey });
      return hold(refusal.why, nextLook(view), event);
    },
  },
  ...discoveryRules,
  sentinelsRule,
  letGoRule,
  writeProbeRule,
  unwritableRule,
  {
    id: "R799",
    title: "Keep watching: the committed master answers, and everything is as STATE says.",
    source: "DESIGN 6",
    find: (view) => {
      const others = nodesExcept(view, view.master.node).filter((node) => isAnswering(node)).length;
      const why = isMasterSane(view)
        ? `${view.master.node} is master, ${others} other nodes answer`
        : `${view.master.node} does not answer as master; no full evidence yet`;
      return hold(why, nextLook(view));
    },
  },
];
