import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { metrics } from "../../lib/core/metrics.ts";
import type { Rule } from "../../lib/core/rules/rule.ts";
import { rules } from "../../lib/core/rules.ts";
import { alarms } from "../../lib/deploy/alarms.ts";
import { queries } from "../../lib/deploy/queries.ts";
import { answers } from "../support/answers.ts";
import { groupState, masterFacts, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { root } from "../support/packaged.ts";
import { Watch } from "../support/watch.ts";

let page: string;
beforeAll(async () => {
  page = await readFile(`${root}/docs/operating.md`, "utf8");
});

/** The text under a heading, up to the next one of its rank or higher. */
function section(heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  if (start < 0) return "";
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(/\n#{2,3} /);
  return end < 0 ? rest : rest.slice(0, end);
}

describe("docs/operating.md", () => {
  test.each(alarms.map((alarm) => alarm.name))(
    "has a runbook for %s, with its meaning, danger and steps",
    (name) => {
      const runbook = section(`### ${name}`);
      expect(runbook).toContain("**Means:**");
      expect(runbook).toContain("**Danger:**");
      expect(runbook).toMatch(/^1\. /m);
    },
  );

  test("has no runbook for an alarm that is not there", () => {
    const all = [...page.matchAll(/^### (.+)$/gm)].map((one) => one[1]);
    expect([...all].sort()).toEqual(alarms.map((alarm) => alarm.name).sort());
  });

  test("names rules and queries that there are", () => {
    const table: readonly Pick<Rule<unknown>, "id">[] = Object.values(rules).flat();
    const ids = new Set(table.map((rule) => rule.id));
    const named = [...page.matchAll(/\b([FSRTP]\d{3})\b/g)].map((one) => one[1] ?? "");
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((id) => !ids.has(id) && id !== "F190")).toEqual([]);
    const known: readonly string[] = Object.values(queries).map((query) => query.name);
    const asked = [...page.matchAll(/`([a-z]+(?:-[a-z]+){2,})`/g)].map((one) => one[1] ?? "");
    const unknown = asked.filter((name) => !known.includes(name) && !name.startsWith("lambda-"));
    expect(unknown.filter((name) => !/^(delete|put)-function/.test(name))).toEqual([]);
  });
});

describe("docs/metrics.md", () => {
  test("has every metric, alarm and query", async () => {
    const text = await readFile(`${root}/docs/metrics.md`, "utf8");
    for (const name of Object.keys(metrics)) expect(text).toContain(`| ${name} |`);
    for (const { name } of alarms) expect(text).toContain(`(operating.md#${name})`);
    for (const { name } of Object.values(queries)) expect(text).toContain(`### ${name}`);
  });
});

describe("an empty table beside nodes that carry a marker", () => {
  const look = (marker: number | null) => {
    const watch = new Watch({ state: groupState({ epoch: 0, masterEpoch: 0, master: null }) });
    const samples = [
      answers(n0, masterFacts({ marker })),
      ...[n1, n2].map((node) => answers(node, replicaFacts({ marker }))),
    ];
    watch.look({ samples });
    return watch.look({ afterMs: 5_000, samples }).rule;
  };

  test("is kept hands off until the marker is gone, as the runbook says", () => {
    expect(look(7)).toBe("F150");
    expect(look(null)).toMatch(/^B/);
  });
});
