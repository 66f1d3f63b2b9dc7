import { assertNever } from "../core/assert-never.ts";
import type { EpochResult } from "../core/model.ts";
import { collectStatus, formatAge, formatRecord } from "../status/collect.ts";
import type {
  GroupStatus,
  NodeSeen,
  NodeStatus,
  RecordStatus,
  StatusReport,
} from "../status/report.ts";
import type { CliContext, GlobalOptions, Terminal } from "./context.ts";
import { exitCodes, needRead } from "./exit.ts";
import { describeRequest } from "./group-request.ts";
import { unknownGroup } from "./group-state.ts";
import { sayEnd } from "./pause.ts";
import { renderTable } from "./table.ts";

export interface StatusOptions extends GlobalOptions {
  readonly json?: boolean;
}

/** Shows what the table knows of one group or all; exit code 1 says that something is not as it should be. */
export async function status(
  context: CliContext,
  group: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const { terminal } = context;
  const report = await needReport(context, options, group);
  if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
  else {
    for (const problem of report.problems) terminal.out(`${terminal.paint("bad", "!")} ${problem}`);
    for (const one of report.groups)
      for (const line of renderGroup(terminal, one)) terminal.out(line);
  }
  return report.isHealthy ? exitCodes.fine : exitCodes.unfinished;
}

async function needReport(
  context: CliContext,
  options: GlobalOptions,
  group: string | undefined,
): Promise<StatusReport> {
  const collected = await collectStatus({ ...context.open(options), clock: context.clock }, group);
  switch (collected.kind) {
    case "report":
      return collected.report;
    case "unknown-group":
      throw unknownGroup(collected.group, collected.known);
    case "unread":
      return needRead(collected.failure, collected.doing);
    default:
      return assertNever(collected);
  }
}

function renderGroup(terminal: Terminal, group: GroupStatus): readonly string[] {
  const { paint } = terminal;
  const health = group.isHealthy ? paint("good", "healthy") : paint("bad", "not healthy");
  return [
    `${paint("bold", group.name)}  ${health}`,
    ...group.problems.map((problem) => `  ${paint("bad", "!")} ${problem}`),
    ...renderTable(factsOf(group), "  "),
    "",
    ...renderTable(nodeRows(group), "  "),
    "",
    ...renderTable(observerRows(group), "  "),
    "",
  ];
}

function factsOf(group: GroupStatus): readonly (readonly string[])[] {
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

function nodeRows(group: GroupStatus): readonly (readonly string[])[] {
  const observers = group.observers.map((observer) => observer.name);
  const places = group.nodes.map(placeOf);
  // Most groups stand in one place, and say nothing of it.
  const isPlaced = places.some((place) => place !== "");
  return [
    ["node", ...(isPlaced ? ["place"] : []), ...observers],
    ...group.nodes.map((node, index) => [
      nameOf(node),
      ...(isPlaced ? [places[index] || "-"] : []),
      ...observers.map((observer) => seenOf(node.seenBy[observer])),
    ]),
  ];
}

function nameOf({ id, probe, isMaster, isDiscovered }: NodeStatus): string {
  const marks = [
    ...(id === probe ? [] : [probe]),
    ...(isMaster ? ["master"] : []),
    ...(isDiscovered ? ["discovered"] : []),
  ];
  return marks.length === 0 ? id : `${id} (${marks.join(", ")})`;
}

/** `eu-west-1a, eu-west-1, priority 10`; empty where the configuration says nothing. */
function placeOf({ zone, region, priority, never }: NodeStatus): string {
  const rank = priority === null ? [] : [`priority ${priority}`];
  const standing = never === null ? rank : ["never master"];
  return [zone, region, ...standing].filter((part) => part !== null).join(", ");
}

function seenOf(seen: NodeSeen | undefined): string {
  if (seen === undefined) return "-";
  const parts = [seen.role === null ? seen.verdict : `${seen.verdict} ${seen.role}`];
  if (seen.lagBytes !== null) parts.push(`lag ${seen.lagBytes}`);
  else if (seen.offset !== null) parts.push(`offset ${seen.offset}`);
  if (seen.role === "replica" && seen.isLinkUp === false) parts.push("link down");
  if (seen.latencyMs !== null) parts.push(`${Math.round(seen.latencyMs)} ms`);
  return parts.join(", ");
}

function observerRows(group: GroupStatus): readonly (readonly string[])[] {
  const header = ["observer", "heartbeat", "shift", "config", "suspects", "last acted on"];
  const rows = group.observers.map((observer) => [
    observer.name,
    observer.ageMs === null ? "never" : `${formatAge(observer.ageMs)} ago`,
    observer.shift === null ? "-" : String(observer.shift),
    observer.configVersion === null ? "-" : String(observer.configVersion),
    observer.suspect ?? "-",
    observer.rule === null ? "-" : `${observer.rule}: ${observer.why}`,
  ]);
  return [header, ...rows];
}
