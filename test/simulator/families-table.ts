import { lateMaxMs } from "./ambush.ts";
import { cutFor, type Drawn, type Family, forWhile, mayLose, now } from "./drawing.ts";
import type { Fault, RateName } from "./faults.ts";
import type { Prng } from "./prng.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { SimWorld } from "./world.ts";

/** Settings that people may change at any time; none of them widens what the checkers hold against the group. */
const settings: readonly (readonly [string, string])[] = [
  ["failoverTimeoutMs", "9000"],
  ["downAfterMs", "3000"],
  ["downAfterMs", "8000"],
  ["crashAfterMs", "0"],
  ["rebootDownAfterMs", "8000"],
  ["quorum", "3"],
  ["takeoverMs", "4000"],
  ["cooldownMs", "0"],
  ["stateReadMs", "500"],
  ["heartbeatMs", "3000"],
  ["parallelSyncs", "2"],
  ["fenceWaitMs", "0"],
  ["whenUnreachable", "failover"],
  ["whenFlapping", "failover"],
  ["whenReturned", "hold"],
  ["whenReturned", "hold"],
  ["whenUnwritable", "failover"],
  ["killBusyScripts", "true"],
  ["writeProbeKey", "health"],
];

/** How calls that wake fare: not at all, at once, or late and more than once. */
const wakeRates: readonly (readonly [RateName, (prng: Prng) => number])[] = [
  ["wake-reach", (prng) => (prng.chance(0.2) ? 0 : prng.next())],
  ["wake-late-ms", (prng) => (prng.chance(0.3) ? 100 : 60_000)],
  ["wake-twice", (prng) => (prng.chance(0.5) ? 0.1 : 0)],
];

