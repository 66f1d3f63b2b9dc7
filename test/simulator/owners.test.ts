import { describe, expect, it } from "@jest/globals";
import { applyFault } from "./apply-fault.ts";
import { checkOwner, Strangers } from "./owners.ts";
import { runGuarded } from "./run-seed.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

const attach = {
  kind: "attach",
  epoch: 0,
  to: "10.0.0.1:6379",
  timeoutMs: 0,
  marks: true,
} as const;

async function bootedWorld(): Promise<SimWorld> {
  const world = new SimWorld({ seed: 1, isOrderly: true });
  world.start();
  await world.engine.runUntil(12_000);
  return world;
}

/** Another's server at the master's address, and STATE before and after it was recorded there. */
function recordedStranger(world: SimWorld) {
  const before = world.state();
  if (before?.master == null) throw new Error("expected a master");
  expect(before.master.isMarked).toBe(true);
  applyFault(world, { kind: "displace", node: "10.0.0.1", keys: 600 });
  const { runId = "", replid = "" } = world.nodes.get("10.0.0.1:6379") ?? {};
  const master = { ...before.master, runId, replid };
  return { before, after: { ...before, master, attempts: ["new", ...before.attempts] } };
}

describe("S18, N18", () => {
  it("another's server at a replica's address must not change its role", async () => {
    const world = await bootedWorld();
    applyFault(world, { kind: "displace", node: "10.0.0.2", keys: 7 });

    world.nodes.get("10.0.0.2:6379")?.changeRole({ ...attach, by: "a" });

    expect(world.violation?.message).toContain("a changed the role of another's server");
  });

  it("another's server that is left alone is taken for nobody's, and ours is taken in again", async () => {
    const world = await bootedWorld();
    applyFault(world, { kind: "displace", node: "10.0.0.2", keys: 7 });
    await world.engine.runUntil(40_000);
    expect(world.nodes.get("10.0.0.2:6379")).toMatchObject({ role: "master", isDisplaced: true });

    applyFault(world, { kind: "reclaim", node: "10.0.0.2" });
    await world.engine.runUntil(60_000);

    expect(world.violation).toBeNull();
    expect(world.nodes.get("10.0.0.2:6379")).toMatchObject({
      role: "replica",
      link: { isUp: true },
    });
  });

  it("another's server at the master's address must not be recorded as the master", async () => {
    const world = await bootedWorld();
    const { before, after } = recordedStranger(world);
    const later = { troubles: world.troubles, now: () => world.engine.nowMs + 10_000 };
    const sent = (nodes: SimWorld["nodes"]) => {
      const strangers = new Strangers(world.nodes, { ...later, nodes });
      strangers.onSent(after);
      return strangers;
    };

    expect(() => sent(world.nodes).onState(before, after)).toThrow("N18");
    expect(() => sent(new Map()).onState(before, after)).not.toThrow();
  });

  it("who gets the marker while the write is on its way is no reason against it", async () => {
    const world = await bootedWorld();
    const { before, after } = recordedStranger(world);
    const nodes = new Map<string, SimRedis>();
    const now = () => world.engine.nowMs + 10_000;
    const strangers = new Strangers(world.nodes, { troubles: world.troubles, now, nodes });

    strangers.onSent(after);
    for (const [id, node] of world.nodes) nodes.set(id, node);
    strangers.onSent(after);

    expect(() => strangers.onState(before, after)).not.toThrow();
  });

  it("another's server at the master's address is replaced and left alone", async () => {
    const world = await bootedWorld();
    for (const other of ["10.0.0.2", "10.0.0.3"]) {
      applyFault(world, { kind: "cut", one: "10.0.0.1", other });
    }
    applyFault(world, { kind: "displace", node: "10.0.0.1", keys: 600 });
    await world.engine.runUntil(60_000);

    expect(world.violation).toBeNull();
    expect(world.state()?.master?.node).not.toBe("10.0.0.1:6379");
    expect(world.nodes.get("10.0.0.1:6379")).toMatchObject({ role: "master", isDisplaced: true });
  });

  it("records that carry another owner's companion must not be changed", async () => {
    const world = await bootedWorld();
    expect(() => checkOwner(world.dns.records, world.store.deployment)).not.toThrow();

    applyFault(world, { kind: "dns-foreign" });

    expect(() => checkOwner(world.dns.records, world.store.deployment)).toThrow("S18");
  });
});

describe("S11", () => {
  it("a second master that nobody makes a replica is noticed", async () => {
    const world = await bootedWorld();
    const second = world.nodes.get("10.0.0.2:6379");
    if (second === undefined) throw new Error("expected a second node");
    second.changeRole = () => "refused";
    second.becomeMaster();
    await runGuarded(world, 60_000);

    expect(world.violation?.invariant).toBe("S11");
  });
});
