import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { root } from "../../bench/raw.ts";
import { isPageDue, summaryOf } from "../../bench/report/summary.ts";
import { runScript } from "../support/run-script.ts";
import { measurement, sample } from "./bench-samples.ts";

const script = new URL("../../bench/main.ts", import.meta.url);
const page = join(root, "bench", "RESULTS.md");

/** As `npm run bench -- …` does it. */
async function bench(...args: readonly string[]) {
  const before = await readFile(page, "utf8");
  const ended = await runScript(script, ...args);
  return { ...ended, isPageAsBefore: (await readFile(page, "utf8")) === before };
}

describe("wrong usage", () => {
  it("is a measurement that there is none of: it says which there are, and leaves the page alone", async () => {
    const ended = await bench("--only", "kill,nosuch");
    expect(ended).toMatchObject({ code: 2, stdout: "", isPageAsBefore: true });
    expect(ended.stderr).toMatch(/got nosuch; there are kill, crash-300, .*cold-start, calls\./);
  });

  it("is a number of groups that was not asked for", async () => {
    const ended = await bench("--only", "groups-20", "--groups", "30");
    expect(ended).toMatchObject({ code: 2, isPageAsBefore: true });
    expect(ended.stderr).toContain("groups-30");
  });

  it("is a name of nothing, which every measurement begins with", async () => {
    for (const only of ["", "kill,"]) {
      expect(await bench("--only", only)).toMatchObject({ code: 2, isPageAsBefore: true });
    }
  });

  it("is a page of results that are not there", async () => {
    const ended = await bench("--report", "--from", "/nowhere/results.jsonl");
    expect(ended).toMatchObject({ code: 2, isPageAsBefore: true });
    expect(ended.stderr).toContain("expected results in /nowhere/results.jsonl, got none");
  });
});

describe("the recorded page", () => {
  const all = [measurement("kill"), measurement("start", ["ours"], { pairsMax: 1 })];
  const pairs = Array.from({ length: 10 }, (_, pair) => pair);
  const kills = (["ours", "sentinel"] as const).flatMap((side) =>
    pairs.map((pair) => sample("kill", side, { firstWriteMs: 1_200 }, { pair })),
  );
  const start = sample("start", "ours", { loadMs: 150 });
  const everything = { only: [], pairs: 10, report: false };
  const part = { ...everything, only: ["kill"] };

  it("is written by a whole benchmark, also when runs are missing", () => {
    expect(isPageDue(everything, [], all)).toBe(true);
  });

  it("is left alone by a part of one, or by fewer pairs, while others are missing", () => {
    expect(isPageDue(part, kills, all)).toBe(false);
    expect(isPageDue({ ...everything, pairs: 2 }, kills, all)).toBe(false);
  });

  it("is written by the part that completes it", () => {
    expect(isPageDue(part, [...kills, start], all)).toBe(true);
  });

  it("is written by whoever says so", () => {
    expect(isPageDue({ ...part, report: true }, kills, all)).toBe(true);
  });
});

describe("the summary of a part", () => {
  it("has the readings of what was chosen, and what failed", () => {
    const samples = [
      sample("kill", "ours", { firstWriteMs: 1_200 }),
      sample("kill", "sentinel", {}, { failure: "Expected a failover, got none.\nat x" }),
    ];
    const text = summaryOf(samples, [measurement("kill"), measurement("hang")]);
    expect(text).toContain("kill: what kill says\n| reading | ours (1 runs) | sentinel (0 runs) |");
    expect(text).toContain("| firstWriteMs | 1200 | – |");
    expect(text).toContain("Failed: kill, sentinel, pair 1: Expected a failover, got none.");
    expect(text).not.toContain("hang");
  });
});