/** Faults of the table, the configuration, the functions and the clocks. */
export const tableFamilies: readonly Family[] = [
  {
    name: "apply-setting",
    meanMs: 50_000,
    draw: (_world, prng) => {
      const [setting, value] = prng.pick(settings);
      return [now({ kind: "apply", setting, value })];
    },
  },
  {
    // Fault C10: for a while the configuration doesn't know one of those who watch.
    name: "apply-observers",
    meanMs: 90_000,
    draw: (world, prng) => {
      const { observers } = world.config;
      const left = prng.pick(observers);
      const others = observers.filter((one) => one !== left);
      return forWhile(0, 3_000 + prng.exp(30_000), applyObservers(others), [
        applyObservers(observers),
      ]);
    },
  },
  {
    // Without the marker nobody notices that epochs are repeated (docs/limits.md), so nothing is promised.
    name: "table-restored",
    meanMs: 100_000,
    draw: (world, prng) => {
      if (!world.hasMarker || world.operators.isRestored) return [];
      const restoredMs = 8_000 + prng.exp(30_000);
      const restore: readonly Drawn[] = [
        now({ kind: "table-backup" }),
        // What an epoch has done meanwhile is what a restored table does not know.
        { afterMs: 500, fault: { kind: "ask-failover" } },
        { afterMs: restoredMs, fault: { kind: "table-restore" } },
      ];
      if (prng.chance(0.3)) return restore;
      const mend: Fault = { kind: "table-mend" };
      return [...restore, { afterMs: restoredMs + 1_000 + prng.exp(30_000), fault: mend }];
    },
  },
  {
    name: "table-taken",
    meanMs: 150_000,
    draw: (_world, prng) =>
      forWhile(0, 500 + prng.exp(20_000), { kind: "table-foreign" }, [{ kind: "table-back" }]),
  },
  {
    // Nobody acts for a master that is none of the group's nodes (rule F160).
    name: "hand-edited",
    meanMs: 120_000,
    draw: (_world, prng) =>
      forWhile(0, 3_000 + prng.exp(20_000), { kind: "table-edit", of: "master" }, [
        { kind: "table-unedit" },
      ]),
  },
  {
    // Fault C8: what the next version writes, this one can't read, until everybody is upgraded.
    name: "new-code",
    meanMs: 200_000,
    draw: (world, prng) => {
      const { observers } = world.config;
      const from = prng.int(0, observers.length - 1);
      const order = [...observers.slice(from), ...observers.slice(0, from)];
      return order.flatMap((observer, index): readonly Drawn[] => {
        const afterMs = index * (1_000 + prng.exp(30_000));
        return [
          { afterMs, fault: { kind: "upgrade", observer } },
          { afterMs: afterMs + 1, fault: { kind: "invoke", observer } },
        ];
      });
    },
  },
  {
    name: "late-sender",
    meanMs: 60_000,
    draw: (world, prng) => {
      const observer = prng.pick(world.config.observers);
      const ms = Math.round(prng.chance(0.5) ? prng.exp(5_000) : prng.next() * lateMaxMs);
      return forWhile(0, 200 + prng.exp(4_000), { kind: "late", observer, ms }, [
        { kind: "late", observer, ms: 0 },
      ]);
    },
  },
  {
    // Protocol F2: a woken shift takes part in the round that it was woken for.
    name: "wakes",
    meanMs: 15_000,
    draw: (_world, prng) =>
      wakeRates.map(([of, draw]) => now({ kind: "rate", of, value: draw(prng) })),
  },
  {
    name: "wall-clock",
    meanMs: 40_000,
    draw: (world, prng) => {
      const by = prng.pick([-86_400_000, -3_600_000, -5_000, 5_000, 3_600_000, 86_400_000]);
      return [now({ kind: "set-clock", observer: prng.pick(world.config.observers), by })];
    },
  },
  {
    name: "failed-starts",
    meanMs: 80_000,
    draw: (world, prng) => {
      const observer = prng.pick(world.config.observers);
      return [now({ kind: "fail-starts", observer, times: prng.int(1, 3) })];
    },
  },
  {
    // Fault C3: the runtime ends an invocation, its handler runs on; another one comes as scheduled, or at once.
    name: "early-end",
    meanMs: 40_000,
    draw: (world, prng) => {
      const observer = prng.pick(world.config.observers);
      const end = now({ kind: "end-early", observer, await: prng.int(1, 60) });
      if (!prng.chance(0.7)) return [end];
      return [end, { afterMs: prng.exp(10_000), fault: { kind: "invoke", observer } }];
    },
  },
  {
    // Invariant L2: an epoch that can't be settled calls people.
    name: "slow-epoch",
    meanMs: 120_000,
    draw: (_world, prng) => {
      const timeout: Fault = { kind: "apply", setting: "failoverTimeoutMs", value: "9000" };
      const downMs = 12_000 + prng.exp(15_000);
      return [
        now(timeout),
        ...forWhile(1_000, downMs, { kind: "dns-down" }, [{ kind: "dns-up" }]),
        { afterMs: 2_000, fault: { kind: "ask-failover" } },
      ];
    },
  },
  {
    // Fault P3: no observer reaches the master, and its replicas and its clients do.
    name: "master-unseen",
    meanMs: 90_000,
    draw: (world, prng) => {
      const { master } = rolesOf(world);
      if (master === null) return [];
      const forMs = 8_000 + prng.exp(15_000);
      return world.config.observers.flatMap((one) => cutFor(one, master.host, forMs));
    },
  },
  {
    // Fault P3 in half: nobody reaches the master, and only one observer reaches the replica that still hears it.
    name: "one-witness",
    meanMs: 120_000,
    draw: (world, prng) => {
      const { observers } = world.config;
      const { master, replicas } = rolesOf(world);
      const [heard, deaf] = prng.chance(0.5) ? replicas : replicas.toReversed();
      if (master === null || heard === undefined || deaf === undefined) return [];
      const witness = prng.pick(observers);
      const others = observers.filter((one) => one !== witness);
      const forMs = 12_000 + prng.exp(15_000);
      return [
        ...observers.flatMap((one) => cutFor(one, master.host, forMs)),
        ...others.flatMap((one) => cutFor(one, heard.host, forMs)),
        ...cutFor(deaf.host, master.host, forMs),
      ];
    },
  },
  {
    // Fault N16: nobody lets itself be promoted, so epochs fail one after the other.
    name: "refused-promotions",
    meanMs: 150_000,
    draw: (world, prng) => {
      const { master, replicas } = rolesOf(world);
      if (master === null || !mayLose(world, master.host)) return [];
      const forMs = 5_000 + prng.exp(25_000);
      const data = world.hasMarker ? "aof" : "rdb";
      return [
        ...replicas.flatMap(({ host: node }) =>
          forWhile(0, forMs, { kind: "ail", node, with: "forbidden" }, [
            { kind: "cure", node, of: "forbidden" },
          ]),
        ),
        ...forWhile(0, forMs + prng.exp(10_000), { kind: "kill", node: master.host }, [
          { kind: "restart", node: master.host, data },
        ]),
      ];
    },
  },
];

/** What kind of table a seed has: in one region, or in three with strong consistency between them (fault D4). */
export function drawTableMode(world: SimWorld, prng: Prng): readonly Fault[] {
  if (prng.chance(0.5)) return [];
  const far = world.config.observers.map(
    (observer): Fault => ({ kind: "far", observer, ms: prng.exp(30) }),
  );
  return [
    ...far,
    { kind: "rate", of: "store-write-ms", value: 20 + prng.next() * 180 },
    { kind: "rate", of: "store-conflict", value: prng.next() * 0.15 },
  ];
}

function applyObservers(some: readonly string[]): Fault {
  return { kind: "apply", setting: "observers", value: `[${some.join(",")}]` };
}

function rolesOf(world: SimWorld) {
  const named = world.state()?.master?.node;
  const serving = [...world.nodes.values()].filter((node) => node.isServing);
  const master: SimRedis | null = serving.find((node) => node.id === named) ?? null;
  return { master, replicas: serving.filter((node) => node !== master) };
}
