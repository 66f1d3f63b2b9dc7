import type { Election } from "../election.ts";
import { notice, warning } from "../events.ts";
import { isMasterSane } from "../identity.ts";
import { wallMsOf } from "../instants.ts";
import type { ReplaceRequest } from "../requests.ts";
import { claim, clearRequest } from "../state.ts";
import { dueReplacement, lookNow, type MasterView, replacementOf, writer } from "../view.ts";
import { chooseSuccessor, isFresh } from "./choice.ts";
import { newEpoch, selected } from "./opened.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";

/** Carried out so long after its instant, a plan would surprise people more than one that was dropped. */
const lateMaxMs = 300_000;

/** Operators write a request; a watcher that reaches the master carries it out as a hand-over (protocol F4). */
export const requestRules: readonly Rule<MasterView>[] = [
  {
    id: "R370",
    title: "Refuse a planned request whose time passed long ago.",
    source: "ADR 0008",
    find: (view) => {
      const request = replacementOf(view.state.request);
      if (request === null || request.at === null || view.state.phase !== "steady") return null;
      const lateMs = view.memory.wallMs - wallMsOf(request.at);
      if (lateMs <= lateMaxMs) return null;
      const late = `it was planned for ${request.at}, ${Math.round(lateMs / 1_000)} s ago`;
      return refuse(view, request, "R370", late);
    },
  },
  {
    id: "R380",
    title: "Carry out an operator's failover of a living master as Redis's own hand-over.",
    source: "DESIGN 4, planned switchover; protocol F4",
    find: (view) => {
      const { state, memory } = view;
      const request = dueReplacement(state.request, memory.wallMs);
      if (request === null) return null;
      if (state.phase !== "steady" || !isMasterSane(view)) return null;
      const asking = askEverybody(view);
      if (asking !== null) return asking;
      const election = chooseSuccessor(view, request);
      if (election.choice.kind === "none")
        return refuse(view, request, "R380", election.choice.why);
      const lacks = lackOfFailover(view);
      if (lacks !== null) return refuse(view, request, "R380", lacks);
      const because = `${request.by} asked for a ${request.kind}`;
      return claimHandOver(view, election, { rule: "R380", because, isAutomatic: false });
    },
  },
];

/** A request that can't be carried out is answered by clearing it, with the reason in STATE and in an event. */
export function refuse(
  view: MasterView,
  request: ReplaceRequest,
  rule: string,
  reason: string,
): Finding {
  const { state, master } = view;
  const why = `${request.kind} refused: ${reason}`;
  return {
    why,
    plan: [
      [clearRequest(state, writer(view, rule, why))],
      [emit(warning("-failover-abort-no-good-slave", why, { node: master.node }))],
    ],
    look: lookNow(view, { state: true }),
  };
}

/** A look at every node, where a choice can't be made yet. */
export function askEverybody(view: MasterView): Finding | null {
  const { memory } = view;
  const all = view.config.nodes.map((node) => node.id);
  const isAsked = all.every(
    (node) =>
      isFresh(memory, node, view) &&
      (memory.prepared[node]?.askedAtMs ?? 0) <= memory.stateAskedAtMs,
  );
  if (isAsked) return null;
  const look = lookNow(view, { prepare: all, order: "nodes-first", state: true });
  return hold("asking every node before the hand-over", look);
}

export function lackOfFailover(view: MasterView): string | null {
  const { node } = view.master;
  if (view.memory.prepared[node]?.facts?.failoverState === "no-failover") return null;
  return `${node} offers no FAILOVER command, and without it acknowledged writes would be lost`;
}

export interface HandOverCause {
  readonly rule: string;
  readonly because: string;
  readonly isAutomatic: boolean;
}

export function claimHandOver(
  view: MasterView,
  election: Election,
  { rule, because, isAutomatic }: HandOverCause,
): Finding {
  if (election.choice.kind !== "chosen") throw new Error("expected a chosen node to claim for");
  const { state, config, master } = view;
  const { node, facts } = election.choice;
  const why = `${because}; ${node} is ${election.choice.why}`;
  const intent = {
    kind: "switchover" as const,
    isAutomatic,
    candidate: { node, replid: facts.replid, offset: facts.offset },
    masterOffset: null,
  };
  const events = [
    newEpoch(view, { epoch: state.epoch + 1, kind: "switchover", isAutomatic, to: node }),
    warning("+try-failover", `${config.name} ${master.node}: ${why}`, { node: master.node }),
    notice("+elected-leader", `${view.memory.shift} leads epoch ${state.epoch + 1}`),
    ...selected(view, election),
  ];
  return {
    why,
    plan: [[claim(state, intent, writer(view, rule, why))], events.map(emit)],
    look: lookNow(view, { prepare: [master.node, node], order: "nodes-first", state: true }),
  };
}
