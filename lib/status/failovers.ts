import type { EpochResult } from "../core/model.ts";
import type { StoredEvent } from "../ports/store.ts";
import { type FailoverFacts, factsOf } from "./failover-facts.ts";
import { isTransition, storiesOf } from "./stories.ts";

/** The failovers of a group for the page: the facts that `history` and `report` tell, each with its steps. */

export interface FailoverStep {
  /** Wall clock of the observer that told it, ISO 8601; clocks of two observers may differ. */
  readonly at: string;
  readonly observer: string;
  readonly name: string;
  readonly rule: string;
  readonly message: string;
}

export interface Failover {
  readonly facts: FailoverFacts;
  readonly steps: readonly FailoverStep[];
}

/**
 * Newest first. An epoch whose claim is no longer among the events is left out: half of a story misleads. The adoption of a
 * group is no failover.
 *
 * @param last what STATE says of the newest epoch that ended
 */
export function failoversOf(
  events: readonly StoredEvent[],
  last: EpochResult | null,
): readonly Failover[] {
  const stories = storiesOf(events).epochs.map((story) => ({ story, facts: factsOf(story, last) }));
  return stories
    .filter(({ facts }) => facts.kind !== "adoption")
    .map(({ story, facts }) => ({ facts, steps: stepsOf(story.events) }))
    .toReversed();
}

function stepsOf(events: readonly StoredEvent[]): readonly FailoverStep[] {
  return events
    .filter((event) => !isToldInMoreWords(event, events))
    .map(({ at, observer, name, rule, message }) => ({ at, observer, name, rule, message }));
}

/** A write of STATE is a step of its own only where nobody lived to tell the same. */
function isToldInMoreWords(event: StoredEvent, all: readonly StoredEvent[]): boolean {
  return isTransition(event) && all.some((one) => !isTransition(one) && one.rule === event.rule);
}
