import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const run = promisify(execFile);
const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** Every interleaving within the small scopes (docs/exploration.md); the exploration needs no jest around it. */
test("no interleaving of the small scopes breaks an invariant", async () => {
  const { stdout } = await run(process.execPath, [main, "--scope", "small"], {
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);

  const lines = stdout.trimEnd().split("\n");
  expect(lines.filter((line) => /stopped; /.test(line))).toEqual([]);
  expect(lines.at(-1)).toBe("no violation");
}, 240_000);
