import { mkdir, rm } from "node:fs/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { asking, expectSettled, expectWrites, lostOn } from "../support/assess.ts";
import { idOf, type Rig, type RigOptions, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** A master that answers and is of no use: it loads, it can't save, or it is full. */

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

/** Stops it in order, so that it has all its data, and starts it again; it loads for so long, and then answers. */
async function restartSlowly(rig: Rig, master: RedisServer, loadMs: number): Promise<void> {
  await asking(master, async (ask) => {
    await ask("CONFIG", "SET", "key-load-delay", Math.round((loadMs * 1_000) / keys));
    await ask("CONFIG", "REWRITE");
  });
  rig.timeline.note(`${idOf(master)} restarts and loads for ${loadMs} ms`);
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

/** It can't write its snapshot: MISCONF. With its folder gone it may not live for long as a replica. */
async function breakSaving(node: RedisServer): Promise<void> {
  await asking(node, (ask) => ask("CONFIG", "SET", "save", "3600 1"));
  await rm(node.dir, { recursive: true });
  await asking(node, (ask) => ask("BGSAVE"));
}

/** It holds more than it may, and may evict nothing: OOM. */
async function fill(node: RedisServer): Promise<void> {
  await asking(node, (ask) => ask("CONFIG", "SET", "maxmemory", "500kb"));
}

describe("a master that refuses writes", () => {
  test("is degraded, shown and told of, and stays the master by default", async () => {
    // Prepare
    const rig = await startRig({
      serverOptions: () => ({ extra: ["enable-protected-configs yes"] }),
    });
    const [master] = rig.world.nodes;
    if (master === undefined) throw new Error("expected three nodes");
    const before = await rig.state();

    // Act and assess: full.
    await fill(master);
    await expectPage(rig, master, "is degraded: it holds more than maxmemory", 0);
    const refused = await asking(master, (ask) => ask("SET", "key", "value")).catch(String);
    expect(refused).toContain("OOM");
    await expectDegraded(rig, master);
    const status = await rig.cli("status", "orders");
    expect(status.stdout).toContain("raise maxmemory, delete keys, or let maxmemory-policy evict");

    // It can't save.
    await asking(master, (ask) => ask("CONFIG", "SET", "maxmemory", "0"));
    await expectHealthy(rig);
    const since = rig.timeline.mark();
    await breakSaving(master);
    await expectPage(rig, master, "is degraded: MISCONF", since);
    await expectDegraded(rig, master);

    // Told to take writes all the same, it is of use, and still can't save them.
    await asking(master, (ask) => ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"));
    await rig.timeline.until("a status without a useless master", async () => {
      const { stdout } = await rig.cli("status", "orders");
      expect(stdout).not.toContain("is reported unusable");
      expect(stdout).toContain(`${idOf(master)} could not write its data when it last tried`);
    });

    // Healed, it is the master that it was.
    await mkdir(master.dir);
    await asking(master, (ask) => ask("CONFIG", "SET", "dir", master.dir));
    await asking(master, (ask) => ask("BGSAVE"));
    await expectHealthy(rig);
    expect(await rig.state()).toMatchObject({ epoch: before.epoch, master: before.master });
  }, 120_000);

  test("hands over by policy and loses nothing, to a replica that is not full itself", async () => {
    // Prepare
    const rig = await startRig({ groupLines: ["whenUnwritable: failover"] });
    const before = await rig.state();
    const [first] = rig.world.nodes;
    if (first === undefined) throw new Error("expected three nodes");
    const writer = rig.startWriter({ everyMs: 1 });
    await expectWrites(rig, writer, 50);

    // Act and assess: a full one can't.
    await fill(first);
    const held = await rig.timeline.eventually(
      "the reason",
      (one) => one.event === "+hold" && one.rule === "R785",
    );
    expect(held.message).toContain("a full server takes no transaction");
    await asking(first, (ask) => ask("CONFIG", "SET", "maxmemory", "0"));
    await expectHealthy(rig);
    expect(await rig.state()).toMatchObject({ epoch: before.epoch });

    // One that can't save does, and passes over the replica that is full.
    const [, second, third] = rig.world.nodes;
    if (second === undefined || third === undefined) throw new Error("expected three nodes");
    await fill(second);
    await rig.timeline.eventually(
      "a full replica seen",
      (one) => one.event === "+oddity" && one.node === idOf(second),
    );
    await expectWrites(rig, writer, 50);
    await breakSaving(first);
    await expectSettled(rig, idOf(third));
    await expectWrites(rig, writer, 50);
    await writer.stop();

    expect(await rig.state()).toMatchObject({
      epoch: before.epoch + 1,
      lastEpoch: { kind: "switchover", result: "completed", isAutomatic: true, from: idOf(first) },
    });
    expect(await lostOn(rig.node(idOf(third)), writer)).toEqual([]);
  }, 120_000);
});

async function expectPage(rig: Rig, node: RedisServer, text: string, since: number) {
  await rig.timeline.eventually(
    `people called for ${text}`,
    (one) => one.event === "+page" && one.node === idOf(node) && one.message.includes(text),
    { since },
  );
}

async function expectDegraded(rig: Rig, node: RedisServer): Promise<void> {
  await rig.timeline.until("a status that shows it", async () => {
    const { code, stdout } = await rig.cli("status", "orders");
    expect(stdout).toContain(`the master ${idOf(node)} is reported unusable`);
    expect(stdout).toContain("degraded");
    expect(code).not.toBe(0);
  });
}

async function expectHealthy(rig: Rig): Promise<void> {
  await rig.timeline.until("a healthy group", async () => {
    expect((await rig.cli("status", "orders")).code).toBe(0);
  });
}
