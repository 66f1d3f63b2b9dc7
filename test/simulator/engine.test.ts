import { describe, expect, it } from "@jest/globals";
import { cancel, Engine, Process } from "./engine.ts";
import { familyNames, unleash } from "./nemesis.ts";
import { SimWorld } from "./world.ts";

/** Every line of a minute and a half in which everything goes wrong. */
async function traceOf(seed: number, engine: Engine): Promise<readonly string[]> {
  const trace: string[] = [];
  const world = new SimWorld({ seed, engine, trace: (line) => trace.push(line) });
  world.start();
  world.engine.schedule(12_000, () => unleash(world, { families: familyNames, speed: 4 }, 90_000));
  await world.engine.runUntil(90_000);
  return trace;
}

describe("the same seed", () => {
  it("makes the same run twice", async () => {
    const first = await traceOf(11, new Engine());

    expect(first.length).toBeGreaterThan(300);
    expect(await traceOf(11, new Engine())).toEqual(first);
  });

  it("makes the same run when every event has a turn of Node's loop to itself", async () => {
    expect(await traceOf(12, new Engine(null))).toEqual(await traceOf(12, new Engine()));
  });

  it("is not every seed", async () => {
    expect(await traceOf(13, new Engine())).not.toEqual(await traceOf(14, new Engine()));
  });
});

describe("an event", () => {
  it.each([
    ["its own way to drain", () => new Engine()],
    ["a turn of the loop", () => new Engine(null)],
  ])(
    "comes after every reaction to the one before, however long the chain, with %s",
    async (_how, make) => {
      const engine = make();
      const seen: string[] = [];
      const react = async (): Promise<void> => {
        for (let depth = 0; depth < 50; depth += 1) await Promise.resolve();
        seen.push("reaction");
      };
      engine.schedule(1, () => void react());
      engine.schedule(1, () => seen.push("next"));
      await engine.runUntil(10);

      expect(seen).toEqual(["reaction", "next"]);
    },
  );

  it("that was cancelled neither runs nor counts", async () => {
    const engine = new Engine();
    const seen: string[] = [];
    const timer = engine.schedule(5, () => seen.push("cancelled"));
    engine.schedule(6, () => seen.push("kept"));
    cancel(timer);
    await engine.runUntil(10);

    expect(seen).toEqual(["kept"]);
    expect(engine.events).toBe(1);
  });

  it("that throws ends the run", async () => {
    const engine = new Engine();
    engine.schedule(1, () => {
      throw new Error("broken");
    });

    await expect(engine.runUntil(10)).rejects.toThrow("broken");
  });
});

describe("a frozen process", () => {
  it("hears everything at its thaw, in order", async () => {
    const engine = new Engine();
    const process = new Process(engine, "a/1", 0, 1);
    const seen: string[] = [];
    process.deliver(2, () => seen.push(`first at ${engine.nowMs}`));
    process.deliver(3, () => seen.push(`second at ${engine.nowMs}`));
    engine.schedule(1, () => process.freeze());
    engine.schedule(7, () => process.thaw());
    await engine.runUntil(10);

    expect(seen).toEqual(["first at 7", "second at 7"]);
  });
});
