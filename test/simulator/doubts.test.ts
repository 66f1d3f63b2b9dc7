import { expect, test } from "@jest/globals";
import { applyFault } from "./apply-fault.ts";
import { isDoubted } from "./doubts.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

const master = "10.0.0.1:6379";
const replica = "10.0.0.2:6379";

/** A group whose marker was seen, and whose master was started again: nobody has the marker any more. */
async function unmarkedWorld(): Promise<SimWorld> {
  const world = new SimWorld({ seed: 1, isOrderly: true });
  world.start();
  await world.engine.runUntil(12_000);
  expect(world.state()?.master?.isMarked).toBe(true);
  for (const node of world.nodes.values()) node.stream.marker = null;
  nodeOf(world, master).startedAtMs = 11_000;
  return world;
}

function nodeOf(world: SimWorld, id: string): SimRedis {
  const node = world.nodes.get(id);
  if (node === undefined) throw new Error(`expected ${id}`);
  return node;
}

test("a master whose replicas have all copied what it has may be believed", async () => {
  expect(isDoubted(await unmarkedWorld(), master)).toBe(false);
});

test("one that another has more than may not", async () => {
  const world = await unmarkedWorld();
  nodeOf(world, replica).stream.append({ value: 1_000_000, marker: null });
  expect(isDoubted(world, master)).toBe(true);
});

test("nor one that people made another's replica meanwhile, if that one has more", async () => {
  const world = await unmarkedWorld();
  nodeOf(world, master).startedAtMs = 0;
  nodeOf(world, replica).stream.append({ value: 1_000_000, marker: null });
  expect(isDoubted(world, master)).toBe(false);
  for (const node of world.nodes.values()) node.stream.replid = "by-hand";
  expect(isDoubted(world, master)).toBe(true);
});

test("nor one without the marker while somebody has it", async () => {
  const world = await unmarkedWorld();
  nodeOf(world, replica).stream.marker = 1;
  expect(isDoubted(world, master)).toBe(true);
});

test.each(["busy", "denied", "full"] as const)(
  "nor while somebody who is %s may have it",
  async (ailment) => {
    const world = await unmarkedWorld();
    nodeOf(world, replica).ailments.add(ailment);
    expect(isDoubted(world, master)).toBe(true);
    nodeOf(world, replica).ailments.clear();
    expect(isDoubted(world, master)).toBe(false);
  },
);

test("nor while an observer can't ask somebody who may have it", async () => {
  const world = await unmarkedWorld();
  applyFault(world, { kind: "cut", one: "a", other: "10.0.0.2" });
  expect(isDoubted(world, master)).toBe(true);
});

test("nor while another copy of the group's history stands beside it", async () => {
  const world = await unmarkedWorld();
  nodeOf(world, master).stream.replid = "fresh";
  expect(world.state()?.histories).toContain(nodeOf(world, replica).replid);
  expect(isDoubted(world, master)).toBe(true);
});
