import type { Look } from "../commands.ts";
import type { NodeMemory } from "../detector.ts";
import { notice, type SentinelEvent, warning } from "../events.ts";
import { isJoinable } from "../memory.ts";
import type { Vote, VoteVerdict } from "../model.ts";
import { isAnsweringKind, type Suspicion, suspicion } from "../situation.ts";
import { closeRound, openRound } from "../state.ts";
import { isAnswering, lookNow, type MasterView, nextLook, nodesExcept, writer } from "../view.ts";
import { ownOffset } from "./choice.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";

/** Rounds and votes (DESIGN 4.1, protocol F2 and F3); they hold in `steady` and in `settling` alike (F7). */
export const suspicionRules: readonly Rule<MasterView>[] = [
  {
    id: "S300",
    title: "Withdraw a down vote through STATE as soon as the master answers.",
    source:
      "protocol F3: closing the round moves rev and defeats every claim that counted the vote",
    find: (view) => {
      const { memory, state } = view;
      if (!isOpenOnMaster(view) || memory.voted?.round !== state.round.number) return null;
      if (memory.voted.verdict !== "down" || suspicion(view).kind !== "none") return null;
      const why = `${view.master.node} answers ${memory.observer} again`;
      return {
        why,
        plan: [
          [closeRound(state, why, writer(view, "S300", why))],
          [emit(warning("-round", `round ${state.round.number} closed: ${why}`, at(view)))],
        ],
        look: lookNow(view, { state: true }),
      };
    },
  },
  {
    id: "S310",
    title: "Open a round on full evidence, unless one that this shift may vote in is open.",
    source:
      "DESIGN 4.1; a round of unknown age, or one in which this observer voted otherwise, is superseded",
    find: (view) => {
      const { memory, state } = view;
      const held = suspicion(view);
      if (held.kind !== "full" || isResting(view)) return null;
      const hasVotedOtherwise =
        memory.voted?.round === state.round.number && memory.voted.verdict !== "down";
      if (isOpenOnMaster(view) && isJoinable(memory, state) && !hasVotedOtherwise) return null;
      const why = `${view.master.node} is down(${held.of}): ${held.why}`;
      const round = state.round.number + 1;
      return {
        why,
        plan: [
          [openRound(state, view.master.node, writer(view, "S310", why))],
          [emit(warning("+round", `round ${round}: ${why}`, at(view))), { kind: "wake", round }],
        ],
        look: confirmLook(view, held),
      };
    },
  },
  {
    id: "S320",
    title: "Before voting, probe the suspect once more, after the round was seen.",
    source:
      "DESIGN 4.1: one more probe, sent after reading the round, of all nodes if the suspect answers (N3); a vote that the table did not take is cast again on a probe of now (P3, N18)",
    find: (view) => {
      if (!mayVote(view) || isConfirmed(view)) return null;
      const held = suspicion(view);
      if (held.kind === "building") return null;
      return hold("probing the suspect once more before voting", confirmLook(view, held));
    },
  },
  {
    id: "S330",
    title: "Vote once in the round: down, up, blind, or unreachable.",
    source: "DESIGN 4.1; votes are written once per round (protocol F3)",
    find: (view) => {
      if (!mayVote(view)) return null;
      const held = suspicion(view);
      const verdict = verdictFor(held);
      if (verdict === null || (held.kind === "full" && isResting(view))) return null;
      const why = "why" in held ? held.why : `${view.master.node} answers`;
      return castVote(view, verdict, why);
    },
  },
  {
    id: "S335",
    title:
      "Hold, and say so once, while replicas hear from a master that this observer can't reach, or no node answers.",
    source: "DESIGN 4.2: Unreachable is not dead; fault P3",
    find: (view) => {
      const held = suspicion(view);
      if (held.kind !== "unreachable" && held.kind !== "blind") return null;
      const name = held.kind === "blind" ? "Blind" : "Unreachable";
      const why = `${name}: ${view.master.node} does not answer ${view.memory.observer}; ${held.why}`;
      const event = warning("+hold", why, { ...at(view), onceKey: `${name} ${view.master.node}` });
      return hold(why, nextLook(view), event);
    },
  },
];

function verdictFor(held: Suspicion): VoteVerdict | null {
  switch (held.kind) {
    case "full":
      return "down";
    case "none":
      return "up";
    case "blind":
      return "blind";
    case "unreachable":
      // A silent replica may speak yet: only a testimony of life is worth a vote.
      return held.says === "alive" ? "unreachable" : null;
    case "building":
      return null;
  }
}

