import type { Decision } from "../core/decide.ts";
import type { Memory } from "../core/memory.ts";
import type { Hands } from "./hands.ts";

/** In calm a group's decision is told this often, as a sign of what it is. */
const calmLineMs = 60_000;

/** One line for each change of decision: every one in trouble, one a minute in calm. */
export class DecisionLog {
  readonly #hands: Pick<Hands, "reporter" | "clock">;
  #rule = "";
  #toldAtMs: number;
  #wasCalm = true;

  /** `calmToldAtMs`: when it was told before, of a group in calm; minus infinity: it was not, or nobody knows. */
  constructor(hands: Pick<Hands, "reporter" | "clock">, calmToldAtMs = Number.NEGATIVE_INFINITY) {
    this.#hands = hands;
    this.#toldAtMs = calmToldAtMs;
  }

  see(memory: Memory, decision: Decision): void {
    // A shift that has not asked anybody yet has decided nothing.
    if (memory.state === undefined && memory.storeFailure === null) return;
    const isCalm = isOfCalm(decision);
    const nowMs = this.#hands.clock.nowMs();
    const isSampled = isCalm && this.#wasCalm;
    if (isSampled ? nowMs - this.#toldAtMs < calmLineMs : decision.rule === this.#rule) return;
    this.#rule = decision.rule;
    this.#toldAtMs = nowMs;
    this.#wasCalm = isCalm;
    this.#hands.reporter.line("info", `decides ${decision.rule}: ${decision.why}`, {
      what: "decision",
      ...{ rule: decision.rule, group: memory.config.name, ...placeOf(memory) },
    });
  }
}

/** Rules that tend to a group in which nothing is wrong, and that change nothing of it. */
function isOfCalm({ rule, plan }: Decision): boolean {
  const changes = plan.flat().some(({ kind }) => kind !== "emit" && kind !== "write-probe");
  return rule.startsWith("R7") && !changes;
}

function placeOf({ state }: Memory) {
  if (state === undefined || state === null) return { phase: "none", epoch: 0, round: 0, rev: 0 };
  const { phase, epoch, round, rev, master } = state;
  const node = master === null ? {} : { master: master.node };
  return { phase, epoch, round: round.number, rev, ...node };
}
