import type { GroupState } from "../../lib/core/model.ts";
import { nodeAmbushes } from "./ambushes-nodes.ts";
import { type Drawn, forWhile } from "./drawing.ts";
import type { Fault, RateName } from "./faults.ts";
import { strangerNode } from "./operators.ts";
import type { Prng } from "./prng.ts";
import type { SimWorld } from "./world.ts";

/** Nothing that is on its way arrives later than this (fault C14). */
export const lateMaxMs = 300_000;

/**
 * Faults that lie in wait: they come just after the group's item moved, because the deep mistakes show only when
 * something happens between two steps of one epoch. Random times alone hardly ever hit that.
 */
export interface Ambush {
  readonly name: string;
  readonly draw: (moment: Moment, world: SimWorld, prng: Prng) => readonly Drawn[];
}

/** What the group's item says right after it moved, as the hosts and observers that a fault names. */
export interface Moment {
  readonly kind: "round" | "claim" | "takeover" | "commit" | "closed" | "settled" | "other";
  /** The observer that leads or, without a leader, whoever wrote. */
  readonly leader: string;
  readonly others: readonly string[];
  readonly master: string | null;
  readonly candidate: string | null;
  readonly previous: string | null;
}

export function momentOf(
  before: GroupState | null,
  after: GroupState,
  writer: string,
  observers: readonly string[],
): Moment {
  const leader = (after.leader ?? writer).split("/")[0] ?? "";
  const hostOf = (node: string | undefined) =>
    node === strangerNode ? null : (node?.split(":")[0] ?? null);
  return {
    kind: kindOf(before, after),
    leader: observers.find((one) => one === leader) ?? "a",
    others: observers.filter((one) => one !== leader),
    master: hostOf(after.master?.node),
    candidate: hostOf(after.candidate?.node),
    previous: hostOf(after.previousMaster?.node),
  };
}

function kindOf(before: GroupState | null, after: GroupState): Moment["kind"] {
  if (before === null) return "other";
  if (after.epoch > before.epoch) return "claim";
  if (after.masterEpoch > before.masterEpoch) return "commit";
  if (before.phase === "promoting" && after.phase === "steady") return "closed";
  if (before.phase === "settling" && after.phase === "steady") return "settled";
  if (after.phase !== "steady" && after.leader !== before.leader) return "takeover";
  return after.round.number > before.round.number ? "round" : "other";
}

