import type { Command } from "../commands.ts";
import { warning } from "../events.ts";
import { isMasterSane } from "../identity.ts";
import { settle } from "../state.ts";
import { isAnswering, lookNow, type MasterView, nextLook, writer } from "../view.ts";
import { withMark } from "./marked.ts";
import { duePublications, isMasterPublished, masterRefusal } from "./publication.ts";
import { doAllFollow, emitAll, repairs } from "./repairs.ts";
import { emit, hold, type Rule } from "./rule.ts";

const lookAgainMs = 100;

/** `settling`: publish, repoint, fence, in parallel and level-triggered (DESIGN 4.7). */
export const settlingRules: readonly Rule<MasterView>[] = [
  {
    id: "T600",
    title:
      "Publish the records, the master's first; repoint the replicas and fence the old master beside it.",
    source: "DESIGN 4.7 and 5; protocol F10: the records carry the epoch of the commit",
    find: (view) => {
      const work = repairs(view, "all");
      const effects: Command[] = [...duePublications(view), ...work.commands];
      if (effects.length === 0) return null;
      const why = effects.map(sayEffect).join("; ");
      return {
        why,
        plan: [emitAll([...work.events, ...work.remarks]), effects],
        look: lookNow(view, {
          probe: Object.keys(view.memory.nodes),
          info: true,
          prepare: work.toPrepare,
          order: "nodes-first",
          state: true,
        }),
      };
    },
  },
  {
    id: "T610",
    title: "Observe the nodes that need a repair, then read STATE.",
    source: "protocol F1 rule 2",
    find: (view) => {
      const work = repairs(view, "all");
      if (work.toPrepare.length === 0) return null;
      const look = lookNow(view, { prepare: work.toPrepare, order: "nodes-first", state: true });
      return hold(`observing ${work.toPrepare.join(", ")}`, look);
    },
  },
  {
    id: "T620",
    title:
      "End the settling when the master's record is read back and every node that answers follows.",
    source: "DESIGN 4.7; protocol F7: whatever returns later is repaired from steady",
    find: (view) => {
      const { state, config, memory, nowMs } = view;
      if (!isMasterSane(view) || !doAllFollow(view) || !haveAllBeenAsked(view)) return null;
      if (!isMasterPublished(view)) return null;
      const why = `${view.master.node} is master${config.dns === undefined ? "" : ", the record names it"}, every node that answers follows it`;
      const { committedAtMs, publishedAtMs } = memory.marks;
      const durationsMs = {
        ...(committedAtMs === null ? {} : { settleMs: Math.round(nowMs - committedAtMs) }),
        ...(committedAtMs === null || publishedAtMs === null
          ? {}
          : { publishMs: Math.round(publishedAtMs - committedAtMs) }),
      };
      const event = warning("+failover-end", `epoch ${state.epoch}: ${why}`, {
        node: view.master.node,
        durationsMs,
      });
      return {
        why,
        plan: [
          [settle(withMark(view), config.dns !== undefined, writer(view, "T620", why))],
          [emit(event)],
        ],
        look: lookNow(view, { state: true }),
      };
    },
  },
  {
    id: "T625",
    title:
      "End a settling that has lasted longer than failoverTimeoutMs, and leave what does not follow to the repairs of calm.",
    source:
      "Sentinel's +failover-end-for-timeout (sentinel.md 1.5); invariant L2: one bad replica must not keep people from the group",
    find: (view) => {
      const { state, config, settings } = view;
      if (!isMasterSane(view) || settlingForMs(view) < settings.failoverTimeoutMs) return null;
      const isPublished = isMasterPublished(view);
      // Without the record nothing has ended; one that was refused waits for people in calm too (R770).
      if (!isPublished && masterRefusal(view) === null) return null;
      const why = `epoch ${state.epoch} was settling for more than ${settings.failoverTimeoutMs} ms, ${sayMissing(view)}; the repairs go on in calm`;
      const event = warning("+failover-end", why, { node: view.master.node });
      const next = settle(
        withMark(view),
        isPublished && config.dns !== undefined,
        writer(view, "T625", why),
      );
      return { why, plan: [[next], [emit(event)]], look: lookNow(view, { state: true }) };
    },
  },
  {
    id: "T630",
    title: "Report a publication of the master that was refused, and wait for people.",
    source: "DESIGN 5: another owner's TXT is a refusal; fault D10",
    find: (view) => {
      const refusal = masterRefusal(view);
      if (refusal === null) return null;
      const { why, onceKey } = refusal;
      return hold(why, nextLook(view), warning("-published", why, { onceKey }));
    },
  },
  {
    id: "T640",
    title: "Look again soon while something is unsettled.",
    source: "DESIGN 4.7, level-triggered",
    find: (view) => {
      const why = `settling epoch ${view.state.epoch}: ${sayMissing(view)}`;
      const afterMs = Math.min(lookAgainMs, view.settings.probeIntervalMs);
      const look = { ...nextLook(view), afterMs, state: true, info: true };
      const failed = view.memory.publications.master;
      if (failed === null || failed.isDone || failed.epoch !== view.state.masterEpoch) {
        return hold(why, look);
      }
      const onceKey = `unpublished ${failed.epoch}`;
      return hold(why, look, warning("-published", failed.why, { onceKey }));
    },
  },
];

