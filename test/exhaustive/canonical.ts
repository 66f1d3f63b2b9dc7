import type { Outcome } from "../../lib/core/commands.ts";
import type { NodeMemory } from "../../lib/core/detector.ts";
import { type Marks, noMarks } from "../../lib/core/marks.ts";
import type { Memory, Prepared, Publication } from "../../lib/core/memory.ts";
import type { GroupState, Vote } from "../../lib/core/model.ts";
import { type At, Instants } from "./instants.ts";
import type { Ended, Turn } from "./replay.ts";
import { gapOf, settledAtMs, waitFor } from "./waits.ts";

/**
 * Two memories from which the rules can only ever decide alike become one: instants keep their order and the kind of
 * the gaps between them, texts for people and measurements for metrics go.
 */
export function settled(ended: Ended, strays: number): Turn {
  const deadSession = 99;
  const sessions = ended.sessions.map((one, index) => ({ ...one, session: index + 1 }));
  const sessionOf = (one: Prepared): number => {
    const index = ended.sessions.findIndex((open) => open.session === one.session);
    return one.facts === null || index < 0 ? deadSession : index + 1;
  };
  const memory = withPrepared(ended.memory, (one) => ({ ...one, session: sessionOf(one) }));
  const noted = new Instants();
  mapMemory(memory, noted.note);
  for (const outcome of ended.outcomes) mapOutcome(outcome, noted.note);
  const at = noted.layOut(ended.nowMs);
  const { afterMs, ...look } = ended.look;
  return {
    memory: mapMemory(memory, at),
    look: { ...look, afterMs: 0 },
    outcomes: ended.outcomes.map((outcome) => mapOutcome(outcome, at)),
    sessions,
    wait: waitFor(afterMs),
    strays,
  };
}

function orNull(at: (ms: number) => number, ms: number | null): number | null {
  return ms === null ? null : at(ms);
}

/** Limits that are counted from this instant have passed: it says no more than that. */
function isPast(ms: number): boolean {
  return ms <= settledAtMs && gapOf(settledAtMs - ms) !== "soon";
}

