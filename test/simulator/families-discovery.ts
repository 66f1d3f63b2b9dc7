import { type Drawn, type Family, forWhile, now } from "./drawing.ts";
import type { Fault } from "./faults.ts";
import { joinHosts as hosts } from "./joining.ts";

/** Families around nodes that no file names (ADR 0009). */
export const discoveryFamilies: readonly Family[] = [
  {
    name: "replica-joins",
    meanMs: 60_000,
    draw: (world, prng) => {
      const host = prng.pick(hosts);
      const joins = now({ kind: "join", node: host });
      if (!prng.chance(0.5)) return [joins];
      // It goes again, before or after it is found; or somebody else's server takes its address.
      const back: Fault = { kind: "restart", node: host, data: world.hasMarker ? "aof" : "rdb" };
      const [fault, end] = prng.pick<readonly [Fault, Fault]>([
        [{ kind: "kill", node: host }, back],
        [
          { kind: "displace", node: host, keys: prng.int(1, 600) },
          { kind: "reclaim", node: host },
        ],
      ]);
      return [joins, ...forWhile(prng.exp(15_000), prng.exp(40_000), fault, [end])];
    },
  },
  {
    // The old master dies, and the found ones are among those that may follow it.
    name: "found-promoted",
    meanMs: 90_000,
    draw: (world, prng) => {
      const joins = hosts.map((node): Drawn => now({ kind: "join", node }));
      const found = world.state()?.discovered ?? [];
      const wanted = found[prng.int(0, Math.max(0, found.length - 1))];
      if (wanted === undefined) return joins;
      return [...joins, now({ kind: "ask-failover-to", node: wanted.host })];
    },
  },
  {
    name: "operator-forgets",
    meanMs: 40_000,
    draw: (world, prng) => {
      const found = world.state()?.discovered ?? [];
      const one = found[prng.int(0, Math.max(0, found.length - 1))];
      if (one === undefined || prng.chance(0.5)) return [now({ kind: "ask-reset" })];
      return [now({ kind: "ask-forget", node: one.host })];
    },
  },
  {
    // One server under two names, which show only later (rule R782, ADR 0009).
    name: "two-names",
    meanMs: 40_000,
    draw: (world, prng) => {
      const found = world.state()?.discovered ?? [];
      const node = found[prng.int(0, Math.max(0, found.length - 1))]?.host;
      if (node === undefined) return [];
      const to = prng.pick(world.config.nodes.map(({ probe }) => probe.host));
      const forMs = 1_500 + prng.exp(6_000);
      return forWhile(0, forMs, { kind: "route", node, to }, [{ kind: "unroute", node }]);
    },
  },
];
