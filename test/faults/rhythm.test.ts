import { describe, expect, it } from "@jest/globals";
import { notConverged } from "../simulator/converged.ts";
import { StagedWorld } from "./staged-world.ts";

/** What comes and goes, and as whose failure it looks. */
const flaps: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["N22 a master hangs and thaws", ["hang 10.0.0.1"], ["thaw 10.0.0.1"]],
  ["N22 a master crashes and is restarted", ["kill 10.0.0.1"], ["restart 10.0.0.1 aof"]],
  ["P8 the path to the master, of a minority", ["cut a 10.0.0.1"], ["heal a 10.0.0.1"]],
  [
    "P8 the path to the master, of everybody",
    ["cut a 10.0.0.1", "cut b 10.0.0.1", "cut c 10.0.0.1"],
    ["heal a 10.0.0.1", "heal b 10.0.0.1", "heal c 10.0.0.1"],
  ],
];

/** Periods around the probes' interval of 1 s, the crash limit of 1.5 s and the silence limit of 5 s. */
const halvesMs = [450, 550, 900, 1_100, 1_350, 1_650, 4_500, 5_500, 9_000];

describe.each(flaps)("%s", (what, begin, end) => {
  it.each(halvesMs)(
    "for %d ms at a time: one failover in a cool-down, and order after it",
    async (halfMs) => {
      const world = await StagedWorld.boot();
      const { cooldownMs } = world.config.settings;
      const startMs = world.engine.nowMs;
      const completed: number[] = [];
      world.onMoment.push(() => {
        const { lastEpoch, phase } = world.state() ?? {};
        const isNew = phase === "settling" && lastEpoch?.result === "completed";
        if (isNew && completed.at(-1) !== lastEpoch.epoch) completed.push(lastEpoch.epoch);
      });

      while (world.engine.nowMs - startMs < cooldownMs) {
        world.befall(...begin);
        await world.pass(halfMs);
        world.befall(...end);
        await world.pass(halfMs);
      }
      await world.pass(60_000);

      expect(completed.length).toBeLessThanOrEqual(1);
      // Replicas still hear a master that only observers miss, and shorter silence than the limit is none.
      const mayFail = what.startsWith("N22") && halfMs >= world.config.settings.crashAfterMs - 500;
      if (!mayFail) expect(completed).toEqual([]);
      // The longest of them is a death by every measure, and the flapping counts as one.
      if (what.startsWith("N22") && halfMs === 9_000) expect(completed).toEqual([2]);
      expect(notConverged(world)).toBeNull();
    },
  );
});
