import { assertNever } from "../../core/assert-never.ts";
import type { CliContext, GlobalOptions, Style, Terminal } from "../context.ts";
import { exitCodes } from "../exit.ts";
import { collectFacts } from "./collect.ts";
import type { GroupFacts } from "./facts.ts";
import { type Finding, type Severity, severities, worstOf } from "./finding.ts";
import { examineGroup } from "./group.ts";
import { examineName } from "./name.ts";
import { examineNodes } from "./nodes.ts";
import { examineObservers } from "./observers.ts";
import { examineServers } from "./servers.ts";
import { examineTable, noGroups } from "./table.ts";

export interface DoctorOptions extends GlobalOptions {
  readonly json?: boolean;
}

/**
 * What `doctor --json` prints. Fields are added and never changed in meaning; `schema` is raised when one must go.
 * docs/cli.md describes it for people, docs/doctor.md the findings.
 */
export interface DoctorReport {
  readonly schema: 1;
  /** Wall clock of this machine, ISO 8601. */
  readonly at: string;
  readonly table: string;
  /** The severity of the worst finding; null: there is none. */
  readonly worst: Severity | null;
  readonly counts: Readonly<Record<Severity, number>>;
  /** Every group that was looked at, those without a finding too. */
  readonly groups: readonly string[];
  readonly findings: readonly ReportedFinding[];
}

export interface ReportedFinding extends Finding {
  /** null: it is about the table, or about whoever asks. */
  readonly group: string | null;
}

/** Looks for what would keep the next failover from coming, or from ending well; the exit code tells the worst of it. */
export async function doctor(
  context: CliContext,
  group: string | undefined,
  options: DoctorOptions,
): Promise<number> {
  const { terminal } = context;
  const services = context.open(options);
  if (terminal.isInteractive) terminal.error("asking the table, Route 53 and DNS");
  const { surroundings, groups } = await collectFacts(context, services, group);
  const found = [
    ...(groups.length === 0 ? [noGroups(services.table)] : []),
    ...examineTable(surroundings),
  ];
  const findings = [
    ...found.map((finding) => ({ group: null, ...finding })),
    ...groups.flatMap((facts) =>
      examine(facts).map((finding) => ({ group: facts.status.name, ...finding })),
    ),
  ];
  const report: DoctorReport = {
    schema: 1,
    at: context.clock.wallTime(),
    table: services.table,
    worst: worstOf(findings),
    counts: {
      error: count(findings, "error"),
      warning: count(findings, "warning"),
      note: count(findings, "note"),
    },
    groups: groups.map(({ status }) => status.name),
    findings,
  };
  if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
  else for (const line of render(terminal, report)) terminal.out(line);
  return exitCodeOf(report.worst);
}

/** Everything that is found in a group, the worst first. */
export function examine(facts: GroupFacts): readonly Finding[] {
  const found = [
    ...examineGroup(facts),
    ...examineObservers(facts),
    ...examineNodes(facts),
    ...examineServers(facts),
    ...examineName(facts),
  ];
  return severities.flatMap((severity) => found.filter((one) => one.severity === severity));
}

function count(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((one) => one.severity === severity).length;
}

function exitCodeOf(worst: Severity | null): number {
  switch (worst) {
    case "error":
      return exitCodes.unfinished;
    case "warning":
      return exitCodes.warnings;
    case "note":
    case null:
      return exitCodes.fine;
    default:
      return assertNever(worst);
  }
}

const styles: Readonly<Record<Severity, Style>> = { error: "bad", warning: "warn", note: "dim" };

function render(terminal: Terminal, report: DoctorReport): readonly string[] {
  const { table, groups, findings } = report;
  const beside = findings.filter((one) => one.group === null);
  return [
    ...(beside.length === 0 ? [] : renderPart(terminal, `table ${table}`, beside)),
    ...groups.flatMap((name) =>
      renderPart(
        terminal,
        name,
        findings.filter((one) => one.group === name),
      ),
    ),
  ];
}

function renderPart(
  { paint }: Terminal,
  name: string,
  findings: readonly Finding[],
): readonly string[] {
  const counts = severities.flatMap((severity) => {
    const number = count(findings, severity);
    return number === 0 ? [] : [`${number} ${severity}${number === 1 ? "" : "s"}`];
  });
  const sum = counts.length === 0 ? paint("good", "nothing found") : counts.join(", ");
  return [
    `${paint("bold", name)}  ${sum}`,
    ...findings.flatMap(({ id, severity, about, title, evidence, todo, see }) => [
      `  ${paint(styles[severity], severity)} ${id}${about === null ? "" : ` ${about}`}: ${title}`,
      `      ${evidence}`,
      `      ${paint("dim", "do:")} ${todo} (${see})`,
    ]),
    "",
  ];
}
