import { cutFor, type Drawn, type Family, forWhile, mayLose, now, pickNode } from "./drawing.ts";
import { discoveryFamilies } from "./families-discovery.ts";
import { diskFamilies } from "./families-disk.ts";
import { nodeFamilies } from "./families-nodes.ts";
import { tableFamilies } from "./families-table.ts";
import type { Fault } from "./faults.ts";
import { resolver } from "./network.ts";

const common: readonly Family[] = [
  {
    name: "node-crash",
    meanMs: 60_000,
    draw: (world, prng) => {
      const node = pickNode(world, prng).host;
      if (!mayLose(world, node)) return [];
      const data = prng.chance(0.5) && world.hasMarker ? "aof" : "rdb";
      const back: Fault = { kind: "restart", node, data };
      // A supervisor is often faster than any detection (fault N2).
      const afterMs = prng.chance(0.3) ? prng.exp(500) : 200 + prng.exp(20_000);
      return [now({ kind: "kill", node }), { afterMs, fault: back }];
    },
  },
  {
    name: "node-empty",
    meanMs: 150_000,
    draw: (world, prng) => {
      const node = pickNode(world, prng).host;
      if (!mayLose(world, node)) return [];
      const back: Fault = { kind: "restart", node, data: "empty" };
      return [now({ kind: "kill", node }), { afterMs: 100 + prng.exp(10_000), fault: back }];
    },
  },
  {
    name: "node-hang",
    meanMs: 60_000,
    draw: (world, prng) => {
      const { host: node, isServing } = pickNode(world, prng);
      if (!isServing || !mayLose(world, node)) return [];
      const back: Fault = { kind: "thaw", node };
      return [now({ kind: "hang", node }), { afterMs: 500 + prng.exp(15_000), fault: back }];
    },
  },
  {
    name: "observer-cut",
    meanMs: 40_000,
    draw: (world, prng) => {
      const observer = prng.pick(world.config.observers);
      return cutFor(observer, pickNode(world, prng).host, prng.exp(15_000));
    },
  },
  {
    name: "resolver-cut",
    meanMs: 90_000,
    draw: (world, prng) => {
      const forMs = prng.exp(60_000);
      const asking = prng.chance(0.5)
        ? world.config.observers
        : [prng.pick(world.config.observers)];
      return asking.flatMap((observer) => cutFor(observer, resolver, forMs));
    },
  },
  {
    name: "node-partition",
    meanMs: 60_000,
    draw: (world, prng) => {
      const { host } = pickNode(world, prng);
      const forMs = prng.exp(20_000);
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const everybody = [...world.config.observers, ...world.clients, ...hosts];
      const side = prng.chance(0.5) ? everybody : everybody.filter(() => prng.chance(0.6));
      return side.filter((other) => other !== host).flatMap((other) => cutFor(other, host, forMs));
    },
  },
  {
    name: "observer-crash",
    meanMs: 30_000,
    draw: (world, prng) => {
      const observer = prng.pick(world.config.observers);
      const crash = now({ kind: "crash", observer, await: prng.int(1, 60) });
      if (!prng.chance(0.7)) return [crash];
      return [crash, { afterMs: prng.exp(10_000), fault: { kind: "invoke", observer } }];
    },
  },
  {
    name: "observer-freeze",
    meanMs: 30_000,
    draw: (world, prng) => {
      const observer = prng.pick(world.config.observers);
      const live = world.processes.get(observer)?.size ?? 0;
      if (live === 0) return [];
      const freeze = now({ kind: "freeze", observer, youngest: prng.int(1, live) });
      return [freeze, { afterMs: 100 + prng.exp(10_000), fault: { kind: "unfreeze", observer } }];
    },
  },
  {
    name: "duplicate-shift",
    meanMs: 40_000,
    draw: (world, prng) => [now({ kind: "invoke", observer: prng.pick(world.config.observers) })],
  },
  {
    name: "store-cut",
    meanMs: 60_000,
    draw: (world, prng) => {
      const out = prng.chance(0.3)
        ? [...world.config.observers]
        : [prng.pick(world.config.observers)];
      const afterMs = prng.exp(15_000);
      return out.flatMap((observer): readonly Drawn[] => [
        now({ kind: "store-cut", observer }),
        { afterMs, fault: { kind: "store-heal", observer } },
      ]);
    },
  },
  {
    name: "dns-down",
    meanMs: 90_000,
    draw: (_world, prng) => [
      now({ kind: "dns-down" }),
      { afterMs: prng.exp(30_000), fault: { kind: "dns-up" } },
    ],
  },
  {
    name: "dns-edit",
    meanMs: 120_000,
    draw: (world, prng) => [now({ kind: "dns-edit", node: pickNode(world, prng).host })],
  },
  {
    name: "operator-failover",
    meanMs: 60_000,
    draw: () => [now({ kind: "ask-failover" })],
  },
  {
    name: "operator-ack",
    meanMs: 60_000,
    draw: () => [now({ kind: "ack" })],
  },
  {
    name: "operator-release",
    meanMs: 60_000,
    draw: (world) =>
      (world.state()?.kept ?? []).flatMap((id) => {
        const node = world.nodes.get(id)?.host;
        return node === undefined ? [] : [now({ kind: "release", node })];
      }),
  },
  {
    name: "operator-pause",
    meanMs: 90_000,
    draw: (_world, prng) => [
      now({ kind: "pause" }),
      { afterMs: prng.exp(30_000), fault: { kind: "resume" } },
    ],
  },
  {
    name: "operator-wish",
    meanMs: 90_000,
    draw: (world, prng) => [now({ kind: "ask-failover-to", node: pickNode(world, prng).host })],
  },
  {
    name: "operator-plan",
    meanMs: 90_000,
    draw: (_world, prng) => {
      const seconds = 1 + Math.round(prng.exp(15));
      return [
        now({ kind: prng.pick(["plan-switchover", "pause-until", "ask-notify-test"]), seconds }),
      ];
    },
  },
  {
    name: "group-removed",
    meanMs: 150_000,
    draw: (_world, prng) =>
      forWhile(0, 2_000 + prng.exp(20_000), { kind: "remove-group" }, [{ kind: "apply-again" }]),
  },
  {
    name: "promoted-by-hand",
    meanMs: 150_000,
    draw: (world, prng) => {
      const { host: node } = pickNode(world, prng);
      const others = [...world.nodes.values()].filter((one) => one.host !== node);
      const afterMs = 500 + prng.exp(5_000);
      return [
        now({ kind: "pause" }),
        { afterMs, fault: { kind: "no-one", node } },
        ...others.map(({ host }) => ({
          afterMs: afterMs + prng.exp(500),
          fault: { kind: "replica-of" as const, node: host, master: node },
        })),
        { afterMs: afterMs + 1_000 + prng.exp(5_000), fault: { kind: "adopt" } },
        { afterMs: afterMs + 2_000 + prng.exp(20_000), fault: { kind: "resume" } },
      ];
    },
  },
  {
    name: "sentinels",
    meanMs: 120_000,
    draw: (world, prng) => {
      const { host: node } = pickNode(world, prng);
      const forMs = 1_000 + prng.exp(40_000);
      return forWhile(0, forMs, { kind: "sentinel-comes", node }, [
        { kind: "sentinel-goes", node },
      ]);
    },
  },
  {
    name: "manual-role",
    meanMs: 120_000,
    draw: (world, prng) => {
      const node = pickNode(world, prng);
      if (node.role === "replica") return [now({ kind: "no-one", node: node.host })];
      const others = [...world.nodes.values()].filter((one) => one !== node);
      return [now({ kind: "replica-of", node: node.host, master: prng.pick(others).host })];
    },
  },
];

export const families: readonly Family[] = [
  ...common,
  ...nodeFamilies,
  ...tableFamilies,
  ...discoveryFamilies,
  ...diskFamilies,
];
