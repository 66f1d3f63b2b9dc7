import { describe, expect, it } from "@jest/globals";
import { formatNote } from "./notes.ts";
import { SimWorld } from "./world.ts";

interface Scene {
  readonly reach: number;
  readonly groupLines?: readonly string[];
}

/** The master dies while a watches alone: the others' shifts have ended, and their next ones are half a minute away. */
async function dieBeforeOne({ reach, groupLines = [] }: Scene) {
  const said: string[] = [];
  const world = new SimWorld({
    ...{ seed: 1, isOrderly: true, scheduleJitterMs: 0, groupLines },
    onNote: (by, note) => {
      if (note.kind === "event" || note.kind === "state") said.push(`${by} ${formatNote(note)}`);
    },
  });
  world.start();
  await world.engine.runUntil(25_000);
  world.inject("script", { kind: "rate", of: "wake-reach", value: reach });
  for (const observer of ["b", "c"]) world.inject("script", { kind: "crash", observer, await: 1 });
  await world.engine.runUntil(30_000);
  said.length = 0;
  world.inject("script", { kind: "kill", node: "10.0.0.1" });
  return { world, said };
}

describe("F2 a round is opened while the others do not watch", () => {
  it("and waits for their next shifts where nobody can wake them", async () => {
    const { world } = await dieBeforeOne({ reach: 0 });
    await world.engine.runUntil(50_000);

    expect(world.state()).toMatchObject({ epoch: 1, round: { status: "open" } });
  });

  it("and those who are woken for it vote in it", async () => {
    const { world, said } = await dieBeforeOne({ reach: 1 });
    await world.engine.runUntil(50_000);

    const votes = said.filter((line) => line.includes("+vote"));
    expect(new Set(votes.map((line) => line.split("/")[0]))).toEqual(new Set(["a", "b", "c"]));
    expect(said.filter((line) => line.includes("+round"))).toHaveLength(1);
    expect(world.state()).toMatchObject({ phase: "steady", epoch: 2 });
    expect(world.violation).toBeNull();
  });

  it("and one that was woken and then frozen opens a round of its own, and wakes nobody", async () => {
    const { world, said } = await dieBeforeOne({ reach: 1, groupLines: ["quorum: 3"] });
    world.inject("script", { kind: "rate", of: "wake-late-ms", value: 2_000 });
    world.invocations.machines.failStarts("c", 9);
    const awake = (): number => world.processes.get("b")?.size ?? 0;
    while (awake() === 0 && world.engine.nowMs < 50_000)
      await world.engine.runUntil(world.engine.nowMs + 10);
    await world.engine.runUntil(world.engine.nowMs + 100);
    world.inject("script", { kind: "freeze", observer: "b", youngest: 1 });
    await world.engine.runUntil(world.engine.nowMs + 5_000);
    world.inject("script", { kind: "crash", observer: "a", await: 1 });
    world.inject("script", { kind: "unfreeze", observer: "b" });
    await world.engine.runUntil(59_000);

    expect(said.filter((line) => line.startsWith("b/") && line.includes("+round"))).not.toEqual([]);
    expect(world.violation).toBeNull();
  });
});
