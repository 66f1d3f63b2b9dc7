import { ageDecidesForMs } from "./cool-down.ts";
import { groupView, masterView, viewOf } from "./decide.ts";
import { isMasterSane } from "./identity.ts";
import type { Memory } from "./memory.ts";
import { formatVerdict, verdictOf } from "./verdict.ts";
import { dueReplacement, isAnswering, type MasterView, nodesExcept } from "./view.ts";

/**
 * Why a shift that watches in passes must stay awake: what is suspect or unsettled, in words; null: nothing. A pass that is
 * over forgets how long it has waited for what, so everything that is measured in time is measured by one that stays.
 */
export function unsettledBecause(memory: Memory, nowMs: number): string | null {
  const { state } = memory;
  // Without the table nothing can be decided; the next pass asks again.
  if (state === undefined) return memory.storeFailure === null ? "STATE was not read yet" : null;
  if (state !== null && state.removed != null) return null;
  if (state === null || state.master === null) return "no master was adopted yet";
  const view = masterView(groupView(viewOf(memory, nowMs, ""), state));
  // A master that is no node of the configuration is people's to mend (F160).
  if (view === null) return null;
  return openIn(view) ?? masterTrouble(view) ?? silentNode(view) ?? youngMaster(view);
}

function openIn({ state, memory }: MasterView): string | null {
  if (state.phase !== "steady") return `epoch ${state.epoch} is in phase ${state.phase}`;
  if (state.round.status === "open") return `round ${state.round.number} is open`;
  return dueReplacement(state.request, memory.wallMs) === null
    ? null
    : "another master is asked for";
}

function masterTrouble(view: MasterView): string | null {
  const { masterMemory, settings, nowMs } = view;
  const verdict = verdictOf(masterMemory, settings, nowMs);
  const isWell = isMasterSane(view) && (verdict.kind === "up" || verdict.kind === "slow");
  return isWell ? null : `${masterMemory.node} is ${formatVerdict(verdict)}, ${masterMemory.role}`;
}

/** A node that is silent is watched until it answers or is down; one that was found down before is no news. */
function silentNode(view: MasterView): string | null {
  const { verdicts } = view.memory;
  const silent = nodesExcept(view, view.master.node).find(
    (node) => node.lastReply !== null && !isAnswering(node) && verdicts[node.node]?.kind === "slow",
  );
  return silent === undefined ? null : `${silent.node} does not answer`;
}

/** Passes know of each other what heartbeats say, and not how long ago: whoever has to count a cool-down stays (S13). */
function youngMaster(view: MasterView): string | null {
  const leftMs = ageDecidesForMs(view);
  return leftMs > 0 ? `the age of ${view.master.node} decides for ${leftMs} ms more` : null;
}
