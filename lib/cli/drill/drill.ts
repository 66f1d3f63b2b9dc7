import type { GroupConfig, NodeId } from "../../core/config.ts";
import { unfitReplicas } from "../../status/nodes.ts";
import type { GroupStatus } from "../../status/report.ts";
import { type ConfirmOptions, confirmOrStop, refuseToAskInJson } from "../confirm.ts";
import type { CliContext, Services, Terminal } from "../context.ts";
import { CliError, exitCodes } from "../exit.ts";
import { refuseUnlessCalm, refuseUnlessReplica, replicasOf } from "../failover.ts";
import { needGroupState, readActiveConfig } from "../group-state.ts";
import { needReport } from "../need-report.ts";
import { renderTable } from "../table.ts";
import { type Leg, runLeg } from "./leg.ts";
import { parts, type Step, targetsOf } from "./targets.ts";

export interface DrillOptions extends ConfirmOptions {
  readonly to?: NodeId;
  readonly json?: boolean;
}

/** What `drill --json` prints; docs/cli.md describes it for people. */
export interface DrillReport {
  readonly schema: 1;
  /** Wall clock of this machine at the end, ISO 8601. */
  readonly at: string;
  readonly table: string;
  readonly group: string;
  /** "planned": with --dry-run. "missed": there and back, and something took longer than its target. */
  readonly verdict: "planned" | "passed" | "missed" | "failed";
  /** One sentence. */
  readonly why: string;
  /** Who was the master before, and is to be again. */
  readonly from: NodeId;
  /** Who is the master now. */
  readonly master: NodeId;
  readonly legs: readonly Leg[];
}

/** Hands the role over and back, measures both ways, and compares them with what the group's settings allow. */
export async function drill(
  context: CliContext,
  group: string,
  options: DrillOptions,
): Promise<number> {
  const { terminal } = context;
  refuseToAskInJson(options);
  const services = context.open(options);
  const state = await needGroupState(services.store, group);
  refuseUnlessCalm(state);
  const config = await readActiveConfig(services.store, state);
  const to = options.to ?? null;
  if (to !== null) refuseUnlessReplica(config, state, to);
  const before = await readHealth(context, services, group);
  refuseUnlessHealthy(before, to);
  const from = state.master?.node ?? "";
  const course: Course = { services, group, config, from, to };
  const say = options.json === true ? () => {} : (line: string) => terminal.out(line);
  for (const line of describePlan(course, replicasOf(config, state))) say(line);
  if (options.dryRun === true) {
    say("nothing was asked (--dry-run)");
    if (options.json === true) show(terminal, reportOf(context, course, "planned", "dry run", []));
    return exitCodes.fine;
  }
  await confirmOrStop(terminal, options.yes === true, `Hand ${group} over and back?`);
  const report = await run(context, course, say);
  if (options.json === true) show(terminal, report);
  else for (const line of render(terminal, report)) terminal.out(line);
  return report.verdict === "passed" ? exitCodes.fine : exitCodes.unfinished;
}

interface Course {
  readonly services: Services;
  readonly group: string;
  readonly config: GroupConfig;
  readonly from: NodeId;
  readonly to: NodeId | null;
}

function show(terminal: Terminal, report: DrillReport): void {
  terminal.out(JSON.stringify(report, null, 2));
}

async function run(
  context: CliContext,
  course: Course,
  say: (line: string) => void,
): Promise<DrillReport> {
  const { services, group, config, from, to } = course;
  const there = await runLeg(context, services, { group, config, to, say });
  if (!there.isDone) {
    return reportOf(context, course, "failed", `the way there: ${there.why}`, [there]);
  }
  const ill = await waitForHealth(context, course, say);
  if (ill !== null) {
    const why = `${there.to} is the master and not back: ${ill}; \`lambda-sentinel switchover ${group} --to ${from}\` when that is mended`;
    return reportOf(context, course, "failed", why, [there]);
  }
  const back = await runLeg(context, services, { group, config, to: from, say });
  const legs = [there, back];
  if (!back.isDone) {
    return reportOf(context, course, "failed", `the way back: ${back.why}`, legs);
  }
  const late = legs.flatMap(({ steps }) => steps).filter(({ isMet }) => isMet === false);
  if (late.length === 0) {
    return reportOf(context, course, "passed", "there and back, within the targets", legs);
  }
  const list = late.map(({ part, ms, targetMs }) => `${part} took ${ms} ms of ${targetMs}`);
  return reportOf(context, course, "missed", list.join("; "), legs);
}

