import type { NodeId, Settings } from "./config.ts";
import type { NodeFacts, ProbeReply, Sample } from "./model.ts";
import type { Rehearsal } from "./rehearsal.ts";
import {
  busySince,
  isStillRefusing,
  noSpells,
  type ScriptKill,
  type Spells,
  unwritableSince,
  type WriteProbe,
} from "./spells.ts";

/** How many unanswered probes and how many stream positions are remembered. */
const missesMax = 64;
const positionsMax = 8;
const stillMax = 3;

/** Where a node stood in the replication stream when a probe asked. */
export interface Position {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly offset: number;
}

/**
 * One observer's memory of one node, folded from its samples in the style of a sans-I/O state machine: time comes in
 * with the samples. All times are this process's monotonic clock.
 */
export interface NodeMemory {
  readonly node: NodeId;
  /** Sending times of the probes since the last one that was answered, oldest first. */
  readonly missedAtMs: readonly number[];
  /** Sending time of the first refused fresh connect of an unbroken series. */
  readonly refusedSinceMs: number | null;
  readonly refusals: number;
  readonly lastReply: ProbeReply | null;
  readonly lastSentAtMs: number | null;
  readonly lastAnsweredAtMs: number | null;
  readonly latencyMs: number | null;
  readonly role: "master" | "replica" | null;
  /** Since when each answer reports this role; null while the last answer did not say. */
  readonly roleSinceMs: number | null;
  readonly facts: NodeFacts | null;
  /** Sending time of the INFO that `facts` came from. */
  readonly factsAskedAtMs: number | null;
  readonly factsAtMs: number | null;
  /** Whether `facts` were asked since a probe last had to connect: another server may be at the address since. */
  readonly areFactsOfConnection: boolean;
  /** The last rehearsal of a role change; null: none yet. */
  readonly rehearsal: Rehearsal | null;
  /** When the marker that is reported now was first reported. */
  readonly markerSinceMs: number | null;
  /** Since when it has followed the same master without a link and without a synchronisation; null: not so. */
  readonly unlinkedSinceMs: number | null;
  /** Since when it has refused writes as a master, by its answers to PING or by its memory; null: it takes them. */
  readonly unwritableSinceMs: number | null;
  /** Since when it has answered nothing but that a script keeps it busy; null: it does not. */
  readonly busySinceMs: number | null;
  /** What became of telling the script of this spell to stop; null: it was not told. */
  readonly scriptKill: ScriptKill | null;
  /** What the last write was answered that was tried on it as a master; null: none was. */
  readonly writeProbe: WriteProbe | null;
  /** What the shift before this one had watched for how long; null: nothing, or this one has an answer of its own. */
  readonly spellsBefore: Spells | null;
  /** Since when this run has answered nothing but that it loads its data; null: it does not. */
  readonly loadingSinceMs: number | null;
  /** Which run the shift before this one saw loading, and for how long; null: none. */
  readonly loadingBefore: LoadingBefore | null;
  readonly positions: readonly Position[];
}

/** A server loads once a run, so whoever meets the same run loading meets the same load. */
export interface LoadingBefore {
  readonly runId: string;
  readonly forMs: number;
}

export function unknownNode(node: NodeId): NodeMemory {
  return {
    node,
    missedAtMs: [],
    refusedSinceMs: null,
    refusals: 0,
    lastReply: null,
    lastSentAtMs: null,
    lastAnsweredAtMs: null,
    latencyMs: null,
    role: null,
    roleSinceMs: null,
    facts: null,
    factsAskedAtMs: null,
    factsAtMs: null,
    areFactsOfConnection: true,
    rehearsal: null,
    markerSinceMs: null,
    unlinkedSinceMs: null,
    ...noSpells,
    loadingSinceMs: null,
    loadingBefore: null,
    positions: [],
  };
}

/** Whether a reply proves that a server answered. Refusals of our credentials prove it too: they are never "down". */
export function isAnswer(reply: ProbeReply): boolean {
  return reply.kind === "pong" || reply.kind === "error";
}

/** The last offset that it showed of what it held; null: none. */
export function lastOffset({ positions, facts }: NodeMemory): number | null {
  const known = facts === null || facts.isLoading ? null : facts.offset;
  return positions.at(-1)?.offset ?? known;
}

