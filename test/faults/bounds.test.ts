import { describe, expect, it } from "@jest/globals";
import { StagedWorld } from "./staged-world.ts";

/**
 * Bounds in simulated time, derived from the settings. Trips to the table, to nodes and to Route 53 take a few
 * milliseconds there; each bound allows a second for all of them together.
 */
const tripsMs = 1_000;

describe("L1 a dead master's name leads to a writable one", () => {
  it.each([
    ["with the settings as they are by default", []],
    ["with settings of one's own", ["downAfterMs: 8000", "probeIntervalMs: 2000"]],
  ])("in the time that the settings promise, %s", async (_what, groupLines) => {
    const crash = await StagedWorld.boot({ groupLines });
    const { crashAfterMs, downAfterMs, probeIntervalMs, probeTimeoutMs } = crash.config.settings;
    crash.befall("kill 10.0.0.1");
    const afterCrashMs = await crash.until("a name", () => crash.recordNow() !== "10.0.0.1");

    const hang = await StagedWorld.boot({ groupLines });
    hang.befall("hang 10.0.0.1");
    const afterHangMs = await hang.until("a name", () => hang.recordNow() !== "10.0.0.1");

    // A lost connection is noticed at once; a refusal is asked for once more, an interval later at most.
    expect(afterCrashMs).toBeLessThanOrEqual(crashAfterMs + probeIntervalMs + tripsMs);
    // The first probe that is missed is sent an interval later at most, and once the round is open one more is waited for.
    const hungMs = probeIntervalMs + downAfterMs + probeIntervalMs + probeTimeoutMs + tripsMs;
    expect(afterHangMs).toBeLessThanOrEqual(hungMs);
    expect(crash.nodes.get(crash.state()?.master?.node ?? "")?.role).toBe("master");
  });
});

describe("S11 two writable masters stand side by side", () => {
  const masters = (world: StagedWorld) =>
    [...world.nodes.values()].filter((node) => node.isServing && node.role === "master");

  it.each([
    ["a hung master thaws", ["hang 10.0.0.1"], ["thaw 10.0.0.1"]],
    [
      "a master that was cut off is back",
      [
        "cut a 10.0.0.1",
        "cut b 10.0.0.1",
        "cut c 10.0.0.1",
        "cut 10.0.0.1 10.0.0.2",
        "cut 10.0.0.1 10.0.0.3",
      ],
      [
        "heal a 10.0.0.1",
        "heal b 10.0.0.1",
        "heal c 10.0.0.1",
        "heal 10.0.0.1 10.0.0.2",
        "heal 10.0.0.1 10.0.0.3",
      ],
    ],
    ["somebody promotes a replica by hand", [], ["no-one 10.0.0.3"]],
  ])(
    "for a probe's interval at most where an observer reaches both: %s",
    async (_what, begin, end) => {
      const world = await StagedWorld.boot();
      world.befall(...begin);
      if (begin.length > 0) await world.until("an epoch", () => world.state()?.masterEpoch === 2);
      await world.until("a steady group", () => world.state()?.phase === "steady");
      world.befall(...end);
      expect(masters(world)).toHaveLength(2);

      const besideMs = await world.until("one master", () => masters(world).length === 1);

      const { probeIntervalMs } = world.config.settings;
      expect(besideMs).toBeLessThanOrEqual(probeIntervalMs + tripsMs);
      expect(masters(world)[0]?.id).toBe(world.state()?.master?.node);
    },
  );
});
