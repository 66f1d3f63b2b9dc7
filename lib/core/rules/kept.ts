import type { NodeId } from "../config.ts";
import { warning } from "../events.ts";
import { isMasterSane, isOurs } from "../identity.ts";
import { isKept, keep, letGo } from "../kept.ts";
import { forkFrom, isSameProcess, lossOnReturn } from "../loss.ts";
import { keysBesideMarker, type NodeFacts } from "../model.ts";
import { followed, isAnswering, lookNow, type MasterView, writer } from "../view.ts";
import { isOfThisReign } from "./repairs.ts";
import { emit, type Rule } from "./rule.ts";

/** Stored before anybody touches the node, like every intent: the repair makes of it what STATE says (invariants S3, S9). */
export const keptRule: Rule<MasterView> = {
  id: "R725",
  title:
    "Keep a returned old master from being attached, if the policy says so and it may hold what nobody else has.",
  source:
    "DESIGN 4, loss report; invariant S9: a synchronisation would take what was lost for good",
  find: (view) => {
    const { state, memory, settings } = view;
    const { previousMaster } = state;
    if (settings.whenReturned !== "hold" || previousMaster === null) return null;
    const { node } = previousMaster;
    if (isKept(state, node) || node === view.master.node) return null;
    // By what it said over the session that would attach it, as every repair.
    const old = memory.prepared[node];
    if (old === undefined || old.askedAtMs > memory.stateAskedAtMs) return null;
    if (!isMasterSane(view) || !isOfThisReign(view, old)) return null;
    const { facts } = old;
    if (facts === null || facts.role !== "master" || facts.isLoading) return null;
    // An emptied one has nothing to show, and a foreign one is nobody's to touch.
    if (keysBesideMarker(facts) === 0 || !isOurs(state, facts)) return null;
    const bytes = lostBytes(view, facts);
    if (bytes === 0) return null;
    const lost =
      bytes === null
        ? "nobody knows what it holds alone"
        : `${bytes} bytes that it had acknowledged were lost`;
    const why = `${node} came back, and ${lost}: it takes no writes and keeps what it has, until \`lambda-sentinel release ${view.config.name} ${node}\``;
    const evidence = { bytes, offset: facts.offset, keys: facts.keys, runId: facts.runId };
    return {
      why,
      plan: [
        [keep(state, node, writer(view, "R725", why))],
        [emit(warning("+held", why, { node, evidence }))],
      ],
      look: lookNow(view, { state: true }),
    };
  },
};

/**
 * What only the old master holds: 0 where that is certain, null where it is not known. A lower bound of 0 says nothing, and
 * neither does an exact 0 of a process that may have taken writes since, where what it says now can't be compared any more.
 */
function lostBytes({ state, master }: MasterView, facts: NodeFacts): number | null {
  const { previousMaster, lastEpoch } = state;
  const isItself =
    previousMaster !== null &&
    isSameProcess(previousMaster, previousMaster.node, facts) &&
    facts.replid === previousMaster.replid;
  const fork = isItself ? forkFrom(previousMaster, master) : null;
  if (fork !== null) return lossOnReturn(fork, facts).bytes;
  const loss = lastEpoch?.epoch === state.masterEpoch ? lastEpoch.loss : null;
  const isProof = loss?.certainty === "exact" && !isItself;
  return loss?.bytes === 0 && !isProof ? null : (loss?.bytes ?? null);
}

/** What a hold is for may be gone from the node without anybody's word; a copy less would be all that is left of it. */
export const letGoRule: Rule<MasterView> = {
  id: "R727",
  title: "Let go of a held node that has nothing to show any more.",
  source: "invariant S9: without its object a hold only keeps a replica from the group",
  find: (view) => {
    const { state } = view;
    const found = state.kept.flatMap((node) => {
      const fate = fateOf(view, node);
      return fate === null
        ? []
        : [{ node, why: `${node} ${fate}: nothing is held there any more` }];
    })[0];
    if (found === undefined) return null;
    return {
      why: found.why,
      plan: [[letGo(state, found.node, writer(view, "R727", found.why))]],
      look: lookNow(view, { state: true }),
    };
  },
};

/** What became of what a held node held, by what it said since it has been held; null: it is there, or nobody knows. */
function fateOf(view: MasterView, id: NodeId): string | null {
  const { memory, config, master } = view;
  const node = memory.nodes[id];
  if (node === undefined) return "is no node of the group";
  const { facts, factsAskedAtMs } = node;
  if (facts === null || !isAnswering(node) || facts.isLoading) return null;
  if ((factsAskedAtMs ?? 0) < memory.keptKnown.sinceMs) return null;
  if (keysBesideMarker(facts) === 0) return "holds no keys";
  const isCopy = followed(config, facts) === master.node && facts.isLinkUp && !facts.isSyncing;
  return isCopy ? `has been synchronised with ${master.node}` : null;
}
