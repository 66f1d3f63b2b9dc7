import type { Command, Look, Plan } from "../commands.ts";
import type { SentinelEvent } from "../events.ts";

/** What a rule found: why it fires, what to do, and what to look at next. */
export interface Finding {
  readonly why: string;
  readonly plan: Plan;
  readonly look: Look;
}

/**
 * One row of the decision table. The rows are tried in order and the first finding wins; the id is stable and stands
 * in events, documents and tests.
 */
export interface Rule<V> {
  readonly id: string;
  /** What the rule does, in one sentence of present tense. */
  readonly title: string;
  /** Where the rule comes from: a Sentinel behaviour, a finding of the protocol review, a fault. */
  readonly source: string;
  readonly find: (view: V) => Finding | null;
}

export function emit(event: SentinelEvent): Command {
  return { kind: "emit", event };
}

/** Nothing to do but to say why, and to look again. */
export function hold(why: string, look: Look, ...events: readonly SentinelEvent[]): Finding {
  return { why, plan: events.length === 0 ? [] : [events.map(emit)], look };
}
