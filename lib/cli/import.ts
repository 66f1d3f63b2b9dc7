import { readFile } from "node:fs/promises";
import { explainReadError, loadConfig } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/problems.ts";
import { namePattern, observersMax } from "../config/schema.ts";
import { readSentinelConf } from "../config/sentinel-conf.ts";
import { type ImportNote, importSentinel } from "../config/sentinel-import.ts";
import type { CliContext, GlobalOptions, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { problemsError } from "./load-file.ts";

export interface ImportOptions extends GlobalOptions {
  readonly observers?: string;
  readonly json?: boolean;
}

/**
 * Turns a Redis Sentinel's configuration into groups.yml: the file goes to standard output, what became of each line of
 * Sentinel's to standard error, or both go into one object. Neither the table nor a server is asked.
 */
export async function importConf(
  context: CliContext,
  file: string,
  options: ImportOptions,
): Promise<number> {
  const { terminal } = context;
  const observers = options.observers === undefined ? null : readObservers(options.observers);
  const read = readSentinelConf(await readText(file));
  if (!read.ok) {
    const problems = read.problems.map(
      ({ line, message }): Problem => ({
        ...{ file, line, message },
        ...{ column: 1, path: "" },
      }),
    );
    throw problemsError(terminal, problems);
  }
  const { text, notes } = importSentinel(read.conf, observers);
  const isJson = options.json === true;
  if (isJson) terminal.out(JSON.stringify({ schema: 1, text, notes }, null, 2));
  else tell(terminal, notes);
  if (text === null) {
    throw new CliError(exitCodes.unfinished, "expected a group that can be taken over, got none");
  }
  const check = loadConfig(text, "groups.yml");
  for (const warning of check.warnings) {
    terminal.error(`${terminal.paint("warn", "warning")}: ${formatProblem(warning)}`);
  }
  if (!check.ok) throw problemsError(terminal, check.problems);
  if (!isJson) terminal.out(text.trimEnd());
  terminal.error(
    "before anything is applied: docs/from-sentinel.md has the cut-over step by step, and the way back",
  );
  return notes.some((note) => note.kind === "left-out") ? exitCodes.unfinished : exitCodes.fine;
}

function readObservers(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const odd = names.find((name) => !namePattern.test(name));
  if (odd === undefined && new Set(names).size === names.length && names.length <= observersMax) {
    return names;
  }
  const got = odd === undefined ? `"${text}"` : `"${odd}"`;
  throw new CliError(
    exitCodes.usage,
    `expected --observers to be up to ${observersMax} different names of lower-case letters, digits and hyphens, by comma, got ${got}`,
  );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const message = `${file}: expected a readable file, got ${explainReadError(error)}`;
    throw new CliError(exitCodes.usage, message);
  }
}

const headings = [
  ["taken", "taken over"],
  ["changed", "changed, or to be decided"],
  ["missing", "without equivalent"],
  ["left-out", "left out"],
] as const satisfies readonly (readonly [ImportNote["kind"], string])[];

function tell(terminal: Terminal, notes: readonly ImportNote[]): void {
  for (const [kind, heading] of headings) {
    const own = notes.filter((note) => note.kind === kind);
    if (own.length === 0) continue;
    terminal.error(terminal.paint("bold", heading));
    for (const { group, line, text } of own) {
      const place = line === null ? "" : `line ${line}: `;
      terminal.error(`  ${group === null ? "" : `${group}: `}${place}${text}`);
    }
  }
}
