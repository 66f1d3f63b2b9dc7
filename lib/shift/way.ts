import { failedEpochs } from "../core/back-off.ts";
import type { Candidates, Held } from "../core/explain.ts";
import { momentOf } from "../core/moment.ts";
import type { MasterView } from "../core/view.ts";
import type { WayReport } from "../ports/store.ts";

/** The table's items are small, and so are these sentences in them. */
const whyMax = 200;

/** What of a moment a heartbeat has to say, because neither STATE nor the votes do; calm says next to nothing. */
export function wayOf(view: MasterView): WayReport {
  const { memory, state, nowMs } = view;
  const { held, restLeftMs, choice, preview } = momentOf(view);
  const { firstRound, wokenFor, epochSeen } = memory;
  const first = firstRound ?? state.round.number;
  const epochForMs = Math.round(nowMs - epochSeen.sinceMs);
  return {
    // A round that was there before this shift looked is no round of its own, but for the one that it was woken for.
    joinsFrom: wokenFor === first ? first : first + 1,
    successor: preview.node,
    ...(held.kind === "none" ? {} : { held: { ...held, why: short(held.why) } }),
    ...(restLeftMs > 0 ? { restLeftMs: Math.ceil(restLeftMs) } : {}),
    ...(failedEpochs(state) > 0 && Number.isFinite(epochForMs)
      ? { epochKnown: { epoch: epochSeen.epoch, forMs: epochForMs } }
      : {}),
    ...(choice === null || isCalm(held) ? {} : { choice: shortened(choice) }),
  };
}

function isCalm({ kind }: Held): boolean {
  return kind === "none";
}

function shortened({ node, why, field }: Candidates): Candidates {
  return {
    node,
    why: short(why),
    field: field.map(({ node: id, isEligible, lagBytes, why: reason }) => ({
      node: id,
      isEligible,
      lagBytes,
      why: short(reason),
    })),
  };
}

function short(text: string): string {
  return text.slice(0, whyMax);
}
