import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Ran } from "./drill.ts";

const commandMs = 20 * 60_000;
const outputBytesMax = 16 * 1024 * 1024;

/** Runs the command line of this checkout to its end, whatever that is. */
export function runCommandLine(root: string, args: readonly string[]): Promise<Ran> {
  const script = join(root, "bin/lambda-sentinel.js");
  const limits = { timeout: commandMs, maxBuffer: outputBytesMax };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], limits, (error, stdout, stderr) => {
      // A code of a number is the command's own; anything else means that it did not come to its end.
      const code = typeof error?.code === "number" ? error.code : -1;
      resolve({ code: error === null ? 0 : code, stdout, stderr });
    });
  });
}
