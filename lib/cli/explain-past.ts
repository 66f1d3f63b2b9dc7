import type { Condition, ConditionName } from "../core/explain.ts";
import type { StoredEvent } from "../ports/store.ts";
import { evidenceOf, numberOf, textOf } from "../status/failover-facts.ts";
import { isTransition, type RoundStory } from "../status/stories.ts";

/** The conditions of a failover as they stood in a past round, by what its observers told then. */

/** One observer's vote, as it told of it. */
export interface VoteTold {
  readonly observer: string;
  readonly verdict: string;
  readonly at: string;
  /** The evidence, in its words. */
  readonly why: string;
  /** The last offset of the suspect that it saw. */
  readonly lastOffset: number | null;
}

export function votesOf(round: RoundStory): readonly VoteTold[] {
  const votes = round.events.filter(({ name }) => name === "+vote");
  return votes.map(({ observer, at, message, evidence }) => ({
    observer,
    at,
    verdict: textOf(evidence.verdict) ?? /votes (\w+) in round/.exec(message)?.[1] ?? "unknown",
    why: message.replace(/^.*? in round \d+: /, ""),
    lastOffset: numberOf(evidence.lastOffset),
  }));
}

/** One sentence: what became of the round. */
export function sayEnd(round: RoundStory): string {
  const { end, ending, number, suspect } = round;
  const about = `round ${number} on ${suspect ?? "a master"}`;
  switch (end) {
    case "claimed":
      return `${about} led to epoch ${ending?.epoch}: ${ending?.message}`;
    case "withdrawn":
      return `${about} was withdrawn: ${ending?.message}`;
    case "superseded":
      return `${about} led to nothing, and round ${ending?.round} took its place: ${lastHold(round)?.message ?? ending?.message}`;
    case "closed":
      return `${about} was closed: ${ending?.message}`;
    case "open":
      return `${about} is open: ${lastHold(round)?.message ?? round.opening.message}`;
  }
}

/** The rows that hold a round back, and which condition each of them is about. */
const holding: Readonly<Record<string, readonly [ConditionName, string]>> = {
  S335: ["evidence", "whoever can't reach it has evidence against it"],
  S345: ["no-veto", "no observer hears through replicas that it lives"],
  S350: ["cool-down", "the cool-down is over"],
  S355: ["back-off", "failed epochs are not backed off from"],
  S357: ["wish", "nobody asks for what can't be"],
  S360: ["candidate", "a node may be promoted"],
};

export function lastHold({ events }: RoundStory): StoredEvent | undefined {
  return events.findLast(
    (one) => !isTransition(one) && (one.rule === "S340" || one.rule in holding),
  );
}

/** In the order of the table. What nobody told is left out: of a condition that never held anything back nothing is stored. */
export function pastConditionsOf(round: RoundStory): readonly Condition[] {
  const { opening, number } = round;
  const isClaimed = round.end === "claimed";
  const votes = votesOf(round);
  const down = votes.filter(({ verdict }) => verdict === "down");
  const blocked = (rule: string) => heldAt(round, rule);
  const opened = `round ${number}, opened by ${opening.observer}`;
  return [
    told("evidence", "S310", "an observer holds it down", "yes", opening.message),
    ...blocked("S335"),
    told("round", "S310", "a round is open", "yes", opened),
    told(
      "vote",
      "S330",
      "observers have voted down",
      down.length > 0 ? "yes" : "no",
      sayVotes(votes),
    ),
    quorumOf(round, isClaimed),
    ...["S345", "S350", "S355", "S357"].flatMap(blocked),
    ...candidateOf(round, isClaimed),
  ];
}

function told(
  name: ConditionName,
  rule: string,
  title: string,
  isMet: Condition["isMet"],
  why: string,
): Condition {
  return { name, rule, title, isMet, why, change: null };
}

function heldAt(round: RoundStory, rule: string): readonly Condition[] {
  const found = round.events.findLast((one) => one.rule === rule && !isTransition(one));
  const [name, title] = holding[rule] ?? [];
  if (found === undefined || name === undefined || title === undefined) return [];
  // What held it back for a while held it back no longer when somebody claimed.
  const isOver = round.end === "claimed";
  const why = isOver ? `held for a while: ${found.message}` : found.message;
  return [told(name, rule, title, isOver ? "yes" : "no", why)];
}

function sayVotes(votes: readonly VoteTold[]): string {
  if (votes.length === 0) return "no vote was told of";
  return votes.map(({ observer, verdict }) => `${observer} ${verdict}`).join(", ");
}

function quorumOf(round: RoundStory, isClaimed: boolean): Condition {
  const title = "enough observers vote down";
  const found = evidenceOf(round.events, "+odown");
  const missing = round.events.findLast(({ name }) => name === "-failover-abort-not-elected");
  const voters = textOf(found?.votes)?.split(",") ?? [];
  const count =
    found === undefined
      ? null
      : `${voters.length} of ${numberOf(found.needed)} needed: ${voters.join(", ")}`;
  if (isClaimed || found !== undefined) {
    return told("quorum", "S340", title, "yes", count ?? round.ending?.message ?? "");
  }
  if (missing !== undefined) return told("quorum", "S340", title, "no", missing.message);
  return told("quorum", "S340", title, "not-asked", "nobody told that the votes were enough");
}

function candidateOf(round: RoundStory, isClaimed: boolean): readonly Condition[] {
  const chosen = round.events.find(({ name }) => name === "+selected-slave");
  const title = "a node may be promoted";
  if (isClaimed && chosen !== undefined) {
    return [told("candidate", "S360", title, "yes", chosen.message)];
  }
  return heldAt(round, "S360");
}

/** One node in the choice of a past claim. */
export interface ChosenFrom {
  readonly node: string;
  readonly isChosen: boolean;
  readonly why: string;
}

/** The field of the choice, as the claim told it; of a hand-over only the chosen one is told. */
export function fieldOf(events: readonly StoredEvent[]): readonly ChosenFrom[] {
  const chosen = events.find(({ name }) => name === "+selected-slave");
  if (chosen === undefined) return [];
  const rows = Object.entries(chosen.evidence).map(([node, why]) => ({
    node,
    isChosen: node === chosen.node,
    why: node === chosen.node ? chosen.message.replace(`${node}: `, "") : String(why),
  }));
  if (rows.length > 0) return rows.toSorted((a, b) => Number(b.isChosen) - Number(a.isChosen));
  return chosen.node === null ? [] : [{ node: chosen.node, isChosen: true, why: chosen.message }];
}