function withPrepared(memory: Memory, change: (one: Prepared) => Prepared): Memory {
  const prepared = Object.entries(memory.prepared).sort(byKey);
  return {
    ...memory,
    prepared: Object.fromEntries(prepared.map(([node, one]) => [node, change(one)])),
  };
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function mapMemory(memory: Memory, at: At): Memory {
  const { state, votes, roundSeen, voted } = memory;
  const aged = (ms: number) => at.measured(ms);
  const epoch = state?.epoch ?? 0;
  const round = state?.round;
  const hasVoted = voted !== null && voted.round >= roundSeen.number;
  const isVoteOpen = round?.status === "open" && !hasVoted;
  const areVotesOld = votes !== null && votes.askedAtMs < memory.stateAskedAtMs;
  const withdrewAtMs = orNull(aged, memory.withdrewAtMs);
  const master = memory.nodes[state?.master?.node ?? ""];
  const { leadingSinceMs } = memory;
  const prepared = (one: Prepared): Prepared => {
    const known = [memory.stateAskedAtMs, memory.masterKnown.sinceMs, leadingSinceMs];
    const handedAtMs = memory.handedOver?.epoch === epoch ? memory.handedOver.atMs : null;
    return { ...one, why: "", askedAtMs: at.measured(one.askedAtMs, ...known, handedAtMs) };
  };
  const nodes = Object.entries(memory.nodes).map(([id, node]) => {
    return [id, mapNode(node, { at, memory, isVoteOpen, isMaster: id === master?.node, master })];
  });
  return {
    ...withPrepared(memory, prepared),
    nodes: Object.fromEntries(nodes),
    state: state === null || state === undefined ? state : plain(state),
    startedAtMs: 1,
    // No link here is ever down for so long that it counts how long the master was absent (facts.ts).
    absence: null,
    stateAskedAtMs: at.pivot(memory.stateAskedAtMs),
    stateReadAtMs: aged(memory.stateReadAtMs),
    storeFailure: memory.storeFailure === null ? null : { ...memory.storeFailure, why: "" },
    // When it was seen counts until it is voted in.
    roundSeen: { ...roundSeen, atMs: isVoteOpen ? at.pivot(roundSeen.atMs) : 1 },
    voted: hasVoted ? voted : null,
    votes:
      votes === null || areVotesOld
        ? null
        : { votes: votes.votes.map(plainVote), askedAtMs: at.pivot(votes.askedAtMs) },
    withdrewAtMs: withdrewAtMs === null || isPast(withdrewAtMs) ? null : withdrewAtMs,
    watched: { ...memory.watched, sinceMs: aged(memory.watched.sinceMs) },
    masterKnown: { ...memory.masterKnown, sinceMs: at.pivot(memory.masterKnown.sinceMs) },
    recordKnown: { ...memory.recordKnown, sinceMs: at.pivot(memory.recordKnown.sinceMs) },
    epochSeen: { ...memory.epochSeen, sinceMs: aged(memory.epochSeen.sinceMs) },
    leadingSinceMs: orNull(at.pivot, memory.leadingSinceMs),
    promotion:
      memory.promotion?.epoch === epoch
        ? { ...memory.promotion, why: "", trips: { store: 0, redis: 0 } }
        : null,
    handedOver:
      memory.handedOver?.epoch === epoch
        ? {
            epoch,
            atMs: at.pivot(memory.handedOver.atMs),
            refusal: memory.handedOver.refusal === null ? null : "",
          }
        : null,
    fencedEpoch: memory.fencedEpoch === epoch ? epoch : null,
    publications: {
      master: mapPublication(memory.publications.master, at),
      replicas: mapPublication(memory.publications.replicas, at),
    },
    recordCheckedAtMs: orNull(at.pivot, memory.recordCheckedAtMs),
    repairFailedAtMs: Object.fromEntries(
      Object.entries(memory.repairFailedAtMs)
        .map(([node, ms]): [string, number] => [node, aged(ms)])
        .filter(([, ms]) => !isPast(ms))
        .sort(byKey),
    ),
    marks: mapMarks(memory.marks, at),
    verdicts: {},
    settled: {},
    // Only of foreign nodes is it remembered for a decision's sake that they were told of.
    reported: memory.reported.filter((key) => key.startsWith("foreign ")).sort(),
  };
}

interface NodeContext {
  readonly at: At;
  readonly memory: Memory;
  readonly isMaster: boolean;
  readonly master: NodeMemory | undefined;
  /** Whether the memory may vote in the open round yet. */
  readonly isVoteOpen: boolean;
}

/**
 * Of the unanswered probes the first one counts, of whatever kind; of the stream only its last position, so that no
 * replica testifies by it.
 */
function mapNode(node: NodeMemory, context: NodeContext): NodeMemory {
  const { at, memory, isMaster, isVoteOpen } = context;
  const { leadingSinceMs: leading, masterKnown, roundSeen } = memory;
  const committed = memory.marks.committedAtMs;
  const lastPosition = node.positions.at(-1);
  const isSilent = node.missedAtMs.length > 0;
  const masterMissed = context.master?.missedAtMs[0] ?? null;
  const isAhead = (node.facts?.marker ?? 0) > (memory.state?.epoch ?? 0);
  const round = isMaster && isVoteOpen ? roundSeen.atMs : null;
  const reign = isMaster ? masterKnown.sinceMs : null;
  const record = isMaster ? memory.recordKnown.sinceMs : null;
  const map = (ms: number | null, ...pivots: readonly (number | null)[]) =>
    ms === null ? null : at.measured(ms, ...pivots);
  return {
    ...node,
    missedAtMs: node.missedAtMs.slice(0, 1).map(isMaster ? at.pivot : (ms) => at.measured(ms)),
    refusedSinceMs: null,
    refusals: 0,
    lastReply: isSilent ? { kind: "timeout" } : node.lastReply,
    lastSentAtMs: map(node.lastSentAtMs, round, leading, committed),
    lastAnsweredAtMs: isSilent ? 1 : map(node.lastAnsweredAtMs, leading),
    latencyMs: null,
    roleSinceMs: map(node.roleSinceMs),
    unwritableSinceMs: map(node.unwritableSinceMs),
    busySinceMs: map(node.busySinceMs),
    loadingSinceMs: map(node.loadingSinceMs),
    factsAskedAtMs: map(node.factsAskedAtMs, reign, record, masterMissed, leading, committed),
    factsAtMs: map(node.factsAtMs, masterMissed),
    markerSinceMs: isAhead ? map(node.markerSinceMs, memory.stateAskedAtMs) : null,
    positions:
      lastPosition === undefined ? [] : [{ ...lastPosition, sentAtMs: 1, receivedAtMs: 1 }],
  };
}

/** Whether this shift claimed, and when it committed; the rest is for the durations in events. */
function mapMarks(marks: Marks, at: At): Marks {
  return {
    ...noMarks,
    claimedAtMs: marks.claimedAtMs === null ? null : 1,
    committedAtMs: orNull(at.pivot, marks.committedAtMs),
  };
}

function mapPublication(publication: Publication | null, at: At): Publication | null {
  if (publication === null) return null;
  const failedAtMs = at.measured(publication.failedAtMs);
  return { ...publication, why: "", failedAtMs: isPast(failedAtMs) ? 1 : failedAtMs };
}

function mapOutcome(outcome: Outcome, at: At): Outcome {
  switch (outcome.kind) {
    case "state-written":
    case "state-lost": {
      const times = {
        askedAtMs: at.pivot(outcome.askedAtMs),
        readAtMs: at.pivot(outcome.readAtMs),
      };
      if (outcome.kind === "state-written") {
        return { ...outcome, ...times, state: plain(outcome.state) };
      }
      return { ...outcome, ...times, state: outcome.state === null ? null : plain(outcome.state) };
    }
    case "voted":
      return { ...outcome, vote: plainVote(outcome.vote) };
    case "vote-lost":
      return { ...outcome, standing: plainVote(outcome.standing) };
    case "promoted":
      return { ...outcome, atMs: at.pivot(outcome.atMs), trips: { store: 0, redis: 0 } };
    case "effect-done":
      return { ...outcome, atMs: at.pivot(outcome.atMs) };
    case "store-failed":
    case "effect-failed":
    case "not-published":
    case "withheld":
      return { ...outcome, why: "" };
    case "published":
      return outcome;
    case "script-told":
    case "write-told":
      return { ...outcome, why: "", atMs: at.measured(outcome.atMs) };
  }
}

/** STATE without its texts for people; whose writes it carries is known to the store alone. */
export function plain(state: GroupState): GroupState {
  return {
    ...state,
    attempts: [],
    round: { ...state.round, reason: null },
    lastEpoch: state.lastEpoch === null ? null : { ...state.lastEpoch, reason: "" },
    log: [],
    lastTransition: { rev: 0, rule: "", why: "" },
  };
}

export function plainVote(vote: Vote): Vote {
  return { ...vote, evidence: "" };
}