/** Folds one sample into the memory of its node. */
export function absorbSample(memory: NodeMemory, sample: Sample): NodeMemory {
  const late = sample.lateReplyToMs;
  // A late answer counts for the probe it answers: a slow node is slow, not down.
  const missed =
    late === undefined ? memory.missedAtMs : memory.missedAtMs.filter((sentAt) => sentAt > late);
  const heard = {
    ...memory,
    lastReply: isStillRefusing(memory, sample) ? memory.lastReply : sample.reply,
    lastSentAtMs: sample.sentAtMs,
    areFactsOfConnection:
      sample.facts !== undefined || (memory.areFactsOfConnection && !sample.isFreshConnect),
    lastAnsweredAtMs:
      late === undefined ? memory.lastAnsweredAtMs : Math.max(memory.lastAnsweredAtMs ?? 0, late),
  };
  if (isAnswer(sample.reply)) return answered(heard, sample);
  // Silence has to be unbroken: of a node that could not be asked nobody knows whether it was silent.
  if (sample.reply.kind === "unresolved") return discardMisses(heard);
  const isRefusal = sample.reply.kind === "refused" && sample.isFreshConnect;
  return {
    ...heard,
    missedAtMs: missed.length < missesMax ? [...missed, sample.sentAtMs] : missed,
    refusedSinceMs: isRefusal ? (memory.refusedSinceMs ?? sample.sentAtMs) : null,
    refusals: isRefusal ? memory.refusals + 1 : 0,
  };
}

function answered(memory: NodeMemory, sample: Sample): NodeMemory {
  const reported = sample.facts?.role ?? sample.role?.role ?? null;
  const role = reported ?? memory.role;
  const busySinceMs = busySince(memory, sample);
  const offset = sample.facts?.offset ?? sample.role?.offset ?? null;
  // Of what it has not loaded yet, a server shows the offset of no history.
  const position =
    offset === null || isLoading(sample)
      ? []
      : [{ sentAtMs: sample.sentAtMs, receivedAtMs: sample.receivedAtMs, offset }];
  return {
    ...memory,
    missedAtMs: [],
    refusedSinceMs: null,
    refusals: 0,
    lastAnsweredAtMs: sample.receivedAtMs,
    latencyMs: sample.receivedAtMs - sample.sentAtMs,
    role,
    roleSinceMs: reported === null ? null : roleSince(memory, reported, sample.receivedAtMs),
    facts: withUnasked(sample, memory.facts) ?? memory.facts,
    factsAskedAtMs: sample.facts ? sample.sentAtMs : memory.factsAskedAtMs,
    factsAtMs: sample.facts ? sample.receivedAtMs : memory.factsAtMs,
    rehearsal: sample.rehearsal ?? memory.rehearsal,
    markerSinceMs: markerSince(memory, sample),
    unlinkedSinceMs: unlinkedSince(memory, sample),
    unwritableSinceMs: unwritableSince(memory, sample, role),
    busySinceMs,
    writeProbe: role === "master" ? memory.writeProbe : null,
    scriptKill: busySinceMs === null ? null : memory.scriptKill,
    spellsBefore: sample.over === "session" ? memory.spellsBefore : null,
    loadingSinceMs: loadingSince(memory, sample),
    positions: position.reduce(withPosition, memory.positions),
  };
}

function roleSince(memory: NodeMemory, role: NodeMemory["role"], atMs: number): number {
  return role === memory.role ? (memory.roleSinceMs ?? atMs) : atMs;
}

function markerSince(memory: NodeMemory, sample: Sample): number | null {
  if (sample.facts === undefined) return memory.markerSinceMs;
  const isSame = memory.facts !== null && sample.facts.marker === memory.facts.marker;
  return isSame ? memory.markerSinceMs : sample.receivedAtMs;
}

function unlinkedSince(memory: NodeMemory, { facts, receivedAtMs }: Sample): number | null {
  if (facts === undefined) return memory.unlinkedSinceMs;
  if (!isUnlinked(facts)) return null;
  const isSameMaster =
    memory.facts?.masterHost === facts.masterHost && memory.facts.masterPort === facts.masterPort;
  return isSameMaster ? (memory.unlinkedSinceMs ?? receivedAtMs) : receivedAtMs;
}

/** Another run begins to load anew, as Sentinel's +reboot starts its clock again. */
function loadingSince(memory: NodeMemory, sample: Sample): number | null {
  if (!isLoading(sample)) return null;
  const { facts, receivedAtMs } = sample;
  const runId = facts?.runId ?? memory.facts?.runId;
  const isSameRun = memory.facts === null || memory.facts.runId === runId;
  return isSameRun ? (memory.loadingSinceMs ?? receivedAtMs) : receivedAtMs;
}