/** While somebody else leads, an old master is still fenced on sight. */
export const settlingFollower: Rule<MasterView> = {
  id: "T650",
  title: "Fence a node that says master beside the committed one, while another observer settles.",
  source: "DESIGN 4, on-sight repair by any observer",
  find: (view) => {
    const work = repairs(view, "fence");
    if (work.toPrepare.length > 0 && work.commands.length === 0) {
      const look = lookNow(view, { prepare: work.toPrepare, order: "nodes-first", state: true });
      return hold(`observing ${work.toPrepare.join(", ")}`, look);
    }
    if (work.commands.length === 0) return null;
    return {
      why: work.commands.map(sayEffect).join("; "),
      plan: [emitAll([...work.events, ...work.remarks]), work.commands],
      look: { ...nextLook(view), afterMs: 0, state: true },
    };
  },
};

/**
 * Since the commit as far as this observer knows, over the shifts of its predecessors too: a shift may be shorter than
 * `failoverTimeoutMs`. Who was never told counts from when it took the lead.
 */
function settlingForMs(view: MasterView): number {
  const { masterKnown, leadingSinceMs } = view.memory;
  const sinceMs = Number.isFinite(masterKnown.sinceMs) ? masterKnown.sinceMs : leadingSinceMs;
  return sinceMs === null ? 0 : view.nowMs - sinceMs;
}

/** Follows are judged from answers given after the commit, or after this shift took the lead. */
function haveAllBeenAsked(view: MasterView): boolean {
  const since = view.memory.marks.committedAtMs ?? view.memory.leadingSinceMs ?? 0;
  return Object.values(view.memory.nodes).every(
    (node) =>
      (node.lastSentAtMs ?? 0) >= since &&
      (!isAnswering(node) || node.facts === null || (node.factsAskedAtMs ?? 0) >= since),
  );
}

function sayMissing(view: MasterView): string {
  if (!isMasterSane(view)) return `${view.master.node} does not answer as master`;
  if (!isMasterPublished(view)) return "the record is not published";
  const late = Object.values(view.memory.nodes).filter(
    (node) => node.node !== view.master.node && isAnswering(node) && !node.facts?.isLinkUp,
  );
  return `waiting for ${late.map((node) => node.node).join(", ") || "the nodes' answers"}`;
}

export function sayEffect(command: Command): string {
  switch (command.kind) {
    case "publish":
      return `publishing ${command.records.map((record) => record.name).join(", ")} for epoch ${command.owner.epoch}`;
    case "attach":
      return `attaching ${command.node} to ${command.master}`;
    case "mark":
      return `marking ${command.node} with epoch ${command.epoch}`;
    default:
      return command.kind;
  }
}
