import { type Prng, splitPrng } from "./prng.ts";
import type { SimRedis } from "./sim-redis.ts";
import { observers, type SimWorld } from "./world.ts";

/** A family of faults: what it does at its moments, and how often a moment comes. */
interface Family {
  readonly name: string;
  readonly meanMs: number;
  readonly act: (world: SimWorld, prng: Prng) => void;
}

const families: readonly Family[] = [
  {
    name: "node-crash",
    meanMs: 60_000,
    act: (world, prng) => {
      const node = prng.pick([...world.nodes.values()]);
      if (!node.isUp || !mayLoseNode(world)) return;
      world.trace("nemesis", `kill ${node.id}`);
      world.checker.trouble(node.id);
      node.kill();
      const data = prng.chance(0.5) && world.hasMarker ? "aof" : "rdb";
      world.engine.schedule(200 + prng.exp(20_000), () => restart(world, node, data));
    },
  },
  {
    name: "node-empty",
    meanMs: 150_000,
    act: (world, prng) => {
      const node = prng.pick([...world.nodes.values()]);
      if (!node.isUp || !mayLoseNode(world)) return;
      world.trace("nemesis", `kill ${node.id}, it will come back empty`);
      world.checker.trouble(node.id);
      node.kill();
      world.engine.schedule(100 + prng.exp(10_000), () => restart(world, node, "empty"));
    },
  },
  {
    name: "node-hang",
    meanMs: 60_000,
    act: (world, prng) => {
      const node = prng.pick([...world.nodes.values()]);
      if (!node.isServing || !mayLoseNode(world)) return;
      world.trace("nemesis", `hang ${node.id}`);
      world.checker.trouble(node.id);
      node.hang();
      world.engine.schedule(500 + prng.exp(15_000), () => {
        world.trace("nemesis", `thaw ${node.id}`);
        world.checker.trouble(node.id);
        node.thaw();
      });
    },
  },
  {
    name: "observer-cut",
    meanMs: 40_000,
    act: (world, prng) => {
      const observer = prng.pick(observers);
      const node = prng.pick([...world.nodes.values()]);
      cutFor(world, observer, node.id, prng.exp(15_000));
    },
  },
  {
    name: "node-partition",
    meanMs: 60_000,
    act: (world, prng) => {
      const node = prng.pick([...world.nodes.values()]);
      const forMs = prng.exp(20_000);
      const everybody = [...observers, "client0", "client1", ...world.nodes.keys()];
      const side = prng.chance(0.5) ? everybody : everybody.filter(() => prng.chance(0.6));
      for (const other of side) if (other !== node.id) cutFor(world, other, node.id, forMs);
    },
  },
  {
    name: "observer-crash",
    meanMs: 30_000,
    act: (world, prng) => {
      const observer = prng.pick(observers);
      for (const process of world.processes.get(observer) ?? []) {
        process.crashAtAwait = process.awaits + prng.int(1, 60);
      }
      world.trace("nemesis", `crash ${observer} soon`);
      if (prng.chance(0.7)) world.engine.schedule(prng.exp(10_000), () => world.invoke(observer));
    },
  },
  {
    name: "observer-freeze",
    meanMs: 30_000,
    act: (world, prng) => {
      const observer = prng.pick(observers);
      const live = [...(world.processes.get(observer) ?? [])];
      if (live.length === 0) return;
      const process = prng.pick(live);
      world.trace("nemesis", `freeze ${process.name}`);
      process.freeze();
      world.engine.schedule(100 + prng.exp(10_000), () => {
        world.trace("nemesis", `thaw ${process.name}`);
        process.thaw();
      });
    },
  },
  {
    name: "duplicate-shift",
    meanMs: 40_000,
    act: (world, prng) => {
      world.invoke(prng.pick(observers));
    },
  },
  {
    name: "store-cut",
    meanMs: 60_000,
    act: (world, prng) => {
      const out = prng.chance(0.3) ? [...observers] : [prng.pick(observers)];
      for (const observer of out) world.store.faults.cutOff.add(observer);
      world.engine.schedule(prng.exp(15_000), () => {
        for (const observer of out) world.store.faults.cutOff.delete(observer);
      });
    },
  },
  {
    name: "dns-down",
    meanMs: 90_000,
    act: (world, prng) => {
      world.dns.faults.isDown = true;
      world.engine.schedule(prng.exp(30_000), () => {
        world.dns.faults.isDown = false;
      });
    },
  },
  {
    name: "dns-edit",
    meanMs: 120_000,
    act: (world, prng) => {
      const node = prng.pick([...world.nodes.values()]);
      world.trace("nemesis", `edit the record by hand: ${node.host}`);
      world.dns.editByHand(world.config.dns?.name ?? "", node.host);
    },
  },
  {
    name: "operator-failover",
    meanMs: 60_000,
    act: (world, prng) => {
      world.trace("nemesis", "an operator asks for a failover");
      world.askFailover(`operator-${prng.int(0, 1e9)}`);
    },
  },
  {
    name: "operator-pause",
    meanMs: 90_000,
    act: (world, prng) => {
      world.trace("nemesis", "an operator pauses the group");
      world.setPause(true, `pause-${prng.int(0, 1e9)}`);
      world.engine.schedule(prng.exp(30_000), () =>
        world.setPause(false, `resume-${prng.int(0, 1e9)}`),
      );
    },
  },
  {
    name: "manual-role",
    meanMs: 120_000,
    act: (world, prng) => {
      const node = prng.pick([...world.nodes.values()]);
      if (!node.isServing) return;
      world.checker.trouble(...world.nodes.keys());
      world.checker.touchedByHandAtMs = world.engine.nowMs;
      if (node.role === "replica") {
        world.trace("nemesis", `REPLICAOF NO ONE by hand on ${node.id}`);
        node.becomeMaster();
      } else {
        const other = prng.pick([...world.nodes.values()].filter((one) => one !== node));
        world.trace("nemesis", `REPLICAOF ${other.id} by hand on ${node.id}`);
        node.becomeReplicaOf(other.id);
      }
    },
  },
];