/** INFO is answered during a load too, and comes after the PING of the same probe, or alone. */
function isLoading({ reply, facts }: Sample): boolean {
  return facts?.isLoading ?? (reply.kind === "error" && reply.code === "LOADING");
}

function isUnlinked(facts: NodeFacts): boolean {
  return facts.role === "replica" && !facts.isLinkUp && !facts.isSyncing;
}

/** Effect sessions ask for neither ping period nor Sentinels; what a probe was told of them still holds. */
function withUnasked({ facts, over }: Sample, known: NodeFacts | null): NodeFacts | null {
  if (facts === undefined) return null;
  const sentinels = over === "session" ? (known?.sentinels ?? null) : facts.sentinels;
  return { ...facts, sentinels, replPingMs: facts.replPingMs ?? known?.replPingMs ?? null };
}

/** A stream that stands still keeps few places, or its silence would push out the advance that makes it news. */
function withPosition(positions: readonly Position[], next: Position): readonly Position[] {
  const run = positions.slice(-stillMax);
  const isStill = run.length === stillMax && run.every((one) => one.offset === next.offset);
  return [...(isStill ? positions.slice(0, -1) : positions), next].slice(-positionsMax);
}

/**
 * Forgets what a frozen process believed it missed (Sentinel's TILT, without its 30 s): silence that the observer
 * slept through is no evidence, and neither is a load that it did not watch. What the nodes said stays true.
 */
export function discardMisses(memory: NodeMemory): NodeMemory {
  const unheard = { missedAtMs: [], refusedSinceMs: null, refusals: 0 };
  const unwatched = { ...noSpells, loadingSinceMs: null, loadingBefore: null };
  return { ...memory, ...unheard, ...unwatched };
}

export function firstMissAtMs(memory: NodeMemory): number | null {
  return memory.missedAtMs[0] ?? null;
}

export function isSuspect(memory: NodeMemory): boolean {
  return memory.missedAtMs.length > 0;
}

/** Silence is full evidence after `downAfterMs`, counted from the sending of the first unanswered probe. */
export function isSilentTooLong(memory: NodeMemory, settings: Settings, nowMs: number): boolean {
  const first = firstMissAtMs(memory);
  return first !== null && nowMs - first >= settings.downAfterMs;
}

/**
 * Refused fresh connects through `crashAfterMs`: nobody listens there. Whether that is full evidence depends on the
 * replicas' links too (testimony.ts). Two refusals at least, so that one unlucky moment of a restart is not a series.
 */
export function isRefusedTooLong(memory: NodeMemory, settings: Settings, nowMs: number): boolean {
  return (
    settings.crashAfterMs > 0 &&
    memory.refusedSinceMs !== null &&
    memory.refusals >= 2 &&
    nowMs - memory.refusedSinceMs >= settings.crashAfterMs
  );
}

/** For how long its present run has loaded, as far as this observer and its predecessor watched it. */
export function loadingForMs(memory: NodeMemory, nowMs: number): number {
  const { loadingSinceMs, loadingBefore, facts } = memory;
  if (loadingSinceMs === null) return 0;
  const isSameRun = loadingBefore !== null && loadingBefore.runId === facts?.runId;
  return nowMs - loadingSinceMs + (isSameRun ? loadingBefore.forMs : 0);
}

/**
 * Whether a master has been loading for longer than people want to wait (Sentinel's master-reboot-down-after-period). A
 * server loads as a master only when it has just started; an answer that does not say the role proves nothing.
 */
export function isLoadingTooLong(memory: NodeMemory, settings: Settings, nowMs: number): boolean {
  return (
    settings.rebootDownAfterMs > 0 &&
    memory.loadingSinceMs !== null &&
    memory.role === "master" &&
    memory.roleSinceMs !== null &&
    loadingForMs(memory, nowMs) >= settings.rebootDownAfterMs
  );
}

/** The instant at which the evidence would become full if nothing changes; null while there is none. */
export function evidenceFullAtMs(memory: NodeMemory, settings: Settings): number | null {
  const first = firstMissAtMs(memory);
  if (first === null) return null;
  const bySilence = first + settings.downAfterMs;
  const byCrash =
    settings.crashAfterMs > 0 && memory.refusedSinceMs !== null
      ? memory.refusedSinceMs + settings.crashAfterMs
      : Number.POSITIVE_INFINITY;
  return Math.min(bySilence, byCrash);
}
