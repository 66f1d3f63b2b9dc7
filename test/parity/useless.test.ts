import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { asking, expectSettled } from "../support/assess.ts";
import { idOf, type Rig, type RigOptions, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** A master that answers and is of no use: what Sentinel's master-reboot-down-after-period is for. */

const keys = 300;

async function startFilled(options: RigOptions): Promise<{ rig: Rig; master: RedisServer }> {
  const rig = await startRig({
    ...options,
    persistence: "rdb",
    // A restart by hand takes less.
    settings: { crashAfterMs: 1_500 },
    serverOptions: () => ({
      extra: ["loading-process-events-interval-bytes 1024", "rdbcompression no"],
    }),
  });
  const [master] = rig.world.nodes;
  if (master === undefined) throw new Error("expected three nodes");
  await asking(master, async (ask) => {
    for (let key = 0; key < keys; key += 1) await ask("SET", `load-${key}`, "x".repeat(200));
  });
  return { rig, master };
}

/** Kills it and starts it again; it loads for so long, and then answers. */
async function restartSlowly(rig: Rig, master: RedisServer, loadMs: number): Promise<void> {
  await asking(master, async (ask) => {
    await ask("CONFIG", "SET", "key-load-delay", Math.round((loadMs * 1_000) / keys));
    await ask("CONFIG", "REWRITE");
    await ask("SAVE");
  });
  rig.timeline.note(`${idOf(master)} restarts and loads for ${loadMs} ms`);
  await master.kill();
  await master.restart();
}

describe("a master that restarted and is loading", () => {
  test("is waited for by default, for longer than downAfterMs", async () => {
    const { rig, master } = await startFilled({});
    const before = await rig.state();

    await restartSlowly(rig, master, 5_000);
    await expectSettled(rig, idOf(master));

    expect(await rig.state()).toMatchObject({ epoch: before.epoch, lastEpoch: before.lastEpoch });
    expect(rig.timeline.named("+sdown")).toEqual([]);
  }, 60_000);

  test("is replaced after rebootDownAfterMs and follows when it is through, and not if it is through before", async () => {
    const { rig, master } = await startFilled({ groupLines: ["rebootDownAfterMs: 3000"] });
    const before = await rig.state();

    // In time.
    await restartSlowly(rig, master, 1_000);
    await rig.timeline.eventually("the new run adopted", (one) => one.event === "+reboot");
    await expectSettled(rig, idOf(master));
    expect((await rig.state()).epoch).toBe(before.epoch);

    // Too long.
    const since = rig.timeline.mark();
    const startedMs = performance.now();
    const through = restartSlowly(rig, master, 10_000);
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
      { since },
    );
    const tookMs = performance.now() - startedMs;
    const says = await asking(master, (ask) => ask("PING")).catch(String);
    await through;
    await expectSettled(rig, switched.node ?? "");

    expect(tookMs).toBeGreaterThan(3_000);
    expect(says).toContain("LOADING");
    expect(rig.timeline.named("+sdown").at(-1)).toMatchObject({
      node: idOf(master),
      message: expect.stringContaining("down(loading)"),
    });
    expect(await rig.state()).toMatchObject({
      epoch: before.epoch + 1,
      lastEpoch: { kind: "failover", result: "completed", isAutomatic: true, from: idOf(master) },
    });
  }, 90_000);
});
