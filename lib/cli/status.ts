import { formatAge } from "../status/collect.ts";
import type { GroupStatus, StatusReport } from "../status/report.ts";
import { factsOf, nameOf, placeOf, seenOf } from "../status/words.ts";
import type { CliContext, GlobalOptions, Services, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { needReport } from "./need-report.ts";
import { renderTable } from "./table.ts";

export interface StatusOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** Shows what the table knows of one group or all; exit code 1 says that something is not as it should be. */
export async function status(
  context: CliContext,
  group: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const { terminal } = context;
  if (options.watch === true) return watchStatus(context, group, options);
  const report = await needReport(context, context.open(options), group);
  if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
  else for (const line of renderReport(terminal, report)) terminal.out(line);
  return report.isHealthy ? exitCodes.fine : exitCodes.unfinished;
}

const watchMs = 2_000;

/** Redraws until it is interrupted. A table that does not answer is shown too: then above all somebody is watching. */
async function watchStatus(
  context: CliContext,
  group: string | undefined,
  options: StatusOptions,
): Promise<never> {
  const { terminal, clock } = context;
  if (options.json === true || !terminal.isInteractive) {
    const message =
      "expected a terminal to redraw, and no --json, with --watch; run status again and again instead";
    throw new CliError(exitCodes.usage, message);
  }
  const services = context.open(options);
  for (;;) {
    const lines = await drawStatus(context, services, group);
    terminal.redraw([`${clock.wallTime()}  every ${watchMs / 1_000} s, Ctrl-C ends`, "", ...lines]);
    await clock.sleep(watchMs);
  }
}

async function drawStatus(
  context: CliContext,
  services: Services,
  group: string | undefined,
): Promise<readonly string[]> {
  try {
    return renderReport(context.terminal, await needReport(context, services, group));
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.store) throw error;
    return [`${context.terminal.paint("bad", "!")} ${error.message}`];
  }
}

function renderReport(terminal: Terminal, report: StatusReport): readonly string[] {
  return [
    ...report.problems.map((problem) => `${terminal.paint("bad", "!")} ${problem}`),
    ...report.groups.flatMap((one) => renderGroup(terminal, one)),
  ];
}

function renderGroup(terminal: Terminal, group: GroupStatus): readonly string[] {
  const { paint } = terminal;
  const health = group.isHealthy ? paint("good", "healthy") : paint("bad", "not healthy");
  return [
    `${paint("bold", group.name)}  ${health}`,
    ...group.problems.map((problem) => `  ${paint("bad", "!")} ${problem}`),
    ...renderTable(factsOf(group), "  "),
    "",
    ...renderNodes(group, terminal.columns),
    "",
    ...renderTable(observerRows(group), "  "),
    "",
  ];
}

/** A table where the terminal has room for its lines; one that wraps them makes columns unreadable. */
function renderNodes(group: GroupStatus, columns: number | null): readonly string[] {
  const table = renderTable(nodeRows(group), "  ");
  if (columns === null || table.every((line) => line.length <= columns)) return table;
  return group.nodes.flatMap((node) => {
    const place = placeOf(node);
    const seen = group.observers.map(({ name }) => [name, seenOf(node.seenBy[name])]);
    return [`  ${nameOf(node)}${place === "" ? "" : `  ${place}`}`, ...renderTable(seen, "    ")];
  });
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
