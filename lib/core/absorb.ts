import { failedPublication, withPublication } from "./absorb-publication.ts";
import type { Outcome } from "./commands.ts";
import { type GroupConfig, moveOf } from "./config.ts";
import { absorbSample, discardMisses, isAnswer, type NodeMemory } from "./detector.ts";
import { withDiscovered } from "./discovered.ts";
import { withOthers } from "./elsewhere.ts";
import { noMarks } from "./marks.ts";
import { type Memory, nodesOf, type Observation, type RoundSeen } from "./memory.ts";
import type { GroupState, Round, Sample } from "./model.ts";
import { withScriptKill, withWriteProbe } from "./spells.ts";

/** Folds one observation into the memory. Pure; the order matters: what we did comes before what we saw of it. */
export function absorb(before: Memory, seen: Observation): Memory {
  let memory: Memory = { ...before, wallMs: seen.wallMs };
  if (seen.config !== memory.configured) {
    memory = { ...memory, configured: seen.config, prepared: {}, votes: null };
    memory = withNodes(memory, withDiscovered(seen.config, memory.state));
  }
  if (seen.lastThawMs > memory.lastThawMs) memory = afterFreeze(memory, seen.lastThawMs);
  for (const outcome of seen.outcomes) memory = absorbOutcome(memory, outcome);
  memory = absorbSamples(memory, seen.samples.filter(isEvidence(memory)));
  for (const one of seen.prepared) {
    memory = { ...memory, prepared: { ...memory.prepared, [one.node]: one } };
  }
  for (const one of seen.newcomers) {
    memory = { ...memory, newcomers: { ...memory.newcomers, [one.node.id]: one } };
  }
  memory = withOthers(withFound(absorbStore(memory, seen)), seen.others, seen.nowMs);
  if (seen.record.kind === "read") {
    const record = seen.record.value;
    memory = { ...memory, record, recordCheckedAtMs: seen.record.readAtMs };
  } else if (seen.record.kind === "failed") {
    // A name that could not be asked for is asked for again by the next shift.
    memory = { ...memory, record: null, recordCheckedAtMs: seen.nowMs };
  }
  return memory;
}

/** The list of nodes is of the STATE that is decided from, never of an older or a younger one (ADR 0009). */
function withFound(memory: Memory): Memory {
  const config = withDiscovered(memory.configured, memory.state);
  const isSame =
    config.nodes.length === memory.config.nodes.length &&
    config.nodes.every((node, index) => node.id === memory.config.nodes[index]?.id);
  return isSame ? memory : withNodes(memory, config);
}

function withNodes(memory: Memory, config: GroupConfig): Memory {
  const nodes = nodesOf(config, unmoved(memory, config));
  const prepared = Object.values(memory.prepared).filter((one) => nodes[one.node] !== undefined);
  return {
    ...memory,
    config,
    nodes,
    prepared: Object.fromEntries(prepared.map((one) => [one.node, one])),
  };
}

/** Of a node that is looked for elsewhere nothing is known: another server may answer there. */
function unmoved(memory: Memory, config: GroupConfig): Memory["nodes"] {
  const staying = Object.entries(memory.nodes).filter(
    ([id]) => moveOf(memory.config, config, id) === null,
  );
  return Object.fromEntries(staying);
}

/**
 * A probe that was under way during a freeze is told as unanswered at the thaw, with a sending time long past: its
 * answer may lie in the socket still. It is no miss.
 */
function isEvidence(memory: Memory) {
  return (sample: Sample) => isAnswer(sample.reply) || sample.sentAtMs >= memory.lastThawMs;
}

/** A frozen process restarts as a new shift would: it joins no round that it knew, and believes no silence. */
function afterFreeze(memory: Memory, lastThawMs: number): Memory {
  const nodes = Object.values(memory.nodes).map((node) => [node.node, discardMisses(node)]);
  return {
    ...memory,
    nodes: Object.fromEntries(nodes),
    prepared: {},
    votes: null,
    firstRound: null,
    wokenFor: null,
    promotion: null,
    marks: noMarks,
    lastThawMs,
  };
}

/** A sample of a node that is none of the configuration says nothing. */
function absorbSamples(memory: Memory, samples: readonly Sample[]): Memory {
  if (samples.length === 0) return memory;
  const nodes = { ...memory.nodes };
  for (const sample of samples) {
    const node = nodes[sample.node];
    if (node !== undefined) nodes[sample.node] = absorbSample(node, sample);
  }
  return { ...memory, nodes };
}

