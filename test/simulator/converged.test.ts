import { describe, expect, it } from "@jest/globals";
import { judgeHealed } from "./converged.ts";
import { SimWorld } from "./world.ts";

const master = "10.0.0.1";
const replicas = ["10.0.0.2", "10.0.0.3"];
/** A replica takes its master for gone when it has heard nothing of it for so long. */
const replTimeoutMs = 60_000;

/** A settled group whose replicas lost their links so long ago, and do not find their master again. */
async function unlinked(forMs: number): Promise<SimWorld> {
  const world = new SimWorld({ seed: 1, isOrderly: true, scheduleJitterMs: 0 });
  world.start();
  await world.engine.runUntil(20_000);
  for (const one of replicas) world.inject("script", { kind: "cut", one, other: master });
  await pass(world, replTimeoutMs + 2_000 + forMs);
  for (const one of replicas) {
    expect(world.nodes.get(`${one}:6379`)?.link).toMatchObject({ isUp: false });
  }
  return world;
}

function pass(world: SimWorld, ms: number): Promise<void> {
  return world.engine.runUntil(world.engine.nowMs + ms);
}

/** Nobody acts on a group that is paused, whatever it looks like. */
async function pause(world: SimWorld): Promise<void> {
  world.inject("script", { kind: "pause" });
  await pass(world, 2_000);
}

/** The master comes back without its data, and clients write to it. */
async function empty(world: SimWorld): Promise<void> {
  world.inject("script", { kind: "kill", node: master });
  world.inject("script", { kind: "restart", node: master, data: "empty" });
  await pass(world, 90_000);
}

/** An observer says that nobody may be promoted. */
function say(world: SimWorld): void {
  world.invocations.decisions.add("a", "S360", world.engine.nowMs);
}

const isOpen = { invariant: "L3" };

describe("N11, L3 a group whose copies lost their links", () => {
  it("holds, and says why, where that was long before its master's data went", async () => {
    const world = await unlinked(55_000);
    await empty(world);

    expect(world.invocations.decisions.counts.get("S360")).toBeGreaterThan(0);
    expect(world.state()).toMatchObject({ epoch: 1, phase: "steady" });
    expect(judgeHealed(world, null)).toBeNull();
  });

  it("is not in order where nobody says why", async () => {
    const world = await unlinked(55_000);
    await pause(world);
    await empty(world);

    expect(judgeHealed(world, null)).toMatchObject(isOpen);
    say(world);
    expect(judgeHealed(world, null)).toBeNull();
  });

  it("is not in order where that was shortly before, whatever is said", async () => {
    const world = await unlinked(20_000);
    await pause(world);
    await empty(world);
    say(world);

    expect(judgeHealed(world, null)).toMatchObject(isOpen);
  });

  it("holds where that was shortly before, and the table was away over a change of shifts since", async () => {
    const world = await unlinked(20_000);
    await pause(world);
    world.inject("script", { kind: "table-foreign" });
    await empty(world);
    world.inject("script", { kind: "table-back" });
    await pass(world, 2_000);

    expect(judgeHealed(world, null)).toMatchObject(isOpen);
    say(world);
    expect(judgeHealed(world, null)).toBeNull();
  });

  it("is not in order where the table was away and shifts that knew the master lived on", async () => {
    const world = await unlinked(20_000);
    await pause(world);
    world.inject("script", { kind: "table-foreign" });
    await pass(world, 2_000);
    world.inject("script", { kind: "table-back" });
    await empty(world);
    say(world);

    expect(judgeHealed(world, null)).toMatchObject(isOpen);
  });

  it("is not in order while its master has its data, whatever is said", async () => {
    const world = await unlinked(120_000);
    say(world);

    expect(judgeHealed(world, null)).toMatchObject(isOpen);
  });
});
