import { beforeEach, describe, expect, it } from "@jest/globals";
import { judgeHealed } from "./converged.ts";
import type { Watching } from "./watching.ts";
import { SimWorld } from "./world.ts";

const loop: Watching = { cadence: "loop", pulseMs: 30_000 };
const pulse: Watching = { cadence: "pulse", pulseMs: 30_000 };
const tick: Watching = { cadence: "tick", pulseMs: 30_000 };

const master = "10.0.0.1";
/** A minute's start comes with the minute. So late, nobody who watches in passes has been awake for long. */
const lateMs = { loop: 299_000, pulse: 269_000, tick: 299_000 };

let world: SimWorld;

function pass(ms: number): Promise<void> {
  return world.engine.runUntil(world.engine.nowMs + ms);
}

/**
 * A table that is put back to what it was before a failover, while the new master carries that failover's marker. The old
 * one hung meanwhile, and answers again as what STATE has of it: to a pass, nothing is suspect or unsettled.
 */
async function restore(watching: Watching, hasMarker = true): Promise<void> {
  const scene = { watching, hasMarker, groupLines: ["cooldownMs: 0"] };
  world = new SimWorld({ seed: 1, isOrderly: true, scheduleJitterMs: 0, ...scene });
  world.start();
  await pass(20_000);
  world.inject("script", { kind: "table-backup" });
  world.inject("script", { kind: "hang", node: master });
  await pass(110_000);
  expect(world.state()).toMatchObject({ epoch: 2, phase: "steady" });
  world.inject("script", { kind: "table-restore" });
  world.inject("script", { kind: "thaw", node: master });
  await world.engine.runUntil(lateMs[watching.cadence]);
  expect(world.state()).toMatchObject({ epoch: 1, phase: "steady" });
  expect(world.violation).toBeNull();
}

/** What an observer decides now, and that it last held so long ago. */
function decide(observer: string, rule: string, heldForMs: number): void {
  const { decisions } = world.invocations;
  decisions.atMs.set(`${observer} F150`, world.engine.nowMs - heldForMs);
  decisions.add(observer, rule, world.engine.nowMs);
}

const isActing = { invariant: "D10", message: "D10: b does not hold because of a restored table" };

describe.each([loop, pulse, tick])("D10 who watches a restored table by $cadence", (watching) => {
  beforeEach(() => restore(watching));

  it("holds where the last look found it so, however long ago that was", () => {
    expect(judgeHealed(world, null)).toBeNull();
  });

  it("does not where it never found it so", () => {
    world.invocations.decisions.atMs.delete("b F150");

    expect(judgeHealed(world, null)).toMatchObject(isActing);
  });

  it("does not where it has long found something else", () => {
    decide("b", "R799", 30_000);

    expect(judgeHealed(world, null)).toMatchObject(isActing);
    expect(judgeHealed(world, "b")).toBeNull();
  });

  it("does where it finds something else for a moment", () => {
    decide("b", "F140", 5_000);

    expect(judgeHealed(world, null)).toBeNull();
  });
});

describe("D10 an observer that has decided nothing for long", () => {
  it("does not hold where it watches in a loop", async () => {
    await restore(loop);
    world.invocations.decisions.atMs.set("b F150", world.engine.nowMs - 30_000);

    expect(judgeHealed(world, null)).toMatchObject(isActing);
  });

  it("cannot know what came into its sight after its last pass", async () => {
    await restore(tick);
    world.invocations.decisions.atMs.delete("b F150");
    for (const node of world.nodes.keys()) world.troubles.trouble(node);

    expect(judgeHealed(world, null)).toBeNull();
  });
});

describe("D10 a record that carries a later epoch than STATE", () => {
  /** Nobody has started for longer than a shift lasts, as may be where starts are minutes late. */
  async function afterNoStarts(): Promise<void> {
    await restore(tick, false);
    for (const one of world.config.observers)
      world.invocations.machines.failStarts(one, Number.POSITIVE_INFINITY);
    await pass(130_000);
  }

  it("is told where the last pass said so, however long ago that was", async () => {
    await afterNoStarts();

    expect(judgeHealed(world, null)).toBeNull();
  });

  it("is not where no last pass said so", async () => {
    await afterNoStarts();
    const { atMs } = world.invocations.decisions;
    for (const one of world.config.observers) atMs.delete(`${one} R770`);

    expect(judgeHealed(world, null)).toMatchObject({ invariant: "D10" });
  });
});
