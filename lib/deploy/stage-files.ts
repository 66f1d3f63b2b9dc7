import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { explainReadError } from "../config/load.ts";
import type { Problem } from "../config/problems.ts";
import { loadStageFile, tableNameOf } from "./stage.ts";
import type { Stage } from "./stage-schema.ts";

/** Where the files of the stages are, from the project's root. */
export const stagesFolder = "infra/stages";

export function stageFileOf(name: string, folder = stagesFolder): string {
  return join(folder, `${name}.yml`);
}

/** The names of the stages whose files are there, by alphabet; none where there is no such folder. */
export async function stageNames(folder = stagesFolder): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const files = await readdir(folder);
  return files.flatMap((file) => /^(.+)\.yml$/.exec(file)?.[1] ?? []).toSorted();
}

/** The stage to which a table belongs. */
export type StageOfTable =
  | { readonly kind: "found"; readonly file: string; readonly stage: Stage }
  /** By its name it would be this file, which is wrong. */
  | { readonly kind: "wrong"; readonly problems: readonly Problem[] }
  | { readonly kind: "unknown"; readonly why: string };

/** Looks for the stage whose stacks have this table, by the files in the folder alone. */
export async function findStageOf(table: string, folder: string): Promise<StageOfTable> {
  const names = await stageNames(folder).catch((error: unknown) => explainReadError(error));
  if (typeof names === "string") return { kind: "unknown", why: `${folder}: ${names}` };
  const fitting: { readonly file: string; readonly stage: Stage }[] = [];
  const wrong: string[] = [];
  for (const name of names) {
    const file = stageFileOf(name, folder);
    const read = await loadStageFile(file);
    if (read.ok) {
      if (tableNameOf(read.stage, name) === table) fitting.push({ file, stage: read.stage });
    } else if (tableNameOf({ table: {} }, name) === table) {
      return { kind: "wrong", problems: read.problems };
    } else wrong.push(file);
  }
  const [only, ...more] = fitting;
  if (only !== undefined && more.length === 0) return { kind: "found", ...only };
  return { kind: "unknown", why: explainUnknown(table, folder, fitting, wrong) };
}

function explainUnknown(
  table: string,
  folder: string,
  fitting: readonly { readonly file: string }[],
  wrong: readonly string[],
): string {
  if (fitting.length > 1) {
    return `table ${table} is that of ${fitting.map(({ file }) => file).join(" and ")}`;
  }
  const left = wrong.length === 0 ? "" : `, as far as they can be read (${wrong.join(", ")} can't)`;
  return `no stage in ${folder} has table ${table}${left}`;
}
