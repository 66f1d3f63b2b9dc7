import { describe, expect, it } from "@jest/globals";
import { notConverged } from "./converged.ts";
import { breakForGood, type Minority, minorities } from "./minority.ts";
import { SimWorld } from "./world.ts";

/** A settled group of which something is broken for good. */
async function breakOne(kind: Minority, groupLines: readonly string[] = []) {
  const world = new SimWorld({ seed: 1, isOrderly: true, scheduleJitterMs: 0, groupLines });
  world.start();
  await world.engine.runUntil(20_000);
  return { world, whom: breakForGood(world, kind) };
}

describe("L1, L3 a minority that stays broken", () => {
  it.each(minorities)("%s: the rest fails a dead master over, and is in order", async (kind) => {
    const { world, whom } = await breakOne(kind);
    world.inject("script", { kind: "kill", node: "10.0.0.1" });
    await world.engine.runUntil(60_000);

    expect(whom).not.toBeNull();
    expect(world.state()).toMatchObject({ phase: "steady", epoch: 2 });
    expect(notConverged(world)).toBeNull();
    expect(world.violation).toBeNull();
  });

  it.each(["absent", "cut-off"] as const)("%s: is none where everybody is needed", async (kind) => {
    const { whom } = await breakOne(kind, ["quorum: 3"]);

    expect(whom).toBeNull();
  });

  it("dead: is no node of a group whose master is away", async () => {
    const { world } = await breakOne("absent");
    world.inject("script", { kind: "hang", node: "10.0.0.1" });

    expect(breakForGood(world, "dead")).toBeNull();
  });

  it("cut-off and absent: takes no further part", async () => {
    for (const kind of ["cut-off", "absent"] as const) {
      const { world, whom } = await breakOne(kind);
      await world.engine.runUntil(30_000);
      const before = world.store.heartbeats.get(whom ?? "");
      await world.engine.runUntil(150_000);

      expect(world.store.heartbeats.get(whom ?? "")).toBe(before);
    }
  });
});
