import { describe, expect, it } from "@jest/globals";
import { faultKinds, formatFault, parseFault, type TimedFault } from "./faults.ts";
import { familyNames } from "./nemesis.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";

/** Every family at once, faster than seeds draw them. */
const swarm = { families: familyNames, speed: 4 };

async function runTraced(
  seed: number,
  schedule?: readonly TimedFault[],
): Promise<{ readonly result: SeedResult; readonly trace: readonly string[] }> {
  const trace: string[] = [];
  const result = await runSeed({
    seed,
    swarm,
    safetyMs: 60_000,
    trace: (line) => trace.push(line),
    ...(schedule === undefined ? {} : { schedule }),
  });
  return { result, trace };
}

describe("a recorded schedule", () => {
  it("makes the same run as the families that drew it", async () => {
    const drawn = await runTraced(7);
    const replayed = await runTraced(7, drawn.result.schedule);

    expect(replayed.trace).toEqual(drawn.trace);
    expect(replayed.result.schedule).toEqual(drawn.result.schedule);
    expect(new Set(drawn.result.schedule.map((one) => one.by)).size).toBeGreaterThan(10);
  });

  it("makes another run when a fault is left out", async () => {
    const drawn = await runTraced(7);
    const kill = drawn.result.schedule.findIndex((one) => one.fault.kind === "kill");
    const replayed = await runTraced(7, drawn.result.schedule.toSpliced(kill, 1));

    expect(kill).toBeGreaterThanOrEqual(0);
    expect(replayed.trace).not.toEqual(drawn.trace);
  });

  it("survives its text form", async () => {
    const { result } = await runTraced(7);
    const faults = result.schedule.map((one) => one.fault);

    expect(faults.map(formatFault).map(parseFault)).toEqual(faults);
  });
});

describe("a fault's text form", () => {
  it.each([
    ["kill 10.0.0.1", { kind: "kill", node: "10.0.0.1" }],
    ["restart 10.0.0.1 aof", { kind: "restart", node: "10.0.0.1", data: "aof" }],
    ["cut a 10.0.0.1", { kind: "cut", one: "a", other: "10.0.0.1" }],
    ["crash a 12", { kind: "crash", observer: "a", await: 12 }],
    ["rate store-slow 0.25", { kind: "rate", of: "store-slow", value: 0.25 }],
    ["dns-down", { kind: "dns-down" }],
  ])("%s", (line, fault) => {
    expect(parseFault(line)).toEqual(fault);
  });

  it.each([
    ["explode 10.0.0.1", "expected a fault (kill, restart"],
    ["kill", 'expected "kill NODE", got "kill"'],
    ["kill a", 'expected "kill NODE", got "kill a" (node: expected the host of a node)'],
    ["restart 10.0.0.1 fresh", 'expected "restart NODE DATA"'],
    ["crash a 0", 'expected "crash OBSERVER AWAIT"'],
    ["rate store-slow much", 'expected "rate OF VALUE"'],
  ])("is refused: %s", (line, why) => {
    expect(() => parseFault(line)).toThrow(why);
  });

  it("names every kind once", () => {
    expect(new Set(faultKinds).size).toBe(faultKinds.length);
  });
});
