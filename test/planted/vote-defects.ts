import type { Defect } from "./defects.ts";

/** Mistakes of who may vote in which round, and of which votes count. */
export const voteDefects: readonly Defect[] = [
  {
    id: "skip-quorum",
    title: "One down vote is enough.",
    file: "lib/core/quorum.ts",
    find: "isReached: down.length >= votesNeeded(config)",
    replace: "isReached: down.length >= 1",
  },
  {
    id: "count-twice",
    title: "An observer is counted twice.",
    file: "lib/core/quorum.ts",
    find: "isReached: down.length >= votesNeeded(config)",
    replace: "isReached: 2 * down.length >= votesNeeded(config)",
  },
  {
    id: "count-stale-round",
    title: "Votes of earlier rounds count.",
    file: "lib/core/quorum.ts",
    find: "vote.round === round.number &&",
    replace: "vote.round <= round.number &&",
  },
  {
    id: "fresh-by-the-clock",
    title:
      "Votes count by their age, each by the wall clock of the region that cast it, and not by their round.",
    file: "lib/core/rules/suspicion.ts",
    find: "    evidence: why,",
    replace: '    evidence: [memory.wallMs, why].join(" "),',
    also: [
      {
        file: "lib/core/absorb.ts",
        find: "const votes = { votes: seen.votes.value.votes, askedAtMs: seen.votes.askedAtMs };",
        replace: `const round = next.state?.round.number ?? 0;
    const aged = seen.votes.value.votes.map((vote) => {
      const ageMs = memory.wallMs - Number(vote.evidence.split(" ")[0]);
      if (vote.verdict === "names") return vote;
      return { ...vote, round: ageMs < memory.config.settings.downAfterMs ? round : -1 };
    });
    const votes = { votes: aged, askedAtMs: seen.votes.askedAtMs };`,
      },
    ],
  },
  {
    id: "join-old-round",
    title: "A shift joins a round that was open before it looked.",
    file: "lib/core/memory.ts",
    find: "if (memory.firstRound === null) return false;",
    replace: "if (memory.firstRound !== undefined) return true;",
  },
  {
    id: "woken-joins-any-round",
    title: "A woken shift joins any round, not only the one it was woken for.",
    file: "lib/core/memory.ts",
    find: "state.round.number === memory.wokenFor;",
    replace: "memory.wokenFor !== null;",
  },
  {
    id: "no-withdrawal",
    title: "A down vote stands although the master answers again.",
    file: "lib/core/rules/suspicion.ts",
    find: 'if (memory.voted.verdict !== "down" || suspicion(view).kind !== "none") return null;',
    replace: "if (memory.voted !== null) return null;",
  },
];
