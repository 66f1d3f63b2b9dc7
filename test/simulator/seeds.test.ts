import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const run = promisify(execFile);
const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** Fresh seeds in every run, printed, so that a failure is a seed to repeat. The simulator needs no jest around it. */
test("fresh seeds of the simulator end without a violation", async () => {
  const seed = Math.floor(Math.random() * 1_000_000_000);

  const { stdout } = await run(process.execPath, [main, "--seeds", "25", "--seed", String(seed)], {
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);

  expect(stdout).toContain("25 seeds, 0 with a violation");
}, 240_000);
