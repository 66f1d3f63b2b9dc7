import { expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";

const main = new URL("crash-points.ts", import.meta.url);

/** A part of the plans, another one in every run, and one for each thing that must be hit; `npm run test:all` has all. */
test("a leader that dies at any await leaves one master, the record on it, everybody replicating", async () => {
  const every = 20;
  const offset = String(Math.floor(Math.random() * every));

  const { stdout } = await runScript(main, "--every", String(every), "--offset", offset);

  const tail = stdout.split("\n").slice(-4).join("\n");
  expect(stdout).not.toContain("VIOLATION");
  expect(tail).toContain("plans run, 0 with a violation");
  expect(tail).toContain(
    "hit: claim with intent, promote, commit, publish, attach, hand-over, fence",
  );
}, 240_000);
