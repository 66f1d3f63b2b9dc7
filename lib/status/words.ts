import type { EpochResult } from "../core/model.ts";
import type { OperatorRequest, ReplaceRequest } from "../core/requests.ts";
import { formatAge, formatRecord } from "./collect.ts";
import type { AnswerStatus, GroupStatus, NodeSeen, NodeStatus, RecordStatus } from "./report.ts";

/** A group in sentences, the same in a terminal and on the page. */

/** What there is to say of a group beside its nodes and observers: a name and a sentence each. */
export function factsOf(group: GroupStatus): readonly (readonly string[])[] {
  const { state, pause, record } = group;
  const rows: (readonly [string, string | null])[] = [
    ["config", configOf(group)],
    ["master", masterOf(group)],
    ["epoch", state === null ? null : `${state.epoch}, phase ${state.phase}`],
    ["pause", pause === null ? null : pauseOf(pause)],
    ["cool-down", coolDownOf(group)],
    ["round", roundOf(group)],
    [
      "request",
      state?.request == null
        ? null
        : `${describeRequest(state.request)}, asked by ${state.request.by}`,
    ],
    ["held", heldOf(group)],
    ["candidate", state?.candidate ?? null],
    ["leader", state?.leader ?? null],
    ["last epoch", state?.lastEpoch == null ? null : epochOf(state.lastEpoch)],
    ["last change", state === null ? null : changeOf(state.lastTransition)],
    ["record", record === null ? null : recordOf(record)],
    ["dns", record?.answer == null ? null : sayAnswer(record.answer)],
  ];
  return rows.flatMap(([name, text]) => (text === null ? [] : [[name, text]]));
}

function configOf({ configVersion, newestConfigVersion }: GroupStatus): string {
  if (configVersion === null) return `version ${newestConfigVersion} stored, none adopted`;
  if (configVersion === newestConfigVersion) return `version ${configVersion}`;
  return `version ${configVersion}; version ${newestConfigVersion} is stored and not active`;
}

function masterOf({ state }: GroupStatus): string {
  if (state === null || state.master === null) return "none yet";
  return `${state.master.node}, since epoch ${state.master.epoch}`;
}

function pauseOf(pause: NonNullable<GroupStatus["pause"]>): string {
  const reason = pause.reason === "" ? "" : `: ${pause.reason}`;
  const end = sayEnd(pause.until);
  if (pause.status === "paused") return `paused by ${pause.by}${end}${reason}`;
  const late = pause.waitingFor.map((name) => `observer ${name}`).join(", ");
  return `pausing (waiting for ${late === "" ? "phase steady" : late}) by ${pause.by}${end}${reason}`;
}

function heldOf({ name, state }: GroupStatus): string | null {
  const [first] = state?.held ?? [];
  if (state === null || first === undefined) return null;
  return `${state.held.join(", ")}: read-only, with what nobody else may have, until \`lambda-sentinel release ${name} ${first}\``;
}

function coolDownOf({ name, coolDown }: GroupStatus): string | null {
  if (coolDown === null) return null;
  return `since the automatic failover of epoch ${coolDown.epoch}: for another ${formatAge(coolDown.leftMs)} at the most, or until \`lambda-sentinel ack ${name}\``;
}

function roundOf({ state }: GroupStatus): string | null {
  const round = state?.round ?? null;
  if (round === null) return null;
  const about = round.suspect === null ? "who is master" : `suspects ${round.suspect}`;
  return `${round.number} is open, ${about}, opened by ${round.openedBy}`;
}

function epochOf(epoch: EpochResult): string {
  const how = `${epoch.epoch}: ${epoch.isAutomatic ? "automatic" : "requested"} ${epoch.kind} ${epoch.result}`;
  return `${how}, ${epoch.from ?? "nobody"} → ${epoch.to}${lossOf(epoch)}: ${epoch.reason}`;
}

