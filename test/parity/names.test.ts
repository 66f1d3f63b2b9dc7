import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { startRedis } from "../../lab/redis/server.ts";
import type { World } from "../../lab/world.ts";
import { asking, expectMoved, expectWrites, lostOn } from "../support/assess.ts";
import { type DnsRoute, openDnsRoute } from "../support/dns-route.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

let route: DnsRoute | null = null;

let folder = "";

afterEach(async () => {
  await stopRigs();
  await rm(folder, { recursive: true, force: true });
  await route?.close();
});

const hostOf = (index: number) => `n${index}.redis.test`;

/** The names of the nodes, beside the group's own in the lab's zone, and the way of every question. */
function nameNodes(world: World, dns: DnsRoute): void {
  dns.leadTo(world.route53.dnsPort);
  point(world, world.nodes);
}

function point(world: World, nodes: readonly { readonly host: string }[]): void {
  const changes = nodes.map(({ host }, index) => ({
    action: "UPSERT" as const,
    recordSet: { name: hostOf(index), type: "A" as const, ttlSeconds: 1, values: [host] },
  }));
  expect(world.route53.zone("redis.test").applyBatch(changes)).toEqual({ kind: "applied" });
}

test("a resolver that is slow, and dead later, calls no node down and holds up no failover", async () => {
  // Prepare: no answer comes within half of probeTimeoutMs.
  const dns = await openDnsRoute();
  route = dns;
  dns.set({ lateMs: 150 });
  const rig = await startRig({
    nodeEntry: (node, index) =>
      `{ probe: "${hostOf(index)}:${node.port}", replicate: "${idOf(node)}", publish: "${idOf(node)}" }`,
    functionEnv: { LAMBDA_SENTINEL_DNS_SERVERS: dns.server },
    prepare: async (world) => nameNodes(world, dns),
  });
  const { timeline, world } = rig;
  const before = await rig.state();
  const master = world.nodes.find((_, index) => before.master?.node.startsWith(hostOf(index)));
  if (master === undefined) throw new Error(`expected a node by its name, got ${before.master}`);
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 20);

  // Act: every connection of the observers has to be opened again without a resolver, twice.
  dns.set("silent");
  for (let round = 0; round < 2; round += 1) {
    for (const node of world.nodes) {
      await asking(node, (ask) => ask("CLIENT", "KILL", "TYPE", "normal"));
    }
    await timeline.until("another second", pause(1_000));
  }
  const asked = dns.asked;
  const calm = await rig.state();
  const called = timeline.named("+sdown").length;
  await master.kill();
  const switched = await timeline.eventually("a switch", (one) => one.event === "+switch-master");
  await expectWrites(rig, writer, 20);
  await writer.stop();

  // Assess
  expect(before.master?.node).toMatch(/^n\d\.redis\.test:\d+$/);
  expect(asked).toBeGreaterThan(0);
  expect(called).toBe(0);
  expect(calm.epoch).toBe(before.epoch);
  expect(calm.round.number).toBe(before.round.number);
  expect(switched.node).toMatch(/^n\d\.redis\.test:\d+$/);
  expect((await rig.state()).lastEpoch).toMatchObject({ kind: "failover", result: "completed" });
}, 60_000);

/** A check that passes when so much time has gone. */
function pause(ms: number): () => void {
  const endMs = performance.now() + ms;
  return () => {
    if (performance.now() < endMs) throw new Error("not yet");
  };
}

test("all nodes are down and back at other addresses under their names: an apply of the new ones, and the group goes on", async () => {
  // Prepare
  const dns = await openDnsRoute();
  route = dns;
  const rig = await startRig({
    nodeEntry: (node, index) =>
      `{ probe: "${hostOf(index)}:${node.port}", replicate: "${idOf(node)}", publish: "${idOf(node)}" }`,
    functionEnv: { LAMBDA_SENTINEL_DNS_SERVERS: dns.server },
    prepare: async (world) => nameNodes(world, dns),
  });
  const { timeline, world } = rig;
  const before = await rig.state();
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 50);
  await writer.stop();
  const [oldMaster] = world.nodes;
  if (oldMaster === undefined) throw new Error("expected nodes");

  // Act: each comes back with its data at another address, and still follows the one that is gone.
  await Promise.all(world.nodes.map((node) => node.kill()));
  await timeline.eventually("a group that is down", (one) => one.event === "+sdown");
  const moved = [];
  for (const [index, node] of world.nodes.entries()) {
    const [, a, b, c] = node.host.split(".").map(Number);
    const host = `127.${a}.${((b ?? 0) + 7) % 250}.${c}`;
    const follows = index === 0 ? {} : { replicaOf: oldMaster };
    const { processes } = world.options;
    moved.push(
      await startRedis({
        ...{ host, port: node.port, processes, persistence: "aof", dataFrom: node.dir },
        ...follows,
      }),
    );
  }
  point(world, moved);
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-names-"));
  const file = join(folder, "groups.yml");
  const text = moved.reduce(
    (all, { host }, index) => all.replaceAll(`"${world.nodes[index]?.host}:`, `"${host}:`),
    world.configText,
  );
  await writeFile(file, text);
  const applied = await rig.cli("apply", "-f", file, "--yes", "--wait");
  const newMaster = await expectMoved(rig, moved);

  // Assess
  const after = await rig.state();
  expect(applied.code).toBe(0);
  expect(after.master?.node).toBe(before.master?.node);
  expect(after.epoch).toBe(before.epoch);
  expect(await lostOn(newMaster, writer)).toEqual([]);
  expect((await rig.cli("status", "orders")).code).toBe(0);
}, 120_000);