function absorbStore(memory: Memory, seen: Observation): Memory {
  let next = memory;
  if (seen.state.kind === "failed") {
    next = { ...next, storeFailure: { why: seen.state.why, isForeign: seen.state.isForeign } };
  } else if (seen.state.kind === "read") {
    const { askedAtMs, readAtMs, value } = seen.state;
    next = knowState({ ...next, storeFailure: null }, value.state, askedAtMs, readAtMs);
  }
  if (seen.votes.kind === "read") {
    const votes = { votes: seen.votes.value.votes, askedAtMs: seen.votes.askedAtMs };
    next = { ...next, votes };
  }
  return next;
}

/** Takes in what STATE says, whether by a read or by the answer to a write. An older rev never replaces a newer one. */
function knowState(
  memory: Memory,
  state: GroupState | null,
  askedAtMs: number,
  readAtMs: number,
): Memory {
  if (askedAtMs < memory.stateAskedAtMs) return memory;
  const round = state?.round.number ?? 0;
  const isLeader = state?.leader === memory.shift;
  const key = state === null ? "none" : `${state.epoch} ${state.leader} ${state.beat}`;
  const masterEpoch = state?.masterEpoch ?? 0;
  // A master found at the first read of an observer without a predecessor was committed long enough ago. Where the
  // predecessor knew another one, the commit is younger than its last heartbeat.
  const isUnheardOf = memory.state === undefined && memory.masterKnown.epoch === -1;
  const isMasterNew = memory.masterKnown.epoch !== masterEpoch;
  return {
    ...memory,
    state,
    stateAskedAtMs: askedAtMs,
    stateReadAtMs: readAtMs,
    firstRound: memory.firstRound ?? round,
    roundSeen: roundSeen(memory, state?.round ?? null, readAtMs),
    watched: memory.watched.key === key ? memory.watched : { key, sinceMs: readAtMs },
    masterKnown: isMasterNew
      ? { epoch: masterEpoch, sinceMs: isUnheardOf ? Number.NEGATIVE_INFINITY : readAtMs }
      : memory.masterKnown,
    recordKnown: recordKnown(memory, state, readAtMs),
    keptKnown: keptKnown(memory, state, readAtMs),
    epochSeen: epochSeen(memory, state, readAtMs),
    leadingSinceMs: isLeader ? (memory.leadingSinceMs ?? readAtMs) : null,
  };
}

/** A table that was put back to a backup opens rounds of the same number again, by whoever comes first then. */
function roundSeen({ roundSeen: seen }: Memory, round: Round | null, atMs: number): RoundSeen {
  const { number, openedBy } = round ?? { number: 0, openedBy: null };
  return seen.number === number && seen.openedBy === openedBy ? seen : { number, openedBy, atMs };
}

/** Known since the reading: what a shift asked beside its first one may be older than the ids that it read there. */
function recordKnown(memory: Memory, state: GroupState | null, readAtMs: number) {
  const {
    node = "",
    runId = "",
    replid = "",
    replid2 = "",
    secondOffset = 0,
  } = state?.master ?? {};
  const key = `${node} ${runId} ${replid} ${replid2} ${secondOffset}`;
  if (memory.recordKnown.key === key) return memory.recordKnown;
  return { key, sinceMs: readAtMs };
}

/** What a node said before it was known to be held is no word on what it holds. */
function keptKnown(memory: Memory, state: GroupState | null, readAtMs: number) {
  const key = state?.kept.join(" ") ?? "";
  return memory.keptKnown.key === key ? memory.keptKnown : { key, sinceMs: readAtMs };
}

/** The first epoch that a shift reads is of unknown age: long enough ago. */
function epochSeen(memory: Memory, state: GroupState | null, readAtMs: number) {
  const epoch = state?.epoch ?? 0;
  if (memory.epochSeen.epoch === epoch) return memory.epochSeen;
  const isFirst = memory.state === undefined;
  return { epoch, sinceMs: isFirst ? Number.NEGATIVE_INFINITY : readAtMs };
}

