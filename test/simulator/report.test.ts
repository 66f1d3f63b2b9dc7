import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { missing, report, totalsOf, vacuitySays } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import { recordOf, type SeedRecord } from "./seed-record.ts";
import { SimWorld } from "./world.ts";

async function recordOnce(): Promise<SeedRecord> {
  const { record } = await runSeed({ seed: 1, safetyMs: 30_000 });
  const { rules, faults } = { rules: { R799: 3 }, faults: { kill: 1 } };
  return { ...record, rules, faults, failovers: 1, ambiguousWrites: 1, lostPerFailover: [3] };
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

  it("of fewer seeds without them says so, if it has nothing worse to say", async () => {
    const one = await recordOnce();
    const says = (change: Partial<SeedRecord>, count: number) =>
      vacuitySays(totalsOf(Array.from({ length: count }, () => ({ ...one, ...change }))));
    const violation = { invariant: "S1", message: "S1: two masters" };

    expect(says({}, 1)).toBeNull();
    expect(says({ failovers: 0, ambiguousWrites: 0 }, 19)).toBe(
      "so few seeds prove nothing: they had no failover, no ambiguous write to the table",
    );
    expect(says({ failovers: 0, violation }, 1)).toBeNull();
    expect(says({ failovers: 0 }, 20)).toBe("this run proves nothing: it had no failover");
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

  it("knows every rule that there is, seen or not", async () => {
    const text = report([{ ...(await recordOnce()), rules: {} }]);
    const page = readFileSync(new URL("../../docs/rules.md", import.meta.url), "utf8");
    const ids = [...page.matchAll(/^\| \d+ \| ([A-Z]\d{3}) \|/gm)].map(([, id]) => id);

    const never = /^rules never seen: (.*)$/m.exec(text)?.[1]?.split(", ");
    expect(never).toEqual([...new Set(ids)].sort());
  });

  it("counts the shifts that let their epoch go", async () => {
    const world = new SimWorld({ seed: 1, isOrderly: true, scheduleJitterMs: 0 });
    world.start();
    world.onMoment.push(({ kind, leader }) => {
      if (kind !== "claim" || world.store.written.has("L440")) return;
      world.inject("script", { kind: "end-early", observer: leader, await: 1 });
    });
    await world.engine.runUntil(20_000);
    world.inject("script", { kind: "kill", node: "10.0.0.1" });
    await world.engine.runUntil(50_000);

    expect(recordOf(world, [], 0).rules).toMatchObject({ L440: 1 });
  });
});
