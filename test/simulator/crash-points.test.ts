import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const run = promisify(execFile);
const main = fileURLToPath(new URL("crash-points.ts", import.meta.url));

test("a leader that dies at any await leaves one master, the record on it, everybody replicating", async () => {
  const { stdout } = await run(process.execPath, [main], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { stdout: string }) => error,
  );

  const tail = stdout.split("\n").slice(-4).join("\n");
  expect(stdout).not.toContain("VIOLATION");
  expect(tail).toContain("plans run, 0 with a violation");
  expect(tail).toContain(
    "hit: claim with intent, promote, commit, publish, attach, hand-over, fence",
  );
}, 240_000);
