import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as z from "zod";
import { elastiCacheMonth, sentinelsMonth } from "../../lib/cost/prices.ts";
import { createCli } from "../support/cli.ts";

const dir = mkdtempSync(join(tmpdir(), "lambda-sentinel-cost-"));
const file = join(dir, "groups.yml");
const example = fileURLToPath(new URL("../../infra/stages/example.yml", import.meta.url));

beforeAll(() => {
  const text = [
    "observers: [a, b, c]",
    "groups:",
    "  - name: orders",
    '    nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]',
  ];
  writeFileSync(file, `${text.join("\n")}\n`);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(...args: readonly string[]) {
  const cli = createCli();
  const code = await cli.run("cost", ...args);
  return { code, text: cli.lines.join("\n"), writes: cli.store.writes };
}

const money = z.number().nonnegative();
const report = z.object({
  schema: z.literal(1),
  groups: z.number(),
  nodes: z.number(),
  cadence: z.string(),
  items: z.array(z.object({ item: z.string(), usd: money, isApart: z.boolean() })),
  watchingUsd: money,
  allUsd: money,
  cadences: z.array(z.object({ cadence: z.string(), watchingUsd: money, allUsd: money })),
});

async function costOf(stageFile: string) {
  const { code, text } = await run("-f", file, "--stage-file", stageFile, "--json");
  expect(code).toBe(0);
  return report.parse(JSON.parse(text));
}

describe("cost", () => {
  test("adds up what it lists, and knows what of it is watching", async () => {
    const { items, watchingUsd, allUsd, groups, nodes } = await costOf(example);
    const sum = (some: typeof items) => some.reduce((total, { usd }) => total + usd, 0);

    expect({ groups, nodes }).toEqual({ groups: 1, nodes: 3 });
    expect(sum(items)).toBeCloseTo(allUsd, 6);
    expect(sum(items.filter(({ isApart }) => !isApart))).toBeCloseTo(watchingUsd, 6);
  });

  test("pays for an alarm as often as it looks at a metric", async () => {
    const { items } = await costOf(example);

    // Three observers with three alarms, one of which adds up three metrics; six alarms in their one region.
    const alarms = items.find(({ item }) => item === "CloudWatch, alarms");
    expect(alarms?.usd).toBeCloseTo(0.1 * (3 * 5 + 6), 6);
  });

  test("sets the cadences beside each other, this stage's own with the stage's sum", async () => {
    const { cadences, cadence, allUsd } = await costOf(example);

    expect(cadences.map((one) => one.cadence)).toEqual(["loop", "pulse", "tick"]);
    expect(cadences.find((one) => one.cadence === cadence)?.allUsd).toBe(allUsd);
    const [loop, pulse, tick] = cadences.map((one) => one.watchingUsd);
    expect([loop, pulse, tick]).toEqual([loop, pulse, tick].toSorted((a = 0, b = 0) => b - a));
  });

  test("says it to people with the date of the prices, and what else there is", async () => {
    const { code, text, writes } = await run("-f", file, "--stage-file", example);

    expect(code).toBe(0);
    expect(writes).toEqual([]);
    expect(text).toMatch(/prices of us-east-1 as of \d{4}-\d{2}/);
    expect(text).toMatch(/loop +1.5 s to 2.5 s +\$\d+\.\d\d/);
    expect(text).toContain(`three Sentinels on t4g.nano: $${sentinelsMonth().toFixed(2)}`);
    expect(text).toContain(`$${elastiCacheMonth("valkey").toFixed(2)} (Valkey)`);
  });

  test("stops at a stage file that can't be read, or a groups file with a problem", async () => {
    const missing = await run("-f", file, "--stage-file", join(dir, "none.yml"));
    expect(missing).toMatchObject({ code: 2, text: expect.stringContaining("readable file") });

    const swapped = await run("-f", example, "--stage-file", example);
    expect(swapped.code).toBe(2);
  });
});

describe("what stands beside it", () => {
  test("costs what the price list says", () => {
    expect(sentinelsMonth()).toBeCloseTo(11.12, 2);
    expect(elastiCacheMonth("redis")).toBeCloseTo(23.36, 2);
    expect(elastiCacheMonth("valkey")).toBeCloseTo(18.69, 2);
  });
});
