import { assertNever } from "../core/assert-never.ts";
import { collectStatus, formatAge } from "../status/collect.ts";
import type { GroupStatus, StatusReport } from "../status/report.ts";
import { factsOf, nameOf, placeOf, seenOf } from "../status/words.ts";
import type { CliContext, GlobalOptions, Terminal } from "./context.ts";
import { exitCodes, needRead } from "./exit.ts";
import { unknownGroup } from "./group-state.ts";
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
