import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { formatFault } from "./faults.ts";
import { root, sourceFolders } from "./ledger.ts";
import type { SeedResult } from "./run-seed.ts";
import type { Shrunk } from "./shrink.ts";

/** The state of the sources that a seed belongs to; a star says that they were changed since. */
export function commitNow(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const isChanged = git("status", "--porcelain", "--", ...sourceFolders) !== "";
    return git("rev-parse", "--short", "HEAD").trim() + (isChanged ? "*" : "");
  } catch {
    return "unknown (no git here)";
  }
}

/** What is said of a seed that failed: all that is needed to repeat it, and its last events. */
export function formatFailure(result: SeedResult): string {
  const { seed, violation, swarm, lines } = result;
  return [
    "",
    `seed ${seed}: ${violation?.message}`,
    `commit ${commitNow()}; ${result.isOfLiveness ? "after everything was healed" : "under faults"}`,
    `families: ${swarm.families.join(", ")}`,
    `repeat: npm run sim -- --seed ${seed} --seeds 1 --trace`,
    ...lines,
  ].join("\n");
}

/** Writes a shrunk run as a transcript that expects everything to hold; returns its path from the project's root. */
export function writeFound(shrunk: Shrunk, before: SeedResult): string {
  const folder = join(root, "test", "transcripts", "found");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${shrunk.invariant.toLowerCase()}-seed-${shrunk.seed}.txt`);
  writeFileSync(file, formatFound(shrunk, before));
  return relative(root, file);
}

export function formatFound(shrunk: Shrunk, before: SeedResult): string {
  const { seed, message, setup, schedule, safetyMs } = shrunk;
  const first = message.split("\n")[0] ?? "";
  return [
    `# seed ${seed}: ${first}`,
    `# Found at commit ${commitNow()}: ${schedule.length} faults left of ${before.schedule.length}. Everything must hold.`,
    "",
    `seed ${seed}`,
    `setup ${JSON.stringify(setup)}`,
    ...schedule.map((one) => `at ${one.atMs} ${formatFault(one.fault)}`),
    `play ${safetyMs}`,
    "----",
    "holds",
    "",
  ].join("\n");
}
