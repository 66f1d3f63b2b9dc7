import type { WriteState } from "./commands.ts";
import { findByReplicate, type GroupConfig, type NodeId } from "./config.ts";
import {
  type Candidate,
  type EpochKind,
  type EpochResult,
  type GroupState,
  type LossReport,
  type MasterRecord,
  type Pause,
  type Round,
  type RoundPurpose,
  STATE_SCHEMA,
} from "./model.ts";
import { noRenames, type Renames, renameIn } from "./renames.ts";
import type { ForgetRequest, NotifyTestRequest, ReplaceRequest } from "./requests.ts";

import { entryOf, type Writer, write, writeUnlogged } from "./state-write.ts";

export type { Writer } from "./state-write.ts";

/** Every write of the STATE item, as a pure function from the item that was read to the item to write. */

/** The first STATE of a group asks who is master; nothing acts on it until a quorum has answered. */
export function createState(config: GroupConfig, deployment: string, writer: Writer): WriteState {
  const round = newRound(1, "bootstrap", null, writer);
  const next: GroupState = {
    schema: STATE_SCHEMA,
    deployment,
    group: config.name,
    rev: 1,
    attempts: [writer.attempt],
    epoch: 0,
    masterEpoch: 0,
    phase: "steady",
    kind: null,
    isAutomatic: false,
    master: null,
    candidate: null,
    leader: null,
    beat: 0,
    round,
    configVersion: config.version,
    pause: null,
    request: null,
    published: null,
    previousMaster: null,
    previousOffset: null,
    histories: [],
    lastEpoch: null,
    automaticEpoch: null,
    earlyEpochs: [],
    pagedEpoch: null,
    kept: [],
    log: [entryOf({ rev: 1, epoch: 0, round, phase: "steady" }, writer)],
    discovered: [],
    removed: null,
    lastTransition: { rev: 1, rule: writer.rule, why: writer.why },
  };
  return { kind: "write-state", base: null, next, attempt: writer.attempt };
}

export function newRound(
  number: number,
  purpose: RoundPurpose,
  suspect: NodeId | null,
  writer: Writer,
): Round {
  return { number, status: "open", purpose, suspect, openedBy: writer.shift, reason: null };
}

export function closed(round: Round, reason: string): Round {
  return round.status === "closed" ? round : { ...round, status: "closed", reason };
}

export function openRound(state: GroupState, suspect: NodeId | null, writer: Writer): WriteState {
  const purpose = suspect === null ? "bootstrap" : "failover";
  return write(
    state,
    { round: newRound(state.round.number + 1, purpose, suspect, writer) },
    writer,
  );
}

/** Withdrawing a vote goes through STATE, which defeats every claim that counted it (protocol F3). */
export function closeRound(state: GroupState, reason: string, writer: Writer): WriteState {
  return write(state, { round: closed(state.round, reason) }, writer);
}

/** Bootstrap: the quorum named one master. Its records are published by the ordinary settling. */
export function adoptMaster(state: GroupState, master: MasterRecord, writer: Writer): WriteState {
  const epoch = state.epoch + 1;
  return write(
    state,
    {
      epoch,
      masterEpoch: epoch,
      phase: "settling",
      kind: "failover",
      isAutomatic: false,
      master,
      leader: writer.shift,
      beat: state.beat + 1,
      round: closed(state.round, `the quorum named ${master.node}`),
    },
    writer,
  );
}

export interface Claim {
  readonly kind: EpochKind;
  readonly isAutomatic: boolean;
  readonly candidate: Candidate;
  readonly masterOffset: number | null;
  /** Left out: as they were. */
  readonly earlyEpochs?: readonly number[];
}

/** Claim with intent: one winner by construction, candidate written once per epoch (invariants S1, S3). */
export function claim(state: GroupState, intent: Claim, writer: Writer): WriteState {
  const epoch = state.epoch + 1;
  return write(
    state,
    {
      epoch,
      phase: "promoting",
      kind: intent.kind,
      isAutomatic: intent.isAutomatic,
      candidate: intent.candidate,
      leader: writer.shift,
      beat: state.beat + 1,
      previousOffset: intent.masterOffset,
      earlyEpochs: intent.earlyEpochs ?? state.earlyEpochs,
      round: closed(state.round, `claimed by ${writer.shift} as epoch ${epoch}`),
    },
    writer,
  );
}

