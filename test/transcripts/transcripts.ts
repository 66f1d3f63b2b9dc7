import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DecideStage } from "./decide-stage.ts";
import { formatScript, parseScript, runScript } from "./script.ts";
import { WorldStage } from "./world-stage.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Every transcript, by its full path. */
export function listTranscripts(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".txt"))
    .sort()
    .map((file) => join(folder, file));
}

/** Runs a transcript; returns the file as it should read now. Throws when something it expects does not hold. */
export async function perform(file: string): Promise<string> {
  const script = parseScript(readFileSync(file, "utf8"));
  const isOfDecisions = file.startsWith(join(folder, "decide"));
  const stage = isOfDecisions ? new DecideStage() : new WorldStage();
  return formatScript(await runScript(script, stage));
}
