import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withNode } from "../../lab/ask.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import { labEnvironment, labGroup, type World } from "../../lab/world.ts";
import type { Readings, Stage } from "../measurement.ts";
import { clientKey, type Locator, startClient } from "../sides/client.ts";
import { firstOf, needLinks, startNodes } from "../sides/nodes.ts";
import { startOurSide } from "../sides/our-side.ts";
import { startProber } from "../sides/prober.ts";
import { startSentinels } from "../sides/sentinels.ts";
import { waitUntil } from "../sides/waiting.ts";
import { sentinelLocator } from "./failover.ts";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../bin/lambda-sentinel.js", import.meta.url));
const calmMs = 2_000;
const limitMs = 60_000;

/** `lambda-sentinel switchover`: the server's own FAILOVER, or nothing. */
export async function switchOurs(stage: Stage): Promise<Readings> {
  const { world, nodes, locator } = await startOurSide(stage, { crashAfterMs: 0 });
  return await measure(stage, nodes, locator, () => askOurs(world));
}

async function askOurs(world: World): Promise<void> {
  const env = { ...process.env, ...labEnvironment(world) };
  await run(process.execPath, [script, "switchover", labGroup, "--yes"], { env });
}

/** `SENTINEL FAILOVER`, which promotes a replica while the master goes on taking writes. */
export async function switchSentinels(stage: Stage): Promise<Readings> {
  const nodes = await startNodes(stage, 3);
  await needLinks(nodes);
  const name = "bench";
  const master = firstOf(nodes);
  const sentinels = await startSentinels(stage, [{ name, master, replicas: nodes.length - 1 }]);
  const ask = async () => {
    await sentinels.command("SENTINEL", "FAILOVER", name);
  };
  return await measure(stage, nodes, sentinelLocator(sentinels, name), ask);
}

async function measure(
  { processes }: Stage,
  nodes: readonly RedisServer[],
  locator: Locator,
  ask: () => Promise<void>,
): Promise<Readings> {
  const [old, ...others] = nodes.map((node) => startProber(node));
  if (old === undefined) throw new Error("Expected a master.");
  const client = startClient(locator);
  for (const one of [old, ...others, client]) {
    processes.add({ name: "a writer", stop: one.stop, killNow: () => {} });
  }
  await sleep(calmMs);
  const askedAtMs = performance.now();
  await ask();
  const firstElsewhere = () => client.acknowledged.find(({ at }) => at.host !== old.at.host);
  if (!(await waitUntil(() => firstElsewhere() !== undefined, limitMs))) {
    throw new Error(`Expected a switchover within ${limitMs} ms, got none.`);
  }
  await sleep(calmMs);
  await Promise.all([client, old, ...others].map((one) => one.stop()));
  const promoted = others.find((one) => one.seen.acceptedAtMs !== null);
  const acceptedAtMs = promoted?.seen.acceptedAtMs ?? null;
  const lastOldMs = old.seen.lastAcceptedAtMs;
  const first = firstElsewhere();
  const before = client.acknowledged.findLast(
    (one) => one.at.host === old.at.host && one.atMs < (first?.atMs ?? 0),
  );
  const kept =
    promoted === undefined ? [] : await withNode(promoted.at, (redis) => redis.smembers(clientKey));
  const values = new Set(kept.map(Number));
  return {
    // Below 0: for so long two masters took writes.
    writeGapMs: acceptedAtMs === null || lastOldMs === null ? null : acceptedAtMs - lastOldMs,
    clientGapMs: first === undefined || before === undefined ? null : first.atMs - before.atMs,
    firstWriteMs: first === undefined ? null : first.atMs - askedAtMs,
    lostWrites: client.acknowledged.filter(({ value }) => !values.has(value)).length,
  };
}
