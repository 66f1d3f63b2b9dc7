import { type GroupConfig, type NodeId, votesNeeded } from "./config.ts";
import type { Round, Vote, VoteVerdict } from "./model.ts";

/** The votes of one round, counted: who agrees, who does not, who has not said anything. */
export interface Tally {
  readonly needed: number;
  readonly down: readonly string[];
  readonly up: readonly string[];
  readonly blind: readonly string[];
  readonly unreachable: readonly string[];
  readonly silent: readonly string[];
  readonly isReached: boolean;
  /** Highest offset of the suspect that any counted vote saw. */
  readonly lastOffset: number | null;
}

/**
 * Counts a round (invariant S2): only votes that name this round, this epoch, this suspect and this configuration,
 * one per configured observer. No vote has an age: freshness comes from the round alone (protocol F2).
 */
export function tally(
  config: GroupConfig,
  round: Round,
  epoch: number,
  votes: readonly Vote[],
): Tally {
  const counted = votesOf(config, round, epoch, votes).filter(
    (vote) => vote.node === round.suspect || vote.verdict === "blind",
  );
  const who = (verdict: VoteVerdict) =>
    counted.filter((vote) => vote.verdict === verdict).map((vote) => vote.observer);
  const down = who("down");
  const offsets = counted.flatMap((vote) => (vote.lastOffset === null ? [] : [vote.lastOffset]));
  return {
    needed: votesNeeded(config),
    down,
    up: who("up"),
    blind: who("blind"),
    unreachable: who("unreachable"),
    silent: config.observers.filter((name) => !counted.some((vote) => vote.observer === name)),
    isReached: down.length >= votesNeeded(config),
    lastOffset: offsets.length === 0 ? null : Math.max(...offsets),
  };
}

/** In a bootstrap round: the one master that a quorum names, or null. */
export function namedMaster(
  config: GroupConfig,
  round: Round,
  epoch: number,
  votes: readonly Vote[],
): { readonly node: NodeId | null; readonly names: readonly string[] } {
  const counted = votesOf(config, round, epoch, votes).filter((vote) => vote.verdict === "names");
  const names = counted.map((vote) => `${vote.observer}=${vote.node ?? "none"}`);
  const first = counted[0]?.node ?? null;
  const isUnanimous = counted.every((vote) => vote.node === first);
  const isReached = counted.length >= votesNeeded(config);
  return { node: isUnanimous && isReached ? first : null, names };
}

function votesOf(
  config: GroupConfig,
  round: Round,
  epoch: number,
  votes: readonly Vote[],
): readonly Vote[] {
  const seen = new Set<string>();
  return votes.filter((vote) => {
    const counts =
      vote.round === round.number &&
      vote.epoch === epoch &&
      vote.digest === config.digest &&
      config.observers.includes(vote.observer) &&
      !seen.has(vote.observer);
    if (counts) seen.add(vote.observer);
    return counts;
  });
}
