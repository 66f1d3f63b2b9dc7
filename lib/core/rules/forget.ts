import { findNode, formatAddress } from "../config.ts";
import { isSuspect } from "../detector.ts";
import { forget, isDiscovered } from "../discovered.ts";
import { warning } from "../events.ts";
import { isCalm, isMasterSane } from "../identity.ts";
import { hasCome } from "../instants.ts";
import type { ForgetRequest } from "../requests.ts";
import { clearRequest } from "../state.ts";
import { isAnswering, lookNow, type MasterView, nodesExcept, writer } from "../view.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";

/**
 * What was found is watched until people forget it. Sentinel's RESET in an outage leaves nothing to promote; so nothing is
 * forgotten because it is silent, and nobody may forget while the master is (ADR 0009).
 */

/** Stands before all that an outage calls for: what is asked then is refused, and not kept for the calm after it. */
export const refuseToForgetRule: Rule<MasterView> = {
  id: "R696",
  title: "Refuse to forget nodes in an outage, and a node that is needed or would be found again.",
  source: "ADR 0009: never by accident during an outage",
  find: (view) => {
    const request = forgetRequest(view);
    // Whoever counts votes starts from this rev: a round is not disturbed for this.
    if (request === null || view.state.round.status === "open") return null;
    const reason = whyRefused(view, request);
    if (reason === null) return null;
    const why = `${request.node === null ? "reset" : `forgetting ${request.node}`} refused: ${reason}`;
    return {
      why,
      plan: [
        [clearRequest(view.state, writer(view, "R696", why))],
        [emit(warning("+hold", why, { node: request.node }))],
      ],
      look: lookNow(view, { state: true }),
    };
  },
};

export const forgetRules: readonly Rule<MasterView>[] = [
  {
    id: "R390",
    title: "Forget the discovered node that an operator names, after a look at it and the master.",
    source: "ADR 0009; Sentinel has RESET alone",
    find: (view) => {
      const request = forgetRequest(view);
      if (request === null || request.node === null || !isCalm(view)) return null;
      if (!isAsked(view)) return ask(view);
      const why = `${request.by} asked to forget ${request.node}`;
      return forgetAll(view, [request.node], "R390", why);
    },
  },
  {
    id: "R392",
    title: "Forget every discovered node that does not answer, as an operator asks.",
    source: "ADR 0009; Sentinel's RESET, which forgets those that do answer too",
    find: (view) => {
      const request = forgetRequest(view);
      if (request === null || request.node !== null || !isCalm(view)) return null;
      if (!isAsked(view)) return ask(view);
      // An old master that comes back unwatched would be a second master that nobody demotes: it is forgotten by name alone.
      const kept = [view.master.node, view.state.previousMaster?.node];
      const gone = view.state.discovered
        .map(formatAddress)
        .filter((node) => !kept.includes(node) && isSilent(view, node))
        .filter((node) => !isNamedByMaster(view, node));
      const what =
        gone.length === 0 ? "nothing is left to forget" : `forgotten are ${gone.join(", ")}`;
      return forgetAll(view, gone, "R392", `${request.by} asked for a reset: ${what}`);
    },
  },
];

function forgetRequest({ state }: MasterView): ForgetRequest | null {
  return state.request?.kind === "forget" ? state.request : null;
}

function whyRefused(view: MasterView, request: ForgetRequest): string | null {
  const { memory, state, master } = view;
  if (state.pause !== null) return `the group is paused by ${state.pause.by}`;
  if (!isMasterSane(view)) return `${master.node} does not answer as master`;
  if (hasCome(request.until, memory.wallMs)) return `nobody could do it before ${request.until}`;
  if (request.node === null) {
    if (!isAsked(view)) return null;
    const replicas = nodesExcept(view, master.node).filter(
      (node) => isAnswering(node) && node.facts?.role === "replica",
    );
    return replicas.length > 0 ? null : "no replica answers, so that none is known to be left";
  }
  const { node } = request;
  if (findNode(memory.configured, node) !== undefined) {
    return "the file names it; take it out there, and apply that";
  }
  if (!isDiscovered(state, node)) return "no such node was found";
  if (node === master.node) return "it is the master";
  // Where nothing is found any more, a node that answers may go as well.
  return view.settings.discover && isAsked(view) ? whyFoundAgain(view, node) : null;
}

function whyFoundAgain(view: MasterView, node: string): string | null {
  const known = view.memory.nodes[node];
  const isLinked =
    known !== undefined &&
    isAnswering(known) &&
    known.role === "replica" &&
    known.facts?.isLinkUp === true;
  if (!isLinked && !isNamedByMaster(view, node)) return null;
  const what = isLinked ? "it answers as a replica" : `${view.master.node} has it as a replica`;
  return `${what} that is in step, and would be found again: stop it, or let it follow nobody, first`;
}

function isNamedByMaster({ masterMemory }: MasterView, node: string): boolean {
  return masterMemory.facts?.replicas.some((one) => formatAddress(one) === node) === true;
}

/** It was asked and said nothing. One whose name could not be looked up was not asked (fault N26). */
function isSilent({ memory }: MasterView, node: string): boolean {
  const known = memory.nodes[node];
  return known !== undefined && isSuspect(known);
}

/** Whether all nodes were asked after the request was read: what they said before may be of another time. */
function isAsked({ memory, masterMemory }: MasterView): boolean {
  const sinceMs = memory.stateReadAtMs;
  const nodes = Object.values(memory.nodes);
  return (
    (masterMemory.factsAskedAtMs ?? Number.NEGATIVE_INFINITY) >= sinceMs &&
    nodes.every((node) => (node.lastSentAtMs ?? Number.NEGATIVE_INFINITY) >= sinceMs)
  );
}

function ask(view: MasterView): Finding {
  const probe = Object.keys(view.memory.nodes);
  return hold("asking every node before one is forgotten", lookNow(view, { probe, info: true }));
}

function forgetAll(
  view: MasterView,
  nodes: readonly string[],
  rule: "R390" | "R392",
  why: string,
): Finding {
  const said = nodes.map((node) =>
    emit(warning("-slave", `${node} is forgotten: ${why}`, { node })),
  );
  const reset = rule === "R392" ? [emit(warning("+reset-master", why))] : [];
  return {
    why,
    plan: [[forget(view.state, nodes, writer(view, rule, why))], [...said, ...reset]],
    look: lookNow(view, { state: true }),
  };
}
