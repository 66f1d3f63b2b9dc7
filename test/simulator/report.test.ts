import { describe, expect, it } from "@jest/globals";
import { missing, report, totalsOf } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import type { SeedRecord } from "./seed-record.ts";

async function recordOnce(): Promise<SeedRecord> {
  const swarm = { families: ["node-crash"], speed: 1 };
  const { record } = await runSeed({ seed: 1, swarm, safetyMs: 30_000 });
  return { ...record, failovers: 1, ambiguousWrites: 1, lostPerFailover: [3] };
}

describe("a run", () => {
  it("of twenty seeds without failovers, ambiguous writes or traffic proves nothing", async () => {
    const one = await recordOnce();
    const lacksOf = (change: Partial<SeedRecord>, count = 20) =>
      missing(totalsOf(Array.from({ length: count }, () => ({ ...one, ...change }))));

    expect(lacksOf({})).toEqual([]);
    expect(lacksOf({ failovers: 0 })).toEqual(["failover"]);
    expect(lacksOf({ ambiguousWrites: 0, acknowledged: 0 })).toEqual([
      "ambiguous write to the table",
      "write of a client",
    ]);
    expect(lacksOf({ failovers: 0 }, 19)).toEqual([]);
  });

  it("tells the losses of its failovers, and which rules never decided", async () => {
    const one = await recordOnce();
    const text = report([one, { ...one, seed: 2, lostPerFailover: [0, 9] }]);

    expect(text).toContain("lost writes per failover: p50 3, p95 9, max 9 over 3 failovers");
    expect(text).toMatch(/^rules: .*\bR799 \d+/m);
    expect(text).toMatch(/^rules never seen: .*\bL400\b/m);
    expect(text).toMatch(/^faults never seen: .*\bdns-edit\b/m);
    expect(text).toContain("violations: none");
  });
});