const common: readonly Ambush[] = [
  {
    name: "freeze-leader",
    draw: ({ leader }, _world, prng) => freezeFor(leader, prng, 9_000),
  },
  {
    name: "freeze-another",
    draw: ({ others }, _world, prng) => freezeFor(prng.pick(others), prng, 9_000),
  },
  {
    name: "crash-leader",
    draw: ({ leader: observer }, _world, prng) => crashSoon(observer, prng),
  },
  {
    name: "crash-another",
    draw: ({ others }, _world, prng) => crashSoon(prng.pick(others), prng),
  },
  {
    name: "old-master-back",
    draw: ({ master, previous, kind }, _world, prng) => {
      const old = kind === "commit" || kind === "settled" ? previous : master;
      if (old === null) return [];
      const afterMs = prng.exp(500);
      return [
        { afterMs, fault: { kind: "thaw", node: old } },
        { afterMs, fault: { kind: "restart", node: old, data: prng.pick(["aof", "empty"]) } },
      ];
    },
  },
  {
    name: "candidate-dies",
    draw: ({ candidate, master }, world, prng) => {
      const node = candidate ?? master;
      if (node === null || servingCount(world) < 2) return [];
      const afterMs = prng.exp(400);
      const back: Fault = { kind: "restart", node, data: "aof" };
      return [
        { afterMs, fault: { kind: "kill", node } },
        { afterMs: afterMs + 200 + prng.exp(8_000), fault: back },
      ];
    },
  },
  {
    name: "candidate-hangs",
    draw: ({ candidate, master }, world, prng) => {
      const node = candidate ?? master;
      if (node === null || servingCount(world) < 2) return [];
      return forWhile(prng.exp(300), prng.exp(7_000), { kind: "hang", node }, [
        { kind: "thaw", node },
      ]);
    },
  },
  {
    name: "cut-observer",
    draw: ({ leader, others, candidate, master }, _world, prng) => {
      const one = prng.chance(0.5) ? leader : prng.pick(others);
      const other = candidate ?? master;
      if (other === null) return [];
      return forWhile(prng.exp(300), prng.exp(8_000), { kind: "cut", one, other }, [
        { kind: "heal", one, other },
      ]);
    },
  },
  {
    name: "cut-leader-from-table",
    draw: ({ leader: observer }, _world, prng) =>
      forWhile(prng.exp(200), prng.exp(6_000), { kind: "store-cut", observer }, [
        { kind: "store-heal", observer },
      ]),
  },
  {
    name: "lose-answers",
    draw: (_moment, world, prng) =>
      surge(prng, "store-lost-reply", 0.7, world.store.faults.lostReply),
  },
  {
    name: "late-writes",
    draw: (_moment, world, prng) =>
      surge(prng, "store-late-apply", 0.7, world.store.faults.lateApply),
  },
  {
    name: "late-batches",
    draw: (_moment, world, prng) => surge(prng, "dns-late", 0.9, world.dns.faults.late),
  },
  {
    name: "edit-record",
    draw: ({ master }, world, prng) => {
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const node = prng.pick(hosts.filter((host) => host !== master));
      return [{ afterMs: prng.exp(500), fault: { kind: "dns-edit", node } }];
    },
  },
  {
    name: "ask-again",
    draw: (_moment, _world, prng) => [
      { afterMs: prng.exp(1_000), fault: { kind: "ask-failover" } },
    ],
  },
  {
    name: "pause-now",
    draw: (_moment, _world, prng) =>
      forWhile(prng.exp(300), prng.exp(10_000), { kind: "pause" }, [{ kind: "resume" }]),
  },
];

/** Ambushes on the side of the processes and what they send. */
const ofProcesses: readonly Ambush[] = [
  {
    name: "late-leader",
    draw: ({ leader: observer }, _world, prng) => {
      const ms = Math.round(prng.chance(0.5) ? prng.exp(3_000) : prng.next() * lateMaxMs);
      return forWhile(prng.exp(50), 50 + prng.exp(800), { kind: "late", observer, ms }, [
        { kind: "late", observer, ms: 0 },
      ]);
    },
  },
  {
    name: "end-leader-early",
    draw: ({ leader: observer }, _world, prng) => [
      { afterMs: 0, fault: { kind: "end-early", observer, await: prng.int(1, 12) } },
    ],
  },
];

/** What people do to the table in the middle of an epoch. */
const ofPeople: readonly Ambush[] = [
  {
    name: "edit-kind",
    draw: (_moment, _world, prng) =>
      forWhile(prng.exp(100), 500 + prng.exp(10_000), { kind: "table-edit", of: "kind" }, [
        { kind: "table-unedit" },
      ]),
  },
];

export const ambushes: readonly Ambush[] = [
  ...common,
  ...ofProcesses,
  ...ofPeople,
  ...nodeAmbushes,
];

function freezeFor(observer: string, prng: Prng, meanMs: number): readonly Drawn[] {
  const freeze: Fault = { kind: "freeze", observer, youngest: 1 };
  return forWhile(prng.exp(150), prng.exp(meanMs), freeze, [{ kind: "unfreeze", observer }]);
}

function crashSoon(observer: string, prng: Prng): readonly Drawn[] {
  const crash: Fault = { kind: "crash", observer, await: prng.int(1, 12) };
  const again: Fault = { kind: "invoke", observer };
  return [
    { afterMs: 0, fault: crash },
    { afterMs: 200 + prng.exp(4_000), fault: again },
  ];
}

function surge(prng: Prng, of: RateName, value: number, before: number): readonly Drawn[] {
  return forWhile(0, 100 + prng.exp(1_500), { kind: "rate", of, value }, [
    { kind: "rate", of, value: before },
  ]);
}

function servingCount(world: SimWorld): number {
  return [...world.nodes.values()].filter((node) => node.isServing).length;
}
