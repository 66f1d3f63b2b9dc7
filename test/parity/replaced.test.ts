import { afterEach, describe, expect, test } from "@jest/globals";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { markerKeyOf } from "../../lib/core/config.ts";
import { asking, expectSettled, roleOf } from "../support/assess.ts";
import { idOf, type Rig, type RigOptions, startRig, stopRigs } from "../support/rig.ts";
import { freePort } from "../support/sentinel.ts";

const strangers: RedisServer[] = [];
const strangersKeys = 500;

/** Limits that the start of another server on a slow machine stays within: it is met as a master, not missed as a dead one. */
const settings = { crashAfterMs: 10_000, downAfterMs: 15_000, takeoverMs: 15_000 };

afterEach(async () => {
  for (const one of strangers.splice(0)) await one.dispose();
  await stopRigs();
});

describe("another server at the master's own address", () => {
  test("with more keys is no master of the group: a replica takes over, the other server stays what it is", async () => {
    // Prepare
    const rig = await startedRig({ settings, serverOptions: () => ({ persistence: "aof" }) });
    const { before, master } = await mastered(rig);
    await asking(master, (ask) => ask("SET", "whose", "ours"));
    const filled = await fillStranger(master);

    // Act
    await master.kill();
    const stranger = await startStranger(master, filled);
    const promoted = await rig.timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    const told = await rig.timeline.eventually(
      "a page about the stranger",
      (one) => one.event === "+page" && one.message.includes(`${idOf(master)} is foreign`),
    );
    await rig.timeline.until("the end of settling", async () => {
      expect((await rig.state()).phase).toBe("steady");
    });
    const after = await rig.state();

    // Assess
    const rounds = rig.timeline.named("+round").map((one) => one.message);
    expect(rounds.at(-1)).toContain("down(foreign)");
    expect(told.message).toContain("no marker of this group");
    expect(after).toMatchObject({ epoch: before.epoch + 1, master: { node: promoted.node } });
    expect(await asking(rig.node(promoted.node ?? ""), (ask) => ask("GET", "whose"))).toBe("ours");
    await expectUntouched(stranger);

    // Act: our own server is back.
    await stranger.kill();
    await master.restart();
    await expectSettled(rig, promoted.node ?? "");

    // Assess
    expect(await roleOf(master)).toMatchObject({ role: "replica", follows: promoted.node });
  }, 120_000);

  test("while nobody has the group's data is left alone, and people say whose it is", async () => {
    // Prepare
    const rig = await startedRig({
      nodeCount: 2,
      settings,
      serverOptions: () => ({ persistence: "aof" }),
    });
    const { before, master } = await mastered(rig);
    const [replica] = rig.others(idOf(master));
    if (replica === undefined) throw new Error("expected a replica");
    const filled = await fillStranger(master);

    // Act
    await replica.kill();
    await master.kill();
    const stranger = await startStranger(master, filled);
    const told = await rig.timeline.eventually(
      "a page about the stranger",
      (one) => one.event === "+page" && one.rule === "S360",
    );
    const held = await rig.state();

    // Assess
    const key = markerKeyOf("orders");
    expect(told.message).toContain(`\`SET ${key} ${before.masterEpoch}\` there`);
    expect(held).toMatchObject({ epoch: before.epoch, phase: "steady", master: before.master });
    await expectUntouched(stranger);

    // Act: people take it for theirs.
    await asking(stranger, async (ask) => {
      await ask("CONFIG", "SET", "repl-diskless-sync-delay", 0);
      await ask("SET", key, before.masterEpoch);
    });
    await rig.timeline.eventually("its adoption", (one) => one.rule === "R710");
    await replica.restart();
    await rig.timeline.until("the replica to follow it", async () => {
      expect(await roleOf(replica)).toMatchObject({ follows: idOf(master), isLinkUp: true });
    });

    // Assess
    expect((await rig.state()).epoch).toBe(before.epoch);
    expect(await asking(replica, (ask) => ask("GET", "whose"))).toBe("somebody else's");
  }, 120_000);
});

async function startedRig(options: RigOptions): Promise<Rig> {
  const rig = await startRig(options);
  await rig.timeline.until("the marker in STATE", async () => {
    expect((await rig.state()).master?.isMarked).toBe(true);
  });
  return rig;
}

async function mastered(rig: Rig) {
  const before = await rig.state();
  return { before, master: rig.node(before.master?.node ?? "") };
}

/** The data of another server, made where nobody looks: it is there from its first answer on. */
async function fillStranger({ host, binary }: RedisServer): Promise<RedisServer> {
  const server = await startRedis({ host, port: await freePort(), binary, persistence: "rdb" });
  strangers.push(server);
  await asking(server, async (ask) => {
    await ask("SET", "whose", "somebody else's");
    const fill = "for i = 2, tonumber(ARGV[1]) do redis.call('SET', 'key' .. i, i) end";
    await ask("EVAL", fill, 0, strangersKeys);
    await ask("SAVE");
  });
  await server.kill();
  return server;
}

async function startStranger(at: RedisServer, filled: RedisServer): Promise<RedisServer> {
  const server = await startRedis({
    host: at.host,
    port: at.port,
    binary: at.binary,
    persistence: "rdb",
    dataFrom: filled.dir,
    // Replicas that may log in copy whatever they find, and faster than anybody is promoted.
    extra: ["repl-diskless-sync yes", "repl-diskless-sync-delay 30"],
  });
  strangers.push(server);
  return server;
}

/** It is a master still, with all that it held and nothing beside it. */
async function expectUntouched(stranger: RedisServer): Promise<void> {
  expect(await roleOf(stranger)).toMatchObject({ role: "master" });
  await asking(stranger, async (ask) => {
    expect(await ask("GET", "whose")).toBe("somebody else's");
    expect(await ask("DBSIZE")).toBe(strangersKeys);
  });
}
