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

/** Where readings are answered and writes are not, each look may try again, and any of its last writes may have arrived. */
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

  /** Says what STATE turns out to hold, as of that write, and forgets what it can't hold any more. */
  see(memory: Memory): void {
    const { state } = memory;
    if (this.#waiting.length === 0 || state === undefined) return;
    const held = this.#waiting.filter(({ write }) => holds(state, write));
    for (const { rule, write, events } of held) {
      const asWritten = { ...memory, state: write.next };
      for (const event of events) report(this.#hands, asWritten, rule, event);
    }
    this.#waiting = this.#waiting.filter(
      (one) => !held.includes(one) && (state?.rev ?? null) === one.write.base,
    );
  }
}

/** Each write adds one rev and one attempt: only the attempt of that very rev is the write, for ids come again in a shift. */
function holds(state: GroupState | null, { next, attempt }: WriteState): boolean {
  return state !== null && state.attempts[state.rev - next.rev] === attempt;
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

/** What comes before the next step that changes something. A wake changes nothing, and is of no use any more. */
function saidNext(steps: Plan): readonly SentinelEvent[] {
  const changes = steps.findIndex((step) =>
    step.some(({ kind }) => kind !== "emit" && kind !== "wake"),
  );
  return steps
    .slice(0, changes === -1 ? steps.length : changes)
    .flat()
    .flatMap((command) => (command.kind === "emit" ? [command.event] : []));
}
