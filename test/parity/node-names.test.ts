import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { expectMoved, expectWrites, lostOn } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

/** Nodes that have no host names, and come back at other addresses (ADR 0011). */

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-node-names-"));
});

afterEach(async () => {
  await stopRigs();
  await rm(folder, { recursive: true, force: true });
});

/** Applies the rig's file with other entries for its nodes. */
async function applyNodes(rig: Rig, entries: readonly string[]) {
  const file = join(folder, "groups.yml");
  const text = rig.world.configText.replace(/nodes: \[.*\]/, `nodes: [${entries.join(", ")}]`);
  await writeFile(file, text);
  return await rig.cli("apply", "-f", file, "--yes", "--wait");
}

const named = (nodes: readonly RedisServer[]) =>
  nodes.map((node, index) => `{ name: n${index}, probe: "${idOf(node)}" }`);

/** Each starts with its data at another address, and still follows the one that is gone. */
async function moveAll({ world }: Rig): Promise<readonly RedisServer[]> {
  const [oldMaster] = world.nodes;
  if (oldMaster === undefined) throw new Error("expected nodes");
  const moved: RedisServer[] = [];
  for (const [index, node] of world.nodes.entries()) {
    const [, a, b, c] = node.host.split(".").map(Number);
    const host = `127.${a}.${((b ?? 0) + 7) % 250}.${c}`;
    const { processes } = world.options;
    const follows = index === 0 ? {} : { replicaOf: oldMaster };
    const options = { host, port: node.port, processes, persistence: "aof" } as const;
    moved.push(await startRedis({ ...options, dataFrom: node.dir, ...follows }));
  }
  return moved;
}

test("all nodes are down and back at other addresses: named where they were, and moved, the group goes on", async () => {
  // Prepare: a file without a single name.
  const rig = await startRig();
  const { timeline, world } = rig;
  const before = await rig.state();
  const master = rig.node(before.master?.node ?? "");
  expect(master).toBe(world.nodes[0]);
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 50);
  await writer.stop();

  // Act
  const replicas = rig.others(idOf(master)).map(idOf);
  const away = `{ name: n0, probe: "127.9.9.9:${master.port}" }`;
  const namedAlive = await applyNodes(rig, named(world.nodes));
  const movedAlive = await applyNodes(rig, [away, ...named(world.nodes).slice(1)]);
  const calm = await rig.state();
  await Promise.all(world.nodes.map((node) => node.kill()));
  await timeline.eventually("a group that is down", (one) => one.event === "+sdown");
  const moved = await moveAll(rig);
  const applied = await applyNodes(rig, named(moved));
  const newMaster = await expectMoved(rig, moved);

  // Assess
  expect(replicas).toHaveLength(2);
  expect(namedAlive).toMatchObject({ code: 0 });
  expect(calm).toMatchObject({ master: { node: "n0", runId: before.master?.runId } });
  expect(movedAlive.code).toBe(1);
  expect(movedAlive.stderr).toContain("expected n0, the master of orders, to be down");
  expect(applied).toMatchObject({ code: 0 });
  const after = await rig.state();
  expect(after.master?.node).toBe("n0");
  expect(after.epoch).toBe(before.epoch);
  expect(await lostOn(newMaster, writer)).toEqual([]);
  expect((await rig.cli("status", "orders")).code).toBe(0);
}, 150_000);