function castVote(view: MasterView, verdict: VoteVerdict, why: string): Finding {
  const { memory, state, config } = view;
  const vote: Vote = {
    observer: memory.observer,
    group: config.name,
    round: state.round.number,
    epoch: state.epoch,
    digest: config.digest,
    verdict,
    node: view.master.node,
    lastOffset: ownOffset(view),
    evidence: why,
  };
  const message = `${memory.observer} votes ${verdict} in round ${vote.round}: ${why}`;
  return {
    why: message,
    plan: [[{ kind: "cast-vote", vote }], [emit(voteTold(view, vote, message))]],
    look: verdict === "down" ? countLook(view) : lookNow(view, { afterMs: 0, state: true }),
  };
}

/** Stored: the next round overwrites the vote, and whoever asks later why this one led to nothing wants to know it. */
function voteTold(view: MasterView, vote: Vote, message: string): SentinelEvent {
  const { round, verdict, lastOffset } = vote;
  const evidence = { round, verdict, lastOffset };
  return { ...notice("+vote", message, { ...at(view), evidence }), isStored: true };
}

/** Reads rev before the votes, and the candidates beside them: what a claim needs, in one look. */
export function countLook(view: MasterView): Look {
  const held = suspicion(view);
  const isAnsweringSuspect = held.kind === "full" && isAnsweringKind(held.of);
  const others = nodesExcept(view, view.master.node)
    .filter((node) => isAnswering(node))
    .map((node) => node.node);
  return lookNow(view, {
    state: true,
    votes: true,
    prepare: isAnsweringSuspect ? [...others, view.master.node] : others,
    bystander: isAnsweringSuspect ? null : view.master.node,
  });
}

/** What it said before a session with it could not be opened, it said of another time: its own server may be back (N18). */
function isConfirmed(view: MasterView): boolean {
  const { masterMemory: master, memory } = view;
  const lastMs = master.lastSentAtMs ?? Number.NEGATIVE_INFINITY;
  const session = memory.prepared[master.node];
  const isUnheardSince = session?.facts === null && session.askedAtMs > lastMs;
  return lastMs > memory.roundSeen.atMs && isOfNow(view, lastMs) && !isUnheardSince;
}

/**
 * The one more probe; the others are prepared beside it, because they may be needed next. One that could not be prepared, or
 * was not probed for long, is probed as well: a session that can't be opened says nothing, and an observer that loses every
 * path in the middle of its rounds has to notice that it is blind (P3). A suspect that answers is held against what the
 * others say, so all of them are asked with it: what they said before may be older than its restart (N3, N18).
 */
function confirmLook(view: MasterView, held: Suspicion): Look {
  const isQuiet = held.kind === "full" || held.kind === "unreachable";
  const isCompared = held.kind === "none" || (held.kind === "full" && isAnsweringKind(held.of));
  const others = nodesExcept(view, view.master.node).filter((node) => isAnswering(node));
  return lookNow(view, {
    probe: [
      view.master.node,
      ...others.flatMap((node) => (isCompared || isDoubtful(view, node) ? node.node : [])),
    ],
    info: true,
    prepare: isQuiet ? others.map((node) => node.node) : [],
  });
}

function isDoubtful(view: MasterView, { node, lastSentAtMs }: NodeMemory): boolean {
  return view.memory.prepared[node]?.facts === null || !isOfNow(view, lastSentAtMs);
}

/** No look takes as long as `takeoverMs` (timing rules), so a probe that is asked for now will count. */
function isOfNow(view: MasterView, sentAtMs: number | null): boolean {
  return view.nowMs - (sentAtMs ?? Number.NEGATIVE_INFINITY) < view.settings.takeoverMs;
}

export function isOpenOnMaster({ state, master }: Pick<MasterView, "state" | "master">): boolean {
  const { round } = state;
  return round.status === "open" && round.purpose === "failover" && round.suspect === master.node;
}

function mayVote(view: MasterView): boolean {
  const { memory, state } = view;
  return (
    isOpenOnMaster(view) &&
    isJoinable(memory, state) &&
    (memory.voted === null || memory.voted.round < state.round.number)
  );
}

/** Who withdrew a vote waits before voting down again, else a flapping minority keeps reopening (protocol F3). */
function isResting(view: MasterView): boolean {
  return restLeftMs(view) > 0;
}

/** For how much longer it waits; 0 or less: not at all. */
export function restLeftMs({ memory, settings, nowMs }: MasterView): number {
  const { withdrewAtMs } = memory;
  return withdrewAtMs === null ? 0 : withdrewAtMs + settings.downAfterMs - nowMs;
}

function at(view: MasterView) {
  return { node: view.master.node };
}
