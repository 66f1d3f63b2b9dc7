import type { Outcome, Plan, WriteState } from "../core/commands.ts";
import type { Decision } from "../core/decide.ts";
import type { SentinelEvent } from "../core/events.ts";
import type { Memory } from "../core/memory.ts";
import type { GroupState } from "../core/model.ts";
import type { Hands } from "./hands.ts";
import { report } from "./report.ts";

/** What a plan would have said after a write to STATE whose end nobody knows. */
interface Unsaid {
  readonly rule: string;
  readonly write: WriteState;
  readonly events: readonly SentinelEvent[];
}

/** While the table gives no answer each look may try again, and any of its last writes may be the one that arrived. */
const keptMax = 8;

/**
 * Lines that wait for the end of a write. Where neither the write nor the reading back was answered the plan stops, and what
 * it would have said of the write, a `+switch-master` say, is due as soon as STATE is read and holds it (fault D1).
 */
export class UnsaidLines {
  readonly #hands: Pick<Hands, "reporter">;
  #waiting: readonly Unsaid[] = [];

  constructor(hands: Pick<Hands, "reporter">) {
    this.#hands = hands;
  }

  /** Keeps what the plan left unsaid, if it stopped at such a write. */
  keep({ rule, plan }: Decision, outcomes: readonly Outcome[]): void {
    if (outcomes.at(-1)?.kind !== "store-failed") return;
    const written = outcomes.filter(({ kind }) => kind === "state-written").length;
    const stopped = stepOfWrite(plan, written);
    if (stopped === null) return;
    const events = saidNext(plan.slice(stopped.step + 1));
    if (events.length === 0) return;
    this.#waiting = [...this.#waiting, { rule, write: stopped.write, events }].slice(-keptMax);
  }

  /** Says what STATE turns out to hold, and forgets what it can't hold any more. */
  see(memory: Memory): void {
    const { state } = memory;
    if (this.#waiting.length === 0 || state === undefined) return;
    for (const { rule, write, events } of this.#waiting) {
      if (!holds(state, write)) continue;
      for (const event of events) report(this.#hands, memory, rule, event);
    }
    this.#waiting = this.#waiting.filter(({ write }) => (state?.rev ?? null) === write.base);
  }
}

function holds(state: GroupState | null, { attempt }: WriteState): boolean {
  return state?.attempts.includes(attempt) ?? false;
}

/** The write to STATE that comes after so many that were answered. */
function stepOfWrite(plan: Plan, answered: number) {
  const writes = plan.flatMap((commands, step) =>
    commands.flatMap((command) =>
      command.kind === "write-state" ? [{ step, write: command }] : [],
    ),
  );
  return writes[answered] ?? null;
}

/** What comes before the next step that does something: that one tells what it does, and was not done. */
function saidNext(steps: Plan): readonly SentinelEvent[] {
  const events: SentinelEvent[] = [];
  for (const step of steps) {
    const said = step.flatMap((command) => (command.kind === "emit" ? [command.event] : []));
    if (said.length < step.length) break;
    events.push(...said);
  }
  return events;
}
