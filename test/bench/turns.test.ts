import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { busiestSecond } from "../../bench/measure/groups.ts";
import { turnsOf } from "../../bench/measurement.ts";
import { RawResults } from "../../bench/raw.ts";
import { median, spreadOf } from "../../bench/statistics.ts";
import { measurement, sample } from "./bench-samples.ts";

const said = (turns: ReturnType<typeof turnsOf>) =>
  turns.map(({ measurement: { name }, side, pair }) => `${name} ${side} ${pair}`);

describe("turns", () => {
  it("go through all pairs, and whoever begins takes turns", () => {
    const turns = turnsOf([measurement("kill"), measurement("start", ["ours"])], 2);
    expect(said(turns)).toEqual([
      "kill ours 0",
      "kill sentinel 0",
      "start ours 0",
      "kill sentinel 1",
      "kill ours 1",
      "start ours 1",
    ]);
  });

  it("are fewer where fewer pairs are enough", () => {
    const turns = turnsOf([measurement("calls", ["ours"], { pairsMax: 1 })], 3);
    expect(said(turns)).toEqual(["calls ours 0"]);
  });
});

describe("raw results", () => {
  const fileIn = () => join(mkdtempSync(join(tmpdir(), "lambda-sentinel-bench-test-")), "a.jsonl");
  const turn = { measurement: measurement("kill"), side: "ours", pair: 0 } as const;

  it("are there again after an interruption, but for a line that was cut short", () => {
    const file = fileIn();
    const before = new RawResults(file);
    before.add(sample("kill", "ours", { firstWriteMs: 1_200 }));
    before.add(sample("kill", "sentinel", { firstWriteMs: 2_300 }));
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, -10));

    const after = new RawResults(file);
    after.add(sample("kill", "sentinel", { firstWriteMs: 2_400 }));

    const again = new RawResults(file);
    expect(again.samples.map(({ readings }) => readings.firstWriteMs)).toEqual([1_200, 2_400]);
    expect(again.isDone(turn)).toBe(true);
    expect(again.isDone({ ...turn, pair: 1 })).toBe(false);
  });

  it("let a turn that failed be tried again", () => {
    const raw = new RawResults(fileIn());
    raw.add(sample("kill", "ours", {}, { failure: "no failover" }));
    expect(raw.isDone(turn)).toBe(false);
    raw.add(sample("kill", "ours", { firstWriteMs: 1_200 }));
    expect(raw.isDone(turn)).toBe(true);
    expect(raw.samples).toHaveLength(2);
  });
});

describe("statistics", () => {
  it("tell the middle, the middle half and the ends", () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({
      ...{ count: 5, least: 1, quarter: 2, median: 3, threeQuarters: 4, most: 5 },
    });
    expect(median([1, 2])).toBe(1.5);
    expect(median([])).toBeNull();
  });

  it("count the most that fell into one second", () => {
    expect(busiestSecond([0, 500, 999, 1_000, 1_400, 5_000])).toBe(4);
    expect(busiestSecond([0, 1_000, 2_000])).toBe(1);
    expect(busiestSecond([])).toBe(0);
  });
});
