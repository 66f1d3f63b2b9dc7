import { expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";

const main = new URL("crash-points.ts", import.meta.url);

test("a leader that dies at any await leaves one master, the record on it, everybody replicating", async () => {
  const { stdout } = await runScript(main);

  const tail = stdout.split("\n").slice(-4).join("\n");
  expect(stdout).not.toContain("VIOLATION");
  expect(tail).toContain("plans run, 0 with a violation");
  expect(tail).toContain(
    "hit: claim with intent, promote, commit, publish, attach, hand-over, fence",
  );
}, 240_000);