function reportOf(
  context: CliContext,
  { services, group, from }: Course,
  verdict: DrillReport["verdict"],
  why: string,
  legs: readonly Leg[],
): DrillReport {
  const master = legs.reduce((standing, { to }) => to ?? standing, from);
  const at = context.clock.wallTime();
  return { schema: 1, at, table: services.table, group, verdict, why, from, master, legs };
}

async function readHealth(
  context: CliContext,
  services: Services,
  group: string,
): Promise<GroupStatus> {
  const [status] = (await needReport(context, services, group)).groups;
  if (status === undefined) throw new Error(`expected a status of ${group}, got none`);
  return status;
}

/** A drill is for groups that are well: what else is found out by it is found out by clients. */
function refuseUnlessHealthy(status: GroupStatus, to: NodeId | null): void {
  const unfit = unfitReplicas(status.nodes, status.observers).filter(({ why }) => why !== null);
  const wanted = unfit.find(({ node }) => node === to);
  const problems = [
    ...status.problems,
    ...(status.nodes.length === 1 ? ["it has one node, and nobody to hand over to"] : []),
    ...(wanted === undefined ? [] : [`${wanted.node} could not take over: ${wanted.why}`]),
  ];
  if (problems.length === 0) return;
  const message = `expected ${status.name} to be healthy, got: ${problems.join("; ")}; nothing was changed`;
  throw new CliError(exitCodes.unfinished, message);
}

const healthPollMs = 1_000;

/** Why the group is not well again in the time that an epoch may take to settle; null: it is. */
async function waitForHealth(
  context: CliContext,
  { services, group, config, from }: Course,
  say: (line: string) => void,
): Promise<string | null> {
  const { clock } = context;
  const startedAtMs = clock.nowMs();
  say("waiting until the observers find the group healthy again");
  for (;;) {
    const status = await readHealth(context, services, group);
    const lacks = [...status.problems, ...lacksOfReturned(status, from)];
    if (lacks.length === 0) return null;
    const limitMs = config.settings.failoverTimeoutMs + 2 * config.settings.heartbeatMs;
    if (clock.nowMs() - startedAtMs >= limitMs) return lacks.join("; ");
    await clock.sleep(healthPollMs);
  }
}

/** A heartbeat that was written before the hand-over still calls it the master. */
function lacksOfReturned({ nodes, observers }: GroupStatus, from: NodeId): readonly string[] {
  const unfit = unfitReplicas(nodes, observers).find(({ node }) => node === from);
  const seenBy = nodes.find((node) => node.id === from)?.seenBy ?? {};
  const late = observers.filter(({ name, status }) => {
    const seen = seenBy[name];
    return status === "present" && (seen?.role !== "replica" || seen.isLinkUp !== true);
  });
  const names = late.map(({ name }) => name).join(", ");
  return [
    ...(late.length === 0 ? [] : [`${names} did not see yet that ${from} follows`]),
    ...(unfit?.why == null ? [] : [`${from} could not take over: ${unfit.why}`]),
  ];
}

function describePlan(course: Course, replicas: readonly NodeId[]): readonly string[] {
  const { group, config, from, to } = course;
  const targets = targetsOf(config);
  const list = parts.flatMap((part) => {
    const targetMs = targets[part];
    return targetMs === null ? [] : [`${part} ${sayMs(targetMs)}`];
  });
  return [
    `group      ${group}`,
    `there      from ${from} to ${to ?? `one of ${replicas.join(", ")}`}, by Redis's own hand-over: nothing is lost, writes wait`,
    `back       to ${from}`,
    `targets    ${list.join(", ")}`,
  ];
}

function sayMs(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1_000)} s`;
}

function render({ paint }: Terminal, report: DrillReport): readonly string[] {
  const rows = report.legs.flatMap(({ from, to, steps }) =>
    steps.map((step, index) => [index === 0 ? `${from} → ${to}` : "", ...cellsOf(step)]),
  );
  const style = report.verdict === "passed" ? "good" : "bad";
  return [
    ...(rows.length === 0
      ? []
      : renderTable([["way", "part", "took", "target", ""], ...rows], "  ")),
    `${paint(style, report.verdict)}: ${report.why}`,
    `${report.master} is the master`,
  ];
}

function cellsOf({ part, ms, targetMs, isMet }: Step): readonly string[] {
  const verdict = isMet === null ? "not measured" : isMet ? "met" : "missed";
  return [
    part,
    ms === null ? "-" : sayMs(ms),
    targetMs === null ? "-" : sayMs(targetMs),
    targetMs === null ? "not part of it" : verdict,
  ];
}
