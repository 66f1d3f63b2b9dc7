import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";
import { smallScopes } from "./scopes.ts";

const main = new URL("main.ts", import.meta.url);

/** States, moves and depth of each scope, as a run tells them. */
function toldIn(stdout: string): ReadonlyMap<string, string> {
  const told = stdout.matchAll(
    /^([a-z-]+): .*\n {2}bounds: .*\n {2}([\d,]+) states, ([\d,]+) moves, depth (\d+),/gm,
  );
  return new Map([...told].map(([, scope = "", ...counts]) => [scope, counts.join(", ")]));
}

/** The same of one scope from the page's table. */
function countsOnPage(scope: string): string | null {
  const page = readFileSync(new URL("../../docs/exploration.md", import.meta.url), "utf8");
  const row = page.split("\n").find((line) => line.startsWith(`| ${scope} |`));
  const cells = row?.split("|").map((cell) => cell.trim());
  return cells?.slice(3, 6).join(", ") ?? null;
}

/** Every interleaving within the small scopes, as docs/exploration.md counts them; the exploration needs no jest around it. */
test("no interleaving of the small scopes breaks an invariant", async () => {
  const { stdout } = await runScript(main, "--scope", "small");

  const lines = stdout.trimEnd().split("\n");
  expect(lines.filter((line) => /stopped; /.test(line))).toEqual([]);
  expect(lines.at(-1)).toBe("no violation");

  const told = toldIn(stdout);
  expect([...told.keys()]).toEqual(smallScopes.map(({ name }) => name));
  for (const [scope, counts] of told) expect([scope, countsOnPage(scope)]).toEqual([scope, counts]);
}, 240_000);
