import { readFileSync } from "node:fs";
import { beforeEach, expect, test } from "@jest/globals";
import { conditionsOf } from "../../lib/core/explain.ts";
import { momentOf } from "../../lib/core/moment.ts";
import { cli, nodes } from "../cli/status-stage.ts";
import { everything } from "../cli/stories-stage.ts";
import { heartbeatOf } from "../support/cli.ts";
import { masterViewOf, watchCalm } from "../support/watch.ts";

const page = readFileSync(new URL("../../docs/explain.md", import.meta.url), "utf8");

/** The words of each piece of code on the page. */
const spans = [...page.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code.split(/\W+/));

/** Names that are values of somebody's, and no fields. */
const maps = ["evidence", "durationsMs"];

function fieldsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...(maps.includes(name) ? [] : fieldsOf(inner)),
  ]);
}

beforeEach(() => {
  cli.store.events.push(...everything);
  for (const name of ["a", "b", "c"]) {
    heartbeatOf(cli, name, "orders", {
      nodes,
      way: { joinsFrom: 1, successor: null, held: held(name) },
    });
  }
});

function held(name: string) {
  return { kind: "building", of: null, forMs: null, why: `${name} waits` } as const;
}

test.each([
  [["explain", "orders"]],
  [["explain", "orders", "--epoch", "2"]],
  [["explain", "orders", "--round", "5"]],
  [["history"]],
  [["report", "orders"]],
])("every field that %j prints is on docs/explain.md", async (args) => {
  expect(await cli.run(...args, "--json")).toBe(0);

  const fields = new Set(fieldsOf(JSON.parse(cli.lines.at(-1) ?? "")));
  expect(fields.size).toBeGreaterThan(10);
  const missing = [...fields].filter((name) => !spans.some((words) => words.includes(name)));
  expect(missing).toEqual([]);
});

test("every condition has its row on docs/explain.md, in the order of the walk", () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| [A-Z]\d{3}/gm)].map(([, name]) => name);

  const conditions = conditionsOf(momentOf(masterViewOf(watchCalm())));
  expect(rows).toEqual(conditions.map(({ name }) => name));
});