/** The moment the group has a new master. The request that asked for it is done. */
export function commit(
  state: GroupState,
  master: MasterRecord,
  loss: LossReport,
  writer: Writer,
): WriteState {
  const lastEpoch: EpochResult = {
    epoch: state.epoch,
    kind: state.kind ?? "failover",
    result: "completed",
    isAutomatic: state.isAutomatic,
    from: state.master?.node ?? null,
    to: master.node,
    reason: writer.why,
    isRefusal: false,
    loss,
  };
  return write(
    state,
    {
      phase: "settling",
      previousMaster: state.master,
      master,
      masterEpoch: state.epoch,
      candidate: null,
      request: null,
      lastEpoch,
      automaticEpoch: state.isAutomatic ? state.epoch : null,
      earlyEpochs: state.isAutomatic ? state.earlyEpochs : [],
      beat: state.beat + 1,
      round: closed(state.round, "committed"),
    },
    writer,
  );
}

/** This epoch ends without a new master; the old one stays committed and its candidate is nobody's master. */
export function failEpoch(
  state: GroupState,
  { reason, isRefusal }: Pick<EpochResult, "reason" | "isRefusal">,
  writer: Writer,
): WriteState {
  const lastEpoch: EpochResult = {
    epoch: state.epoch,
    kind: state.kind ?? "failover",
    result: "failed",
    isAutomatic: state.isAutomatic,
    from: state.master?.node ?? null,
    to: state.candidate?.node ?? "",
    reason,
    isRefusal,
    loss: null,
  };
  return write(
    state,
    {
      phase: "steady",
      kind: null,
      candidate: null,
      leader: null,
      request: null,
      lastEpoch,
      // What was not completed counts for nothing (invariant S13).
      earlyEpochs: state.earlyEpochs.filter((epoch) => epoch !== state.epoch),
      round: closed(state.round, reason),
    },
    writer,
  );
}

export function takeOver(state: GroupState, writer: Writer): WriteState {
  return write(state, { leader: writer.shift, beat: state.beat + 1 }, writer);
}

/** A sign of life of the leader, so that nobody takes a long settling over (protocol F9). */
export function beat(state: GroupState, writer: Writer): WriteState {
  return writeUnlogged(state, { beat: state.beat + 1 }, writer);
}

/** A leader that must stop says so; the next one need not wait. */
export function release(state: GroupState, writer: Writer): WriteState {
  return write(state, { leader: null, beat: state.beat + 1 }, writer);
}

export function settle(state: GroupState, isPublished: boolean, writer: Writer): WriteState {
  const node = state.master?.node;
  const published =
    isPublished && node !== undefined ? { epoch: state.masterEpoch, node } : state.published;
  return write(state, { phase: "steady", kind: null, leader: null, published }, writer);
}

/** A healthy master's new ids (protocol F5). */
export function adoptLineage(state: GroupState, master: MasterRecord, writer: Writer): WriteState {
  return write(state, { master }, writer);
}

export function recordLoss(state: GroupState, loss: LossReport, writer: Writer): WriteState {
  const lastEpoch = state.lastEpoch === null ? null : { ...state.lastEpoch, loss };
  return write(state, { lastEpoch }, writer);
}

/** A refused request is answered by clearing it; the reason stays in lastTransition and in the event. */
export function clearRequest(state: GroupState, writer: Writer): WriteState {
  return write(state, { request: null }, writer);
}

/** Anybody eligible, at once, within `maxLagBytes`. */
export const noWishes = { to: null, at: null, allowedLossBytes: null } as const;

/** Operators act on the table alone; the watchers carry their requests out. */
export function request(
  state: GroupState,
  asked: Omit<ReplaceRequest, "id"> | Omit<NotifyTestRequest, "id"> | Omit<ForgetRequest, "id">,
  writer: Writer,
): WriteState {
  return write(state, { request: { ...asked, id: writer.attempt } }, writer);
}

/** A pause ends the round: nobody withdraws a vote while paused, so none may be counted after it (protocol F3, F12). */
export function pause(state: GroupState, asked: Omit<Pause, "rev">, writer: Writer): WriteState {
  const round = closed(state.round, `paused by ${asked.by}`);
  return write(state, { pause: { ...asked, rev: state.rev + 1 }, round }, writer);
}

export function resume(state: GroupState, writer: Writer): WriteState {
  return write(state, { pause: null }, writer);
}

/**
 * A new configuration ends the round, so that no claim counts votes cast under the old one (protocol F11). What it names
 * is discovered no longer.
 */
export function activateConfig(
  state: GroupState,
  config: GroupConfig,
  writer: Writer,
  renames: Renames = noRenames,
): WriteState {
  const { version } = config;
  return write(
    state,
    {
      ...renameIn(state, renames),
      configVersion: version,
      discovered: state.discovered.filter(
        ({ host, port }) => findByReplicate(config, host, port) === undefined,
      ),
      round: closed(state.round, `configuration version ${version}`),
    },
    writer,
  );
}
