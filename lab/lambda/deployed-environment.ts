import { readFileSync } from "node:fs";
import { parse } from "yaml";
import * as z from "zod";

/**
 * What every stack's function has in its environment, whatever its stage says, and what no test of a bundle alone would
 * know: how much memory its process takes.
 */
export function deployedEnvironment(): Readonly<Record<string, string>> {
  const text = readFileSync(new URL("../../infra/environment.yml", import.meta.url), "utf8");
  const { outside } = environmentFile.parse(parse(text));
  // The rest is computed from the stage's file when a stack is packaged.
  return Object.fromEntries(Object.entries(outside).filter(([, value]) => !value.includes("${")));
}

const environmentFile = z.object({ outside: z.record(z.string(), z.string()) });