function lossOf({ loss }: EpochResult): string {
  if (loss === null) return "";
  if (loss.bytes === null || loss.certainty === "unknown") return ", loss unknown";
  return loss.certainty === "exact"
    ? `, lost ${loss.bytes} bytes`
    : `, lost at least ${loss.bytes} bytes`;
}

function changeOf(transition: {
  readonly rev: number;
  readonly rule: string;
  readonly why: string;
}): string {
  return `rev ${transition.rev} by ${transition.rule}: ${transition.why}`;
}

function recordOf(record: RecordStatus): string {
  const { name, published, why } = record;
  const addresses = (record.found ?? record.wanted).filter((one) => one.name === name);
  const shown = addresses.length === 0 ? "nothing" : addresses.map(formatRecord).join(", ");
  const what = record.found === null ? `${name} should have ${shown}` : `${name} has ${shown}`;
  const last =
    published === null
      ? "no failover has published it yet"
      : `the table saw ${published.node} published at epoch ${published.epoch}`;
  return `${what}; ${why}; ${last}`;
}

/** `10.0.0.1 for another 4 s, as the zone has it`. */
function sayAnswer({ status, addresses, alias, ttlSeconds, why }: AnswerStatus): string {
  if (status === "unasked" || status === "none") return why;
  const what = [...(alias === null ? [] : [alias]), ...addresses].join(", ");
  return `${what}${ttlSeconds === null ? "" : ` for another ${ttlSeconds} s`}, ${why}`;
}

/** `n1 (10.0.0.1:6379, master)`. */
export function nameOf({ id, probe, isMaster, isDiscovered }: NodeStatus): string {
  const marks = [
    ...(id === probe ? [] : [probe]),
    ...(isMaster ? ["master"] : []),
    ...(isDiscovered ? ["discovered"] : []),
  ];
  return marks.length === 0 ? id : `${id} (${marks.join(", ")})`;
}

/** `eu-west-1a, eu-west-1, priority 10`; empty where the configuration says nothing. */
export function placeOf({ zone, region, priority, never }: NodeStatus): string {
  const rank = priority === null ? [] : [`priority ${priority}`];
  const standing = never === null ? rank : ["never master"];
  return [zone, region, ...standing].filter((part) => part !== null).join(", ");
}

/** `up replica, lag 10, 1 ms`; `-` where an observer has said nothing. */
export function seenOf(seen: NodeSeen | undefined): string {
  if (seen === undefined) return "-";
  const parts = [seen.role === null ? seen.verdict : `${seen.verdict} ${seen.role}`];
  if (seen.lagBytes !== null) parts.push(`lag ${seen.lagBytes}`);
  else if (seen.offset !== null) parts.push(`offset ${seen.offset}`);
  if (seen.role === "replica" && seen.isLinkUp === false) parts.push("link down");
  if (seen.latencyMs !== null) parts.push(`${Math.round(seen.latencyMs)} ms`);
  return parts.join(", ");
}

export type Wish = Omit<ReplaceRequest, "id">;

/** Any request, for people. */
export function describeRequest(asked: OperatorRequest): string {
  switch (asked.kind) {
    case "notify-test":
      return "test of notifications";
    case "forget":
      return asked.node === null ? "reset" : `wish to forget ${asked.node}`;
    default:
      return describeWish(asked);
  }
}

/** "switchover to 10.0.0.2:6379 at 2030-01-31T04:00:00.000Z", for people. */
export function describeWish(wish: Wish): string {
  const to = wish.to === null ? "" : ` to ${wish.to}`;
  const at = wish.at === null ? "" : ` at ${wish.at}`;
  const loss =
    wish.allowedLossBytes === null ? "" : `, losing ${wish.allowedLossBytes} bytes at the most`;
  return `${wish.kind}${to}${at}${loss}`;
}

/** " until …", or nothing where no end is set. */
export function sayEnd(until: string | null): string {
  return until === null ? "" : ` until ${until}`;
}
