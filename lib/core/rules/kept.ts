import { warning } from "../events.ts";
import { isKept, keep } from "../kept.ts";
import { isMasterSane, isOurs, lookNow, type MasterView, writer } from "../view.ts";
import { isOfThisReign } from "./repairs.ts";
import { emit, type Rule } from "./rule.ts";

/** Stored before anybody touches the node, like every intent: the repair makes of it what STATE says (invariants S3, S9). */
export const keptRule: Rule<MasterView> = {
  id: "R725",
  title:
    "Keep a returned old master that holds what nobody else has from being attached, if the policy says so.",
  source:
    "DESIGN 4, loss report; invariant S9: a synchronisation would take what was lost for good",
  find: (view) => {
    const { state, memory, settings } = view;
    const { previousMaster, lastEpoch } = state;
    if (settings.whenReturned !== "hold" || previousMaster === null) return null;
    const { node } = previousMaster;
    const bytes = lastEpoch?.epoch === state.masterEpoch ? (lastEpoch.loss?.bytes ?? 0) : 0;
    if (bytes <= 0 || isKept(state, node) || node === view.master.node) return null;
    // By what it said over the session that would attach it, as every repair.
    const old = memory.prepared[node];
    if (old === undefined || old.askedAtMs > memory.stateAskedAtMs) return null;
    if (!isMasterSane(view) || !isOfThisReign(view, old)) return null;
    const { facts } = old;
    if (facts === null || facts.role !== "master" || facts.isLoading) return null;
    // An emptied one has nothing to show, and a foreign one is nobody's to touch.
    if (facts.keys === 0 || !isOurs(state, facts)) return null;
    const why = `${node} came back, and ${bytes} bytes that it had acknowledged were lost: it takes no writes and keeps what it has, until \`lambda-sentinel release ${view.config.name} ${node}\``;
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