function absorbOutcome(memory: Memory, outcome: Outcome): Memory {
  switch (outcome.kind) {
    case "state-written": {
      const withdrew = isWithdrawal(memory, outcome.state) ? outcome.readAtMs : memory.withdrewAtMs;
      const next = { ...memory, storeFailure: null, withdrewAtMs: withdrew };
      return knowState(next, outcome.state, outcome.askedAtMs, outcome.readAtMs);
    }
    case "state-lost":
      return knowState(memory, outcome.state, outcome.askedAtMs, outcome.readAtMs);
    case "store-failed":
      return { ...memory, storeFailure: { why: outcome.why, isForeign: false } };
    case "voted":
      return { ...memory, voted: { round: outcome.vote.round, verdict: outcome.vote.verdict } };
    case "vote-lost":
      return {
        ...memory,
        voted: { round: outcome.standing.round, verdict: outcome.standing.verdict },
      };
    case "promoted":
      return {
        ...absorbSamples(memory, [answerOf(outcome)]),
        promotion: { ...outcome, failures: 0, why: "" },
        marks: { ...memory.marks, promotedAtMs: outcome.atMs },
      };
    case "effect-done":
      return absorbEffect(memory, outcome);
    case "effect-failed":
      return absorbFailure(memory, outcome);
    case "script-told":
    case "write-told":
      return absorbTold(memory, outcome);
    case "published": {
      const publication = { isDone: true, isRefused: false, failures: 0, failedAtMs: 0, why: "" };
      return withPublication(memory, outcome.role, { ...publication, epoch: outcome.epoch });
    }
    case "not-published":
      return withPublication(memory, outcome.role, failedPublication(memory, outcome));
    case "withheld":
      return memory;
  }
}

/** What a promoted node said right after counts as an answer of that node. */
function answerOf(outcome: Extract<Outcome, { kind: "promoted" }>): Sample {
  const { node, facts, askedAtMs, atMs } = outcome;
  const times = { sentAtMs: askedAtMs, receivedAtMs: atMs };
  const reply = { kind: "pong" as const };
  return { node, ...times, reply, over: "session", isFreshConnect: false, facts };
}

/** Whether the write that was won took back this observer's own down vote. */
function isWithdrawal(memory: Memory, written: GroupState): boolean {
  const { voted } = memory;
  return (
    written.round.status === "closed" &&
    voted?.verdict === "down" &&
    voted.round === written.round.number &&
    written.phase === memory.state?.phase &&
    written.epoch === memory.state?.epoch
  );
}

function absorbEffect(memory: Memory, outcome: Extract<Outcome, { kind: "effect-done" }>): Memory {
  const { [outcome.node]: used, ...prepared } = memory.prepared;
  const { epoch, atMs, command, node } = outcome;
  if (command === "hand-over")
    return { ...memory, prepared, handedOver: { epoch, atMs, refusal: null } };
  if (command === "fence") return { ...memory, prepared, fencedEpoch: epoch };
  if (command === "cut" && used !== undefined && used.facts !== null) {
    const { runId, replid } = used.facts;
    return { ...memory, prepared, cutAt: { epoch, node, runId, replid } };
  }
  return { ...memory, prepared };
}

function absorbTold(
  memory: Memory,
  outcome: Extract<Outcome, { kind: "script-told" | "write-told" }>,
): Memory {
  const { node: id } = outcome;
  const node = memory.nodes[id];
  if (node === undefined) return memory;
  if (outcome.kind === "script-told") {
    const { answer, why, atMs } = outcome;
    return withNode(memory, withScriptKill(node, { answer, why, atMs }));
  }
  const { answer, why, atMs } = outcome;
  const { [id]: _used, ...prepared } = memory.prepared;
  return { ...withNode(memory, withWriteProbe(node, { answer, why, atMs })), prepared };
}

function withNode(memory: Memory, node: NodeMemory): Memory {
  return { ...memory, nodes: { ...memory.nodes, [node.node]: node } };
}

function absorbFailure(
  memory: Memory,
  outcome: Extract<Outcome, { kind: "effect-failed" }>,
): Memory {
  const { [outcome.node]: _used, ...prepared } = memory.prepared;
  const { node, epoch, why } = outcome;
  if (outcome.command === "promote") {
    const failures = memory.promotion?.epoch === epoch ? memory.promotion.failures + 1 : 1;
    const trips = { store: 0, redis: 0 };
    const oldMaster = outcome.oldMaster ?? null;
    const promotion = { epoch, node, facts: null, oldMaster, failures, why, trips };
    return { ...memory, prepared, promotion };
  }
  if (outcome.command === "hand-over") {
    const refusal = outcome.isCertain ? why : null;
    return { ...memory, prepared, handedOver: { epoch, atMs: memory.stateReadAtMs, refusal } };
  }
  const repairFailedAtMs = { ...memory.repairFailedAtMs, [node]: memory.stateReadAtMs };
  return { ...memory, prepared, repairFailedAtMs };
}
