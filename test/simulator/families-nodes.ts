import {
  cutFor,
  type Drawn,
  type Family,
  forWhile,
  mayLose,
  now,
  pickNode,
  type Rate,
} from "./drawing.ts";
import type { Fault } from "./faults.ts";
import { ailments } from "./sim-ailments.ts";

/** Rates of the zone and of servers, each drawn from a stream of its own. */
export const nodeRates: readonly Rate[] = [
  ["dns-throttled", 0.3, (prng) => prng.next() * 0.5],
  ["dns-busy-ms", 0.3, (prng) => prng.next() * 2_000],
  ["dns-appear-ms", 0.3, (prng) => prng.next() * 30_000],
  ["dns-cache-ms", 0.3, (prng) => prng.next() * 60_000],
  ["full-sync-ms", 0.3, (prng) => prng.next() * 20_000],
  ["load-ms", 0.3, (prng) => prng.next() * 30_000],
  // A few seconds of what clients write: a replica that was away for longer needs everything.
  ["backlog-bytes", 0.3, (prng) => 100 + prng.next() * 4_000],
  // Fault P7, at its worst.
  ["delay-ms", 0.04, (prng) => 100 + prng.next() * 1_900],
  ["connection-cut", 0.04, (prng) => 0.1 + prng.next() * 0.2],
];