/** What a seed switches on, and how hard (swarm testing: each seed is another mixture). */
export interface Swarm {
  readonly families: readonly string[];
  readonly speed: number;
}

export const familyNames = families.map((one) => one.name);

/** Faults of nodes stop short of the last good copy: what dies with everybody's data is nobody's to keep. */
function mayLoseNode(world: SimWorld): boolean {
  return [...world.nodes.values()].filter((node) => node.isServing).length > 1;
}

function restart(world: SimWorld, node: SimRedis, data: "aof" | "rdb" | "empty"): void {
  if (node.isUp) return;
  world.trace("nemesis", `restart ${node.id} (${data})`);
  world.checker.trouble(node.id);
  node.restart(data);
}

function cutFor(world: SimWorld, a: string, b: string, forMs: number): void {
  if (world.isCut(a, b)) return;
  world.trace("nemesis", `cut ${a} | ${b}`);
  world.cut(a, b);
  world.engine.schedule(forMs, () => {
    if (!world.isCut(a, b)) return;
    world.heal(a, b);
  });
}

export function drawSwarm(seed: number): Swarm {
  const prng = splitPrng(seed, "swarm");
  const chosen = familyNames.filter(() => prng.chance(0.35));
  return { families: chosen, speed: 0.5 + prng.next() * 2 };
}

/** Draws the rates that hold for a whole seed, and lets the families act until `endMs`. */
export function unleash(world: SimWorld, swarm: Swarm, endMs: number): void {
  const { seed } = world.options;
  const rates = splitPrng(seed, "rates");
  const { faults } = world.store;
  if (rates.chance(0.3)) faults.lostReply = rates.next() * 0.1;
  if (rates.chance(0.3)) faults.lateApply = rates.next() * 0.05;
  if (rates.chance(0.3)) faults.throttled = rates.next() * 0.1;
  if (rates.chance(0.3)) faults.slow = rates.next() * 0.1;
  if (rates.chance(0.3)) world.dns.faults.lostReply = rates.next() * 0.2;
  if (rates.chance(0.3)) world.dns.faults.late = rates.next() * 0.2;
  if (rates.chance(0.3)) world.delayMs = rates.next() * 100;
  if (rates.chance(0.2)) world.cutChance = rates.next() * 0.1;
  if (rates.chance(0.3)) world.replicationMs = rates.next() * 500;
  if (rates.chance(0.3)) for (const node of world.nodes.values()) node.replPingMs = 10_000;
  for (const family of families) {
    if (!swarm.families.includes(family.name)) continue;
    const prng = splitPrng(seed, `family ${family.name}`);
    const again = () => {
      const afterMs = prng.exp(family.meanMs / swarm.speed);
      if (world.engine.nowMs + afterMs >= endMs) return;
      world.engine.schedule(afterMs, () => {
        family.act(world, prng);
        again();
      });
    };
    again();
  }
}

/** Ends every fault for good: what is left must converge. */
export function healForGood(world: SimWorld): void {
  world.trace("nemesis", "everything is healed for good");
  Object.assign(world.store.faults, {
    lostReply: 0,
    lateApply: 0,
    throttled: 0,
    slow: 0,
    stale: 0,
  });
  world.store.faults.cutOff.clear();
  Object.assign(world.dns.faults, { isDown: false, lostReply: 0, late: 0, throttled: 0 });
  world.delayMs = 1;
  world.cutChance = 0;
  world.replicationMs = 2;
  world.healAll();
  world.setPause(false, "resume-for-good");
  for (const node of world.nodes.values()) {
    node.thaw();
    restart(world, node, world.hasMarker ? "aof" : "rdb");
  }
  for (const observer of observers) {
    for (const process of world.processes.get(observer) ?? []) {
      process.crashAtAwait = Number.POSITIVE_INFINITY;
      process.thaw();
    }
    if ((world.processes.get(observer)?.size ?? 0) === 0) world.invoke(observer);
  }
}
