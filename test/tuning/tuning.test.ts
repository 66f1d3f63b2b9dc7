import { describe, expect, test } from "@jest/globals";
import { settingsTable } from "../../lib/config/settings.ts";
import { simConfig } from "../simulator/group-config.ts";
import { runDeath } from "./deaths.ts";
import { points } from "./points.ts";
import { tableOf } from "./table.ts";

describe("what npm run tuning compares", () => {
  test.each(points)("$knob $says is what apply would accept", ({ knob, says, settings }) => {
    const { settings: read } = simConfig(settings.groupLines);
    const told = Object.entries(read).find(([name]) => name === knob);
    expect(told === undefined || `${told[1]}` === says).toBe(true);
  });

  test("the defaults are among the values of each knob, so that a row can be held against them", () => {
    for (const knob of [
      "crashAfterMs",
      "probeIntervalMs",
      "probeTimeoutMs",
      "downAfterMs",
    ] as const) {
      const values = points.filter((one) => one.knob === knob).map(({ says }) => Number(says));
      expect(values).toContain(settingsTable[knob].default);
    }
  });

  test("a shorter downAfterMs finds a hung master sooner", async () => {
    const [short, long] = await Promise.all(
      ["3000", "10000"].map((says) => {
        const point = points.find((one) => one.knob === "downAfterMs" && one.says === says);
        if (point === undefined) throw new Error(`expected downAfterMs ${says} to be compared`);
        return runDeath(7, "hang", point.settings);
      }),
    );
    expect(short?.promotedMs).toBeLessThan(long?.promotedMs ?? 0);
    expect(short?.promotedMs).toBeGreaterThan(3_000);
    expect(long?.promotedMs).toBeGreaterThan(10_000);
  });
});

test("a table tells quantiles of what was run, and rates only of hours that were lived through", () => {
  const [point] = points;
  if (point === undefined) throw new Error("expected a point");
  const courses = [3, 1, 2].map((promotedMs) => ({ promotedMs, movedMs: promotedMs }));
  const row = { point, deaths: { kill: courses, hang: [] }, noise: [] };
  expect(tableOf([row]).split("\n").at(-1)).toBe(
    "| defaults | loop | 2 / 3 / 3 | none / none / none | not measured | not measured |",
  );
});