/** Families around Redis servers, the zone, the network and clients. */
export const nodeFamilies: readonly Family[] = [
  {
    name: "node-ails",
    meanMs: 45_000,
    draw: (world, prng) => {
      const node = pickNode(world, prng).host;
      const of = prng.pick(ailments);
      return forWhile(0, 500 + prng.exp(20_000), { kind: "ail", node, with: of }, [
        { kind: "cure", node, of },
      ]);
    },
  },
  {
    name: "record-deleted",
    meanMs: 150_000,
    draw: () => [now({ kind: "dns-delete" })],
  },
  {
    // Rules T630 and R770: what is somebody else's is refused and told, until it is given back.
    name: "record-taken",
    meanMs: 90_000,
    draw: (world, prng) => {
      const own = pickNode(world, prng).host;
      const edit: readonly Drawn[] = prng.chance(0.7) ? [now({ kind: "dns-edit", node: own })] : [];
      const taken = forWhile(0, prng.exp(60_000), { kind: "dns-foreign" }, [
        { kind: "dns-return" },
      ]);
      return [...taken, ...edit];
    },
  },
  {
    // Fault N18. Replicas of a master whose address is taken copy what they find there.
    name: "address-reuse",
    meanMs: 120_000,
    draw: (world, prng) => {
      const { host: node, role } = pickNode(world, prng);
      if (!mayLose(world, node) || (role === "master" && prng.chance(0.6))) return [];
      const displace: Fault = { kind: "displace", node, keys: prng.int(1, 600) };
      return forWhile(0, 500 + prng.exp(30_000), displace, [{ kind: "reclaim", node }]);
    },
  },
  {
    // Fault N18 at the master's own address, where its replicas can't copy what they find: it wants no password of theirs.
    name: "master-replaced",
    meanMs: 120_000,
    draw: (world, prng) => {
      const node = world.state()?.master?.node.split(":")[0] ?? "";
      if (!mayLose(world, node)) return [];
      const forMs = 500 + prng.exp(30_000);
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const deaf = hosts.filter((one) => one !== node && prng.chance(0.8));
      const displace: Fault = { kind: "displace", node, keys: prng.int(1, 600) };
      return [
        ...deaf.flatMap((other) => cutFor(node, other, forMs)),
        ...forWhile(0, forMs, displace, [{ kind: "reclaim", node }]),
      ];
    },
  },
  {
    // Faults N22 and P8: at the rhythm of the probes, or of the detector.
    name: "flapping",
    meanMs: 120_000,
    draw: (world, prng) => {
      const { host: node } = pickNode(world, prng);
      const { probeIntervalMs, downAfterMs } = world.config.settings;
      const halfMs = (prng.chance(0.5) ? probeIntervalMs : downAfterMs) * (0.9 + prng.next() * 0.2);
      const isHang = prng.chance(0.4) && mayLose(world, node);
      const sides = world.config.observers.filter(() => prng.chance(0.7));
      return Array.from({ length: prng.int(3, 10) }, (_, turn) => 2 * turn * halfMs).flatMap(
        (afterMs) =>
          isHang
            ? forWhile(afterMs, halfMs, { kind: "hang", node }, [{ kind: "thaw", node }])
            : sides.flatMap((one) => cutBetween({ one, other: node }, afterMs, halfMs)),
      );
    },
  },
  {
    // Fault P4: requests arrive and answers don't, or the other way round.
    name: "one-way",
    meanMs: 60_000,
    draw: (world, prng) => {
      const { host } = pickNode(world, prng);
      const forMs = prng.exp(15_000);
      const others = [...world.config.observers, ...world.clients].filter(() => prng.chance(0.5));
      const isDeaf = prng.chance(0.5);
      return others.flatMap((other) => {
        const [one, to] = isDeaf ? [other, host] : [host, other];
        return forWhile(0, forMs, { kind: "cut-way", one, other: to }, [
          { kind: "heal", one, other: to },
        ]);
      });
    },
  },
  {
    // Invariant S13: one master after the other dies, whatever the policy, and people look or don't.
    name: "masters-die",
    meanMs: 25_000,
    draw: (world, prng) => {
      const node = world.state()?.master?.node.split(":")[0] ?? "";
      if (!mayLose(world, node)) return [];
      const value = prng.chance(0.2) ? "hold" : "failover";
      const data = world.hasMarker ? "aof" : "rdb";
      const looksMs = 2_000 + prng.exp(15_000);
      return [
        now({ kind: "apply", setting: "whenFlapping", value }),
        ...forWhile(100, 3_000 + prng.exp(10_000), { kind: "kill", node }, [
          { kind: "restart", node, data },
        ]),
        ...(prng.chance(0.2) ? [{ afterMs: looksMs, fault: { kind: "ack" } as const }] : []),
      ];
    },
  },
  {
    // Rule R725: an old master that was cut off has what its successor lacks, and is to be held when it is back.
    name: "returned-master",
    meanMs: 45_000,
    draw: (world, prng) => {
      const node = world.state()?.master?.node.split(":")[0] ?? "";
      if (!mayLose(world, node)) return [];
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const others = [...world.config.observers, ...hosts].filter((one) => one !== node);
      const forMs = 8_000 + prng.exp(10_000);
      const backMs = 1_000 + forMs;
      const cuts = others.flatMap((other) => cutBetween({ one: node, other }, 1_000, forMs));
      // As the process that it was, or as another one with what it had.
      const data = prng.pick([null, "aof", "rdb"] as const);
      const back: readonly Drawn[] =
        data === null
          ? []
          : [
              { afterMs: backMs - 500, fault: { kind: "kill", node } },
              { afterMs: backMs + prng.exp(3_000), fault: { kind: "restart", node, data } },
            ];
      const heldMs = backMs + 5_000 + prng.exp(30_000);
      const end: readonly Drawn[] = prng.chance(0.3)
        ? forWhile(heldMs, 500, { kind: "kill", node }, [{ kind: "restart", node, data: "empty" }])
        : [{ afterMs: heldMs, fault: { kind: "release", node } }];
      return [
        now({ kind: "apply", setting: "whenReturned", value: "hold" }),
        ...cuts,
        ...back,
        ...end,
      ];
    },
  },
  {
    // Fault P10: everybody misses somebody else.
    name: "ring",
    meanMs: 90_000,
    draw: (world, prng) => {
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const forMs = prng.exp(15_000);
      const shift = prng.int(0, hosts.length - 1);
      const hostAt = (index: number) => hosts[(index + shift) % hosts.length] ?? "";
      const missed = world.config.observers.flatMap((one, index) =>
        cutFor(one, hostAt(index), forMs),
      );
      if (prng.chance(0.5)) return missed;
      const between: Fault = { kind: "cut-way", one: hostAt(0), other: hostAt(1) };
      return [...missed, ...forWhile(0, forMs, between, [{ ...between, kind: "heal" }])];
    },
  },
  {
    // Fault P9: an observer and the node beside it are gone, or hear only each other.
    name: "region-lost",
    meanMs: 120_000,
    draw: (world, prng) => {
      const index = prng.int(0, world.config.observers.length - 1);
      const observer = world.config.observers[index] ?? "a";
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const own = hosts[index % hosts.length] ?? "";
      const forMs = 1_000 + prng.exp(30_000);
      const table = forWhile(0, forMs, { kind: "store-cut", observer }, [
        { kind: "store-heal", observer },
      ]);
      const others = hosts.filter((host) => host !== own);
      const away = others.flatMap((host) => [
        ...cutFor(observer, host, forMs),
        ...cutFor(own, host, forMs),
      ]);
      const remote = world.config.observers.filter((one) => one !== observer);
      const apart = remote.flatMap((one) => cutFor(one, own, forMs));
      const isDead = prng.chance(0.5) && mayLose(world, own);
      const dead = isDead
        ? forWhile(0, forMs, { kind: "kill", node: own }, [
            { kind: "restart", node: own, data: "aof" },
          ])
        : [];
      return [...table, ...away, ...apart, ...dead];
    },
  },
];

/** A cut of both ways, some time from now. */
function cutBetween(
  link: { readonly one: string; readonly other: string },
  afterMs: number,
  forMs: number,
): readonly Drawn[] {
  return forWhile(afterMs, forMs, { kind: "cut", ...link }, [{ kind: "heal", ...link }]);
}
