import { type LoadedConfig, loadConfigFile } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/problems.ts";
import { checkZones } from "../config/zones.ts";
import { assertNever } from "../core/assert-never.ts";
import { asksForBounded, checkBounds } from "../deploy/group-bounds.ts";
import { loadStageFile } from "../deploy/stage.ts";
import { findStageOf } from "../deploy/stage-files.ts";
import type { Services, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";

const shownMax = 100;

/** Reads the file, says everything that is wrong with it, and stops the command if anything is. */
export async function loadOrStop(terminal: Terminal, file: string): Promise<LoadedConfig> {
  const result = await loadConfigFile(file);
  for (const warning of result.warnings) {
    terminal.error(`${terminal.paint("warn", "warning")}: ${formatProblem(warning)}`);
  }
  if (result.ok) return result;
  throw problemsError(terminal, result.problems);
}

/** Shows each problem on a line of its own; the error that ends the command counts them. */
export function problemsError(terminal: Terminal, problems: readonly Problem[]): CliError {
  for (const problem of problems.slice(0, shownMax)) terminal.error(formatProblem(problem));
  const hidden = problems.length - shownMax;
  if (hidden > 0) terminal.error(`… and ${hidden} more`);
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return new CliError(exitCodes.usage, `expected a valid file, got ${count}; nothing was changed`);
}

/** The stage whose bounds hold: of this file, or else that of the table, among the files in a folder. */
export interface StageAsked {
  readonly file: string | undefined;
  readonly folder: string;
  readonly table: string;
}

/**
 * Holds the groups against what their stage allows its functions. Without a stage that is known, and with something to hold
 * against it, it says in one line that this was not done.
 */
export async function checkBoundsOrStop(
  terminal: Terminal,
  loaded: LoadedConfig,
  { file, folder, table }: StageAsked,
): Promise<void> {
  if (file !== undefined) {
    const read = await loadStageFile(file);
    const problems = read.ok ? checkBounds(loaded, read.stage) : read.problems;
    if (problems.length > 0) throw problemsError(terminal, problems);
    return;
  }
  if (!asksForBounded(loaded)) return;
  const asked = await findStageOf(table, folder);
  switch (asked.kind) {
    case "found": {
      const problems = checkBounds(loaded, asked.stage);
      if (problems.length === 0) return;
      terminal.error(`by ${asked.file}, the stage of table ${table}:`);
      throw problemsError(terminal, problems);
    }
    case "wrong":
      throw problemsError(terminal, asked.problems);
    case "unknown":
      terminal.error(
        `${terminal.paint("warn", "warning")}: whether the functions may change these names and read these secrets was not checked: ${asked.why}; name the stage's file with --stage-file`,
      );
      return;
    default:
      assertNever(asked);
  }
}

/** Asks Route 53 where each record's zone ends. A zone that can't be asked is a warning, a missing one a problem. */
export async function checkZonesOrStop(
  terminal: Terminal,
  services: Services,
  loaded: LoadedConfig,
): Promise<void> {
  const ids = new Set(loaded.groups.flatMap((group) => group.dns?.zoneId ?? []));
  const names = new Map<string, string>();
  const missing = new Set<string>();
  for (const id of ids) {
    const name = await services.zoneName(id);
    if (name.ok) names.set(id, name.value);
    else if (name.kind === "refused") missing.add(id);
    else {
      const what = `could not ask Route 53 about zone ${id} (${name.why})`;
      terminal.error(
        `${terminal.paint("warn", "warning")}: ${what}; whether its records lie inside it was not checked`,
      );
    }
  }
  const problems = [...findMissing(loaded, missing), ...checkZones(loaded, names)];
  if (problems.length > 0) throw problemsError(terminal, problems);
}

function findMissing(loaded: LoadedConfig, missing: ReadonlySet<string>): readonly Problem[] {
  return loaded.groups.flatMap((group, index) => {
    if (group.dns === undefined || !missing.has(group.dns.zoneId)) return [];
    const path = ["groups", index, "dns", "zoneId"];
    const message = `expected a hosted zone of this AWS account, got ${group.dns.zoneId}, which Route 53 doesn't know`;
    const { file } = loaded;
    return [{ file, ...loaded.locate(path), path: `groups[${index}].dns.zoneId`, message }];
  });
}
