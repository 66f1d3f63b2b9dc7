import { readFileSync } from "node:fs";
import { explainReadError } from "../config/load.ts";
import { formatProblem } from "../config/problems.ts";
import { readStage, tableNameOf } from "../deploy/stage.ts";
import { stageFileOf, stagesFolder } from "../deploy/stage-files.ts";
import type { GlobalOptions } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";

/**
 * Table and region of the stage that is named, by the file from which it was deployed; what --table and --region say
 * goes before. Without --stage nothing is read. A file that can't be read, or is wrong, ends the command.
 */
export function withStage(options: GlobalOptions, folder = stagesFolder): GlobalOptions {
  const { stage: name } = options;
  if (name === undefined) return options;
  const file = stageFileOf(name, folder);
  const read = readStage(textOf(file), file);
  if (!read.ok) {
    const [first] = read.problems;
    const why = first === undefined ? file : formatProblem(first);
    throw new CliError(exitCodes.usage, `expected --stage to name a valid file: ${why}`);
  }
  const { stage } = read;
  return { table: tableNameOf(stage, name), region: stage.table.home, ...defined(options) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const message = `expected --stage to name a stage whose file is ${file}, got ${explainReadError(error)}; --table and --region need no file`;
    throw new CliError(exitCodes.usage, message);
  }
}

function defined({ table, region }: GlobalOptions): GlobalOptions {
  return { ...(table === undefined ? {} : { table }), ...(region === undefined ? {} : { region }) };
}
