import { describe, expect, it } from "@jest/globals";
import { formatFault, parseFault, type TimedFault } from "./faults.ts";
import { formatFound } from "./found.ts";
import type { SeedResult } from "./run-seed.ts";
import { runSeed } from "./run-seed.ts";
import { shrink, type Trial, type TrialResult } from "./shrink.ts";
import { Violation } from "./violation.ts";

const lines = ["kill 10.0.0.1", "hang 10.0.0.2", "dns-down", "store-cut a", "cut a 10.0.0.1"];
/** A hundred faults of five families, one a second. */
const schedule = Array.from({ length: 100 }, (_, index): TimedFault => {
  const line = lines[index % lines.length] ?? "";
  return { atMs: 13_000 + index * 1_000, by: `family ${index % 5}`, fault: parseFault(line) };
});

async function failed(): Promise<SeedResult> {
  const result = await runSeed({ seed: 1, safetyMs: 1_000 });
  return { ...result, safetyMs: 200_000, schedule, violation: new Violation("S2", "one vote") };
}

/** Breaks S2 when the 21st fault (a kill) and the 43rd (dns-down) both happen, and something else otherwise. */
async function needsTwo(trial: Trial): Promise<TrialResult> {
  const times = new Set(trial.schedule.map((one) => one.atMs));
  const isBoth = times.has(33_000) && times.has(55_000) && trial.safetyMs >= 50_000;
  return { violation: new Violation(isBoth ? "S2" : "L3", "…"), lines: [] };
}

describe("shrinking a failing seed", () => {
  it("leaves the faults that are needed, and not much more time", async () => {
    const told: string[] = [];
    const options = { runsMax: 300, progress: (line: string) => told.push(line), run: needsTwo };
    const shrunk = await shrink(await failed(), options);

    expect(shrunk?.schedule.map((one) => one.atMs)).toEqual([33_000, 55_000]);
    expect(shrunk?.safetyMs).toBeGreaterThanOrEqual(50_000);
    expect(shrunk?.safetyMs).toBeLessThan(60_000);
    expect(told.length).toBeGreaterThan(3);
  });

  it("keeps to the number of runs it was given", async () => {
    let runs = 0;
    const run = (trial: Trial) => {
      runs += 1;
      return needsTwo(trial);
    };
    const shrunk = await shrink(await failed(), { runsMax: 7, progress: () => {}, run });

    expect(runs).toBe(7);
    expect(shrunk?.runs).toBe(7);
  });

  it("gives up where the recorded faults break something else", async () => {
    const run = async () => ({ violation: new Violation("S1", "…"), lines: [] });

    expect(await shrink(await failed(), { runsMax: 50, progress: () => {}, run })).toBeNull();
  });

  it("is written down as a transcript", async () => {
    const before = await failed();
    const shrunk = await shrink(before, { runsMax: 300, progress: () => {}, run: needsTwo });
    if (shrunk === null) throw new Error("expected something smaller");
    const text = formatFound(shrunk, before);

    expect(text).toContain("\nseed 1\nsetup {");
    expect(text).toContain(`\nat 33000 ${formatFault(parseFault("kill 10.0.0.1"))}\n`);
    expect(text).toMatch(/\nplay \d+\n----\nholds\n$/);
  });
});
