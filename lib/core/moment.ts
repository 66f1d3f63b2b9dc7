import { backOffLeftMs } from "./back-off.ts";
import { coolDownLeftMs } from "./cool-down.ts";
import type { Election } from "./election.ts";
import type { Candidates, Held, Moment } from "./explain.ts";
import { isJoinable } from "./memory.ts";
import { preview } from "./readiness.ts";
import { areChoicesFresh, chooseFor } from "./rules/choice.ts";
import { count } from "./rules/claim.ts";
import type { Rule } from "./rules/rule.ts";
import { failStatic, handsOff } from "./rules/store.ts";
import { restLeftMs } from "./rules/suspicion.ts";
import { type Suspicion, suspicion } from "./situation.ts";
import { dueFailover, type MasterView } from "./view.ts";

/** The moment as the decision of this very shift has it. */
export function momentOf(view: MasterView): Moment {
  const { memory, config, state, master, nowMs } = view;
  const tally = count(view);
  return {
    barrier: firstOf(failStatic, view) ?? firstOf(handsOff, view),
    config,
    state,
    master,
    held: heldOf(suspicion(view), nowMs),
    restLeftMs: restLeftMs(view),
    isJoinable: isJoinable(memory, state),
    voted: memory.voted?.round === state.round.number ? memory.voted.verdict : null,
    tally,
    coolDownLeftMs: coolDownLeftMs(view),
    backOffLeftMs: backOffLeftMs(state, nowMs - memory.epochSeen.sinceMs),
    wish: dueFailover(view),
    choice: freshChoice(view, tally?.lastOffset ?? null),
    preview: candidatesOf(preview(view)),
  };
}

function firstOf<V>(rows: readonly Rule<V>[], view: V) {
  for (const row of rows) {
    const found = row.find(view);
    if (found !== null) return { rule: row.id, why: found.why };
  }
  return null;
}

function heldOf(held: Suspicion, nowMs: number): Held {
  const { kind } = held;
  switch (kind) {
    case "full":
      return { kind, of: held.of, forMs: Math.round(nowMs - held.sinceMs), why: held.why };
    case "none":
      return { kind, of: null, forMs: null, why: "it answers, and nothing is held against it" };
    default:
      return { kind, of: null, forMs: null, why: held.why };
  }
}

/** The choice of the claim itself, where the candidates have been asked for it. */
function freshChoice(view: MasterView, votesOffset: number | null): Candidates | null {
  return areChoicesFresh(view) ? candidatesOf(chooseFor(view, votesOffset)) : null;
}

function candidatesOf({ choice, field }: Election): Candidates {
  return { node: choice.kind === "chosen" ? choice.node : null, why: choice.why, field };
}
