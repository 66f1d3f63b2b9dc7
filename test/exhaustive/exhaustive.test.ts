import { expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";

const main = new URL("main.ts", import.meta.url);

/** Every interleaving within the small scopes (docs/exploration.md); the exploration needs no jest around it. */
test("no interleaving of the small scopes breaks an invariant", async () => {
  const { stdout } = await runScript(main, "--scope", "small");

  const lines = stdout.trimEnd().split("\n");
  expect(lines.filter((line) => /stopped; /.test(line))).toEqual([]);
  expect(lines.at(-1)).toBe("no violation");
}, 240_000);
