import { describe, expect, it } from "@jest/globals";
import { simConfig } from "./group-config.ts";
import { SimWorld } from "./world.ts";

/**
 * A table is put back to what it was before a failover, and holds a version of the configuration that never came into
 * force. A shift begins with that one, meets the nodes, learns which version STATE names, and goes on with that: from
 * then on no node answers it.
 */
async function beginWithAnother() {
  const rules: string[] = [];
  let begun: string | null = null;
  let isAsked = false;
  const world: SimWorld = new SimWorld({
    ...{ seed: 1, isOrderly: true, scheduleJitterMs: 0 },
    onNote: (by, note) => {
      if (note.kind !== "decision" || !isAsked || !by.startsWith("a/")) return;
      if (by === begun) rules.push(note.rule);
      if (begun !== null || note.rule !== "F140") return;
      begun = by;
      for (const node of world.nodes.keys()) world.cut("a", node);
    },
  });
  world.start();
  await world.engine.runUntil(20_000);
  world.inject("script", { kind: "table-backup" });
  world.inject("script", { kind: "ask-failover" });
  await world.engine.runUntil(50_000);
  const reached = world.state()?.epoch;
  world.inject("script", { kind: "table-restore" });
  world.store.configs.push(simConfig([], 2, world.config.observers));
  isAsked = true;
  await world.engine.runUntil(75_000);
  return { world, rules, reached };
}

describe("D10 what a node has told of a later epoch", () => {
  it("is not forgotten by a shift that goes on with another configuration", async () => {
    const { world, rules, reached } = await beginWithAnother();

    expect([reached, world.state()?.epoch]).toEqual([2, 1]);
    expect(rules.length).toBeGreaterThan(0);
    expect(new Set(rules)).toEqual(new Set(["F150"]));
    expect(world.violation).toBeNull();
  });
});
