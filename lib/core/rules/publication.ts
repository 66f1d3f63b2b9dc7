import type { Publish } from "../commands.ts";
import { findNode } from "../config.ts";
import { notice, type SentinelEvent, warning } from "../events.ts";
import { withoutKept } from "../kept.ts";
import type { RecordView } from "../memory.ts";
import { type Ownership, type RecordRole, recordOf, wantedOf } from "../records.ts";
import type { MasterView } from "../view.ts";

/** When which of a group's names is published, and whether it needs to be (DESIGN 5). */

const publishBackoffMinMs = 250;
const publishBackoffMaxMs = 10_000;
/** A refusal stands until people act; an account has five calls a second for all its groups. */
const refusedBackoffMs = 60_000;
const roles: readonly RecordRole[] = ["master", "replicas"];

/** What settling may publish now: not done in this epoch, not backing off, and in its turn. */
export function duePublications(view: MasterView): readonly Publish[] {
  return roles
    .filter((role) => !isDone(view, role) && !isBackingOff(view, role) && isInTurn(view, role))
    .flatMap((role) => publishCommand(view, role) ?? []);
}

/** What steady must repair: a name that answers something else, or whose last try failed and may be repeated. */
export function neededPublications(view: MasterView): readonly Publish[] {
  return roles
    .filter((role) => !isRefused(view, role) && !isBackingOff(view, role))
    .filter((role) => isOwed(view, role) || driftOf(view, role) !== null)
    .flatMap((role) => publishCommand(view, role) ?? []);
}

/** Whether the master's name is read back, or there is none. Settling waits for no other name. */
export function isMasterPublished(view: MasterView): boolean {
  if (recordOf(view.config, "master") === null) return true;
  return isDone(view, "master");
}

function publishCommand(view: MasterView, role: RecordRole): Publish | null {
  const { config, memory, state } = view;
  const record = recordOf(config, role);
  const master = findNode(config, view.master.node);
  if (record === null || master === undefined) return null;
  const owner: Ownership = {
    deployment: memory.deployment,
    group: config.name,
    epoch: state.masterEpoch,
  };
  const records = wantedOf(withoutKept(config, state), role, owner, master);
  return { kind: "publish", role, zoneId: record.zoneId, owner, records };
}

/** The latest try of this epoch. */
function publicationOf(view: MasterView, role: RecordRole) {
  const publication = view.memory.publications[role];
  return publication?.epoch === view.state.masterEpoch ? publication : null;
}

function isRefused(view: MasterView, role: RecordRole): boolean {
  return publicationOf(view, role)?.isRefused ?? false;
}

/** That this epoch's publication of the master's record was refused, in words; told once for an epoch and shift. */
export function masterRefusal(view: MasterView) {
  const publication = publicationOf(view, "master");
  if (publication === null || !publication.isRefused) return null;
  const why = `the record is not ours to change: ${publication.why}`;
  return { why, onceKey: `refused ${publication.epoch}` };
}

function isDone(view: MasterView, role: RecordRole): boolean {
  return publicationOf(view, role)?.isDone ?? false;
}

function isEnded(view: MasterView, role: RecordRole): boolean {
  return isRefused(view, role) || isDone(view, role);
}

/** Tried in this epoch, and neither done nor refused. */
function isOwed(view: MasterView, role: RecordRole): boolean {
  return publicationOf(view, role) !== null && !isEnded(view, role);
}

function isBackingOff(view: MasterView, role: RecordRole): boolean {
  const publication = publicationOf(view, role);
  if (publication === null || publication.isDone) return false;
  const restMs = publication.isRefused ? refusedBackoffMs : backoffMs(publication.failures);
  return view.nowMs < publication.failedAtMs + restMs;
}

function backoffMs(failures: number): number {
  return Math.min(publishBackoffMinMs * 2 ** (failures - 1), publishBackoffMaxMs);
}

/** The replicas' name comes once the master's is done or refused, so that it can neither delay nor spoil that. */
function isInTurn(view: MasterView, role: RecordRole): boolean {
  return role === "master" ? !isWaitingForFence(view) : isEnded(view, "master");
}

/**
 * If a vote of the round said up, somebody may still reach the old master: clients are sent to the new one after
 * `fenceWaitMs` at most, so that the observer that reaches the old one can fence it first (ADR 0003, invariant S11).
 */
function isWaitingForFence(view: MasterView): boolean {
  const { memory, settings, nowMs, state } = view;
  const { committedAtMs } = memory.marks;
  if (memory.upVotes === 0 || committedAtMs === null) return false;
  const old = state.previousMaster?.node;
  const isFenced = old !== undefined && memory.nodes[old]?.role === "replica";
  return !isFenced && nowMs - committedAtMs < settings.fenceWaitMs;
}

type Answered = Extract<RecordView, { readonly from: "dns" }>;

/**
 * The mismatch between what DNS answered and what STATE says. A replicas' name that somebody else owns differs in every
 * shift, so its drift goes to the log alone; its repair is stored when it changes something.
 */
export function driftOf(view: MasterView, role: RecordRole): SentinelEvent | null {
  const { memory, config, master, state } = view;
  const record = recordOf(config, role);
  if (memory.record?.from !== "dns" || record === null) return null;
  // An answer from before this master was committed says nothing of what has been published since.
  if ((memory.recordCheckedAtMs ?? 0) < memory.masterKnown.sinceMs) return null;
  const about = { node: master.node, onceKey: `drift ${role} ${state.masterEpoch}` };
  if (role === "master") {
    if (!isMasterDrifted(view, memory.record)) return null;
    return warning("+record-drift", `${record.name} does not name ${master.node}`, about);
  }
  if (!isReplicasDrifted(view, memory.record)) return null;
  return notice(
    "+record-drift",
    `${record.name} does not list the nodes beside ${master.node}`,
    about,
  );
}

function isMasterDrifted({ config, master }: MasterView, answered: Answered): boolean {
  const publish = findNode(config, master.node)?.publish;
  if (config.dns === undefined || publish === undefined) return false;
  const isAddress = /^[\d.]+$|:/.test(publish.host);
  const isRight = isAddress
    ? answered.addresses.length === 1 && answered.addresses[0] === publish.host
    : answered.alias === publish.host;
  const isPortRight = !config.dns.srv || answered.ports.includes(publish.port);
  return !isRight || !isPortRight;
}

function isReplicasDrifted(view: MasterView, answered: Answered): boolean {
  if (answered.replicas === undefined) return false;
  const wanted = publishCommand(view, "replicas")?.records ?? [];
  const hosts = wanted.flatMap((record) => (record.type === "TXT" ? [] : record.values));
  return [...answered.replicas].sort().join() !== [...hosts].sort().join();
}
