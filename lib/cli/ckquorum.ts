import { assertNever } from "../core/assert-never.ts";
import { type GroupConfig, votesNeeded } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import type { Store } from "../ports/store.ts";
import { formatAge } from "../status/collect.ts";
import { sayEnd } from "../status/words.ts";
import type { CliContext, GlobalOptions, Terminal } from "./context.ts";
import { exitCodes, needRead } from "./exit.ts";
import { needGroupState, readActiveConfig, readGroupState, unknownGroup } from "./group-state.ts";
import { type Heard, listen } from "./heartbeats.ts";
import { renderTable } from "./table.ts";

export interface CkquorumOptions extends GlobalOptions {
  readonly json?: boolean;
}

/**
 * What `ckquorum --json` prints. Fields are added and never changed in meaning; `schema` is raised when one must go.
 * docs/cli.md describes it for people.
 */
export interface QuorumReport {
  readonly schema: 1;
  /** Wall clock of this machine, ISO 8601. */
  readonly at: string;
  readonly table: string;
  readonly group: string;
  readonly isReachable: boolean;
  /** Votes that a failover takes: `quorum`, and never fewer than a majority of the observers. */
  readonly needed: number;
  readonly usable: number;
  readonly configVersion: number;
  readonly isPaused: boolean;
  readonly observers: readonly Voter[];
}

export interface Voter {
  readonly name: string;
  /**
   * "stale": it wrote nothing while this command watched. "absent": it watches and says nothing of the group, or has never
   * said anything. "other-configuration": its votes don't count under the one in force. "blind": no node answers it.
   */
  readonly status: "usable" | "stale" | "absent" | "other-configuration" | "blind";
  readonly configVersion: number | null;
  readonly codeVersion: string | null;
  /** One sentence for people; it also says what is odd about an observer that is usable. */
  readonly why: string;
}

/** Says whether the votes for a failover could come together now, and who would be missing (SENTINEL CKQUORUM). */
export async function ckquorum(
  context: CliContext,
  group: string,
  options: CkquorumOptions,
): Promise<number> {
  const { store, table } = context.open(options);
  const { config, state } = await readGroup(store, group);
  const heard = await listen(context, store, config);
  const observers = config.observers.map((name) => judge(context, config, name, heard));
  const usable = observers.filter((one) => one.status === "usable").length;
  const needed = votesNeeded(config);
  const report: QuorumReport = {
    schema: 1,
    at: context.clock.wallTime(),
    table,
    group,
    isReachable: usable >= needed,
    needed,
    usable,
    configVersion: config.version,
    isPaused: state?.pause != null,
    observers,
  };
  if (options.json === true) context.terminal.out(JSON.stringify(report, null, 2));
  else for (const line of render(context.terminal, report, state)) context.terminal.out(line);
  return report.isReachable ? exitCodes.fine : exitCodes.unfinished;
}

/** Before the observers have adopted a group, its newest configuration is the one they vote under. */
async function readGroup(
  store: Store,
  group: string,
): Promise<{ readonly config: GroupConfig; readonly state: GroupState | null }> {
  const state = await readGroupState(store, group);
  // A removed group has observers no more; this says so.
  if (state?.removed != null) await needGroupState(store, group);
  if (state !== null) return { config: await readActiveConfig(store, state), state };
  const configs = needRead(await store.listConfigs(), "list the groups");
  // Newest first within a group.
  const config = configs.find((one) => one.name === group);
  if (config !== undefined) return { config, state };
  throw unknownGroup(group, new Set(configs.map((one) => one.name)));
}

function judge(context: CliContext, config: GroupConfig, name: string, heard: Heard): Voter {
  const heartbeat = heard.last.get(name);
  const report = heartbeat?.groups[config.name];
  const known = {
    name,
    configVersion: report?.configVersion ?? null,
    codeVersion: heartbeat?.codeVersion ?? null,
  };
  if (heartbeat === undefined) {
    return { ...known, status: "absent", why: "has never sent a heartbeat" };
  }
  if (!heard.fresh.has(name)) {
    const ageMs = Date.parse(context.clock.wallTime()) - Date.parse(heartbeat.at);
    const why = `no heartbeat in ${formatAge(heard.listenedForMs)}; the last one is ${formatAge(ageMs)} old by its clock and ours`;
    return { ...known, status: "stale", why };
  }
  if (report === undefined) {
    return { ...known, status: "absent", why: "watches, and has said nothing of this group" };
  }
  if (report.configVersion !== config.version) {
    const why = `holds configuration version ${report.configVersion}, in force is ${config.version}`;
    return { ...known, status: "other-configuration", why };
  }
  if (Object.values(report.nodes).every((node) => node.verdict.startsWith("down"))) {
    return { ...known, status: "blind", why: "no node of the group answers it" };
  }
  return { ...known, status: "usable", why: sayCode(heard, name, heartbeat.codeVersion) };
}

/** Votes of two code versions count together while a stack is being deployed; for longer they should not have to. */
function sayCode(heard: Heard, name: string, own: string): string {
  const others = [...heard.last].filter(([other]) => other !== name && heard.fresh.has(other));
  const different = others.filter(([, heartbeat]) => heartbeat.codeVersion !== own);
  if (different.length === 0) return "";
  const list = different.map(([other, { codeVersion }]) => `${other} ${codeVersion}`).join(", ");
  return `runs code ${own}, others another: ${list}`;
}

function render(
  terminal: Terminal,
  report: QuorumReport,
  state: GroupState | null,
): readonly string[] {
  const { isReachable, usable, needed, observers } = report;
  const count = `${usable} usable ${usable === 1 ? "observer" : "observers"} of ${observers.length}, ${needed} needed`;
  // The beginning is what checks of Sentinel's answer look for.
  const verdict = isReachable
    ? `${terminal.paint("good", "OK")} ${count}. Quorum and failover authorization can be reached`
    : `${terminal.paint("bad", "NOQUORUM")} ${count}. Not enough available observers to reach the quorum and authorize a failover`;
  const rows = observers.map((one) => [one.name, say(one.status), one.why]);
  const pause = state?.pause;
  return [
    verdict,
    ...renderTable(rows, "  "),
    ...(pause == null
      ? []
      : [`  paused by ${pause.by}${sayEnd(pause.until)}: nothing is failed over meanwhile`]),
    ...(state?.master == null ? ["  not adopted yet: no quorum has named its master"] : []),
  ];
}

function say(status: Voter["status"]): string {
  switch (status) {
    case "usable":
    case "stale":
    case "absent":
    case "blind":
      return status;
    case "other-configuration":
      return "other configuration";
    default:
      return assertNever(status);
  }
}
