import { describe, expect, it } from "@jest/globals";
import { applyFault } from "./apply-fault.ts";
import type { Fault } from "./faults.ts";
import { runGuarded } from "./run-seed.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

interface Stage {
  readonly whenReturned: "hold" | "attach";
  /** What befalls the old master as it comes back. */
  readonly returning: readonly Fault[];
  /** Whether the second master does what it is told. */
  readonly second?: "obeys" | "refuses";
}

const back: Fault = { kind: "restart", node: "10.0.0.1", data: "rdb" };
const loads: readonly Fault[] = [{ kind: "rate", of: "load-ms", value: 120_000 }, back];

function ails(ailment: Extract<Fault, { kind: "ail" }>["with"]): readonly Fault[] {
  return [back, { kind: "ail", node: "10.0.0.1", with: ailment }];
}

/** The first node was replaced by the second, and comes back ailing; then the third becomes a master beside the second. */
async function besideOldMaster({ whenReturned, returning, second = "obeys" }: Stage) {
  const world = new SimWorld({ seed: 1, isOrderly: true });
  world.start();
  await world.engine.runUntil(12_000);
  applyFault(world, { kind: "apply", setting: "whenReturned", value: whenReturned });
  await world.engine.runUntil(20_000);
  applyFault(world, { kind: "kill", node: "10.0.0.1" });
  await world.engine.runUntil(60_000);
  expect(world.state()).toMatchObject({
    master: { node: "10.0.0.2:6379" },
    previousMaster: { node: "10.0.0.1:6379" },
  });
  for (const one of returning) applyFault(world, one);
  await world.engine.runUntil(62_000);
  const third = thirdOf(world);
  third.becomeMaster();
  if (second === "refuses") third.changeRole = () => "refused";
  await runGuarded(world, 110_000);
  return { violation: world.violation?.invariant ?? null, role: third.role };
}

function thirdOf(world: SimWorld): SimRedis {
  const third = world.nodes.get("10.0.0.3:6379");
  if (third === undefined) throw new Error("expected a third node");
  return third;
}

describe("S11 a second master, while an old master is to be held", () => {
  it.each<[string, readonly Fault[]]>([
    ["loads", loads],
    ["runs a script", ails("unkillable")],
    ["can't save", ails("misconf")],
  ])("is made a replica soon although that one %s", async (_what, returning) => {
    const came = await besideOldMaster({ whenReturned: "hold", returning });
    expect(came).toEqual({ violation: null, role: "replica" });
  });

  it("is noticed where nobody makes it a replica", async () => {
    const came = await besideOldMaster({
      whenReturned: "hold",
      returning: loads,
      second: "refuses",
    });
    expect(came.violation).toBe("S11");
  });
});

describe("S11 a second master, while an old master refuses us", () => {
  it.each(["denied", "full"] as const)(
    "(%s) is left alone if it may be that one",
    async (ailment) => {
      const came = await besideOldMaster({ whenReturned: "hold", returning: ails(ailment) });
      expect(came).toEqual({ violation: null, role: "master" });
    },
  );

  it("is made a replica soon where nobody is held", async () => {
    const returning = ails("denied");
    const came = await besideOldMaster({ whenReturned: "attach", returning });
    expect(came).toEqual({ violation: null, role: "replica" });
  });

  it("is noticed where nobody is held and nobody makes it a replica", async () => {
    const returning = ails("denied");
    const came = await besideOldMaster({ whenReturned: "attach", returning, second: "refuses" });
    expect(came.violation).toBe("S11");
  });
});
