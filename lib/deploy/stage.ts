import { readFile } from "node:fs/promises";
import type * as z from "zod";
import { valueAt } from "../config/issues.ts";
import { explainReadError } from "../config/load.ts";
import {
  describeValue,
  type Finding,
  formatPath,
  type Path,
  type Problem,
  problemAt,
  quote,
} from "../config/problems.ts";
import { didYouMean } from "../config/suggest.ts";
import { placeAll, readYaml } from "../config/yaml-source.ts";
import { checkStage } from "./stage-checks.ts";
import { type Stage, stageSchema } from "./stage-schema.ts";

export type StageResult =
  | { readonly ok: true; readonly stage: Stage }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and checks a stage file; a file that can't be read is a problem like any other. */
export async function loadStageFile(file: string): Promise<StageResult> {
  try {
    return readStage(await readFile(file, "utf8"), file);
  } catch (error) {
    const message = `expected a readable file, got ${explainReadError(error)}`;
    return { ok: false, problems: [{ file, line: 1, column: 1, path: "", message }] };
  }
}

/**
 * The table of a stage, which is named after it where the file gives it no other name. Also the name of the deployment, as
 * long as nobody tells the functions another one.
 */
export function tableNameOf(
  { table }: { readonly table: Pick<Stage["table"], "name"> },
  stageName: string,
): string {
  return table.name ?? `lambda-sentinel-${stageName}`;
}

/** Checks the text of a stage file and reports everything that is wrong with it at once, in the file's order. */
export function readStage(text: string, file: string): StageResult {
  const read = readYaml(text.replace(/^\uFEFF/, ""));
  if (!read.ok) return { ok: false, problems: placeAll(read.found, file) };
  const { source } = read;
  const parsed = stageSchema.safeParse(source.value);
  const findings = parsed.success
    ? checkStage(parsed.data)
    : parsed.error.issues.flatMap((issue) => findingsOf(issue, source.value));
  const placed = findings.map((finding) => ({ finding, position: source.locate(finding) }));
  const problems = placeAll([...source.found, ...placed], file);
  return parsed.success && problems.length === 0
    ? { ok: true, stage: parsed.data }
    : { ok: false, problems };
}

function findingsOf(issue: z.core.$ZodIssue, root: unknown): readonly Finding[] {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key));
  const value = valueAt(root, path);
  const came = Array.isArray(value) ? `a list of ${value.length}` : describeValue(value);
  return [problemAt(path, `expected ${issue.message}, got ${came}`)];
}

function unknownKey(path: Path, key: string): Finding {
  const { table, observers } = stageSchema.shape;
  const shapes = { table: table.shape, observers: observers.element.shape };
  const [first] = path;
  const shape = first === "table" || first === "observers" ? shapes[first] : stageSchema.shape;
  const known = Object.keys(shape);
  const hint = didYouMean(key, known) || `; known are ${known.join(", ")}`;
  const message = `expected a known key of ${path.length === 0 ? "a stage" : formatPath(path)}, got ${quote(key)}${hint}`;
  return { severity: "problem", path: [...path, key], at: "key", message };
}
