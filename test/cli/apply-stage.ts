import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "@jest/globals";
import { type Cli, createCli, groupsText } from "../support/cli.ts";

/** A command line with a table of its own for each test. */

const folder = mkdtempSync(join(tmpdir(), "lambda-sentinel-apply-"));
export const file = join(folder, "groups.yml");

afterAll(() => rmSync(folder, { recursive: true }));

export let cli: Cli;

beforeEach(() => {
  cli = createCli();
});

export function apply(text: string, ...args: readonly string[]): Promise<number> {
  writeFileSync(file, text);
  return cli.run("apply", "-f", file, ...args);
}

export const two = `${groupsText}  - name: carts\n    nodes: ["10.1.0.1:6379", "10.1.0.2:6379"]\n`;
export const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };

/** What was printed beside the warning that no stage bounds the names, which has tests of its own. */
export function printed(): readonly string[] {
  return cli.lines.filter((line) => !line.includes("no stage in"));
}
