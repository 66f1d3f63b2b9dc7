import type { DnsConfig, GroupConfig, NodeConfig, Settings } from "../../lib/core/config.ts";
import type { Budget } from "./book.ts";
import type { Process, Scope } from "./scope.ts";
import { limits } from "./waits.ts";

const settings: Settings = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  downAfterMs: 5_000,
  // Silence alone is evidence: refused connects only shorten the wait.
  crashAfterMs: 0,
  rebootDownAfterMs: 0,
  quorum: 2,
  stateReadMs: 100,
  heartbeatMs: 15_000,
  takeoverMs: limits.takeoverMs,
  fenceMs: 2_000,
  fenceWaitMs: 500,
  chooseTimeoutMs: 1_000,
  failoverTimeoutMs: limits.neverMs,
  cooldownMs: 0,
  maxLagBytes: 31_457_280,
  parallelSyncs: 1,
  marker: true,
  whenUnreachable: "hold",
  whenFlapping: "hold",
  whenReturned: "attach",
  whenUnwritable: "hold",
  killBusyScripts: false,
  writeProbeKey: "",
  discover: false,
};

const [n0, n1, n2] = ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"] as const;

function node(id: string): NodeConfig {
  const [host = "", port = ""] = id.split(":");
  const address = { host, port: Number(port) };
  return { id, probe: address, replicate: address, publish: address };
}

function group(change: Partial<Settings> = {}, dns: DnsConfig | null = null): GroupConfig {
  const config: GroupConfig = {
    name: "cache",
    version: 1,
    digest: "digest-1",
    observers: ["a", "b", "c"],
    nodes: [n0, n1, n2].map(node),
    settings: { ...settings, ...change },
    ...(dns === null ? {} : { dns }),
  };
  // The configuration never changes: in what is compared it is one word.
  return Object.defineProperty(config, "toJSON", { value: () => "config", enumerable: false });
}

const nothing: Budget = {
  crash: 0,
  era: 0,
  stall: 0,
  loss: 0,
  late: 0,
  kill: 0,
  hang: 0,
  cut: 0,
  manual: 0,
  request: 0,
  pause: 0,
  write: 0,
  edit: 0,
};

function process(name: string): Process {
  return { observer: name, name };
}

const two = [process("a"), process("b")];

/** The master has died, and everybody has full evidence of it. */
const dead = ["all look 3", "n0 dies", "all look 1"];

function scope(name: string, about: string, change: Partial<Scope>): Scope {
  return {
    name,
    about,
    config: unmarked,
    processes: two,
    prologue: dead,
    budget: nothing,
    victims: [n0],
    restarts: ["rdb"],
    sync: "at once",
    bounds: { epoch: 3, round: 4, states: 5_000_000 },
    mustSee: ["commit"],
    ...change,
  };
}

/** Without the marker, connections alone fence role changes: the weaker case. */
const unmarked = group({ marker: false });
const named = group(
  { marker: false },
  { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: false },
);

/** Two observers have voted in the open round. */
const voting = [...dead, "a until S330", "b until S330"];
/** One of them has claimed epoch 2 for n1. */
const claimed = [...voting, "a until S370"];
/** n1 is committed. */
const committed = [...claimed, "a until P510"];
/** n1 was promoted for epoch 2, n0 came back in time and stays the master: n1 has to be attached again. */
const closed = [
  ...claimed,
  "a looks at n0, n1",
  "a reads STATE",
  "a promotes n1 for epoch 2",
  "n0 starts again (rdb)",
  "a looks at n0",
  "a closes epoch 2 as failed (P500)",
];
/** n0 was only stopped, so that n1, promoted for epoch 2, is of its history still; b is about to attach n1. */
const repairing = [
  ...["all look 3", "n0 stops", "all look 1", "a until S330", "b until S330", "a until S370"],
  ...["a looks at n0, n1", "a reads STATE", "a promotes n1 for epoch 2", "n0 continues"],
  ...["a looks at n0", "a closes epoch 2 as failed (P500)"],
  ...[
    "b looks at n0, n1, n2",
    "b reads STATE",
    "b reads the votes",
    "b looks at n1",
    "b reads STATE",
  ],
];
// n2 dies too, or it would be chosen before a node that could not be promoted just now.
const deadAgain = ["n0 dies", "n2 dies", "all look 1"];
const asked = ["all look 3", "an operator asks for a failover"];

/** What `npm test` explores. */
export const smallScopes: readonly Scope[] = [
  scope("return", "Two votes stand; the old master returns at any point.", {
    prologue: voting,
    mustSee: ["commit", "failed epoch", "attach", "P500", "S300", "R730"],
  }),
  scope("late", "Two votes stand; one request arrives late, at any moment.", {
    prologue: voting,
    budget: { ...nothing, late: 1 },
    restarts: [],
    mustSee: ["commit", "late command"],
  }),
  scope("takeover", "Epoch 2 is claimed; one invocation crashes anywhere, another takes over.", {
    prologue: claimed,
    budget: { ...nothing, crash: 1, era: 1 },
    restarts: [],
    mustSee: ["commit", "crash", "takeover", "L400"],
  }),
  scope("slow", "Epoch 2 is claimed; an observer is slow in the middle of a turn.", {
    prologue: claimed,
    config: named,
    budget: { ...nothing, stall: 1 },
    restarts: [],
    mustSee: ["commit", "publish"],
  }),
  scope("record", "n1 is committed; a request or its answer is lost, or arrives late.", {
    prologue: committed,
    config: named,
    budget: { ...nothing, late: 1, loss: 1 },
    restarts: [],
    mustSee: ["publish", "late command"],
  }),
  scope("lost-repair", "The same, of a repair whose request was lost: nobody may send it again.", {
    prologue: [...repairing, "b attaches n1 to n0: the request is lost", ...deadAgain],
    restarts: [],
    mustSee: ["commit", "promote"],
  }),
];

/** On demand: each wider in one direction than the small ones. */
export const largeScopes: readonly Scope[] = [
  scope(
    "late-repair",
    "A repair is under way for ever while its node is promoted in a later epoch.",
    {
      prologue: [...repairing, "b attaches n1 to n0: still under way", ...deadAgain],
      restarts: [],
      mustSee: ["commit", "promote"],
    },
  ),
  scope(
    "hang",
    "The candidate stops at any point; what waits in its socket runs when it continues.",
    {
      prologue: claimed,
      budget: { ...nothing, hang: 1 },
      victims: [n1],
      restarts: [],
      mustSee: ["commit", "queued", "late command"],
    },
  ),
  scope("return-early", "The master died; it returns at any point, before the first vote too.", {
    mustSee: ["commit", "failed epoch"],
  }),
  scope("crash", "Two votes stand; an invocation crashes anywhere, another takes over.", {
    prologue: voting,
    config: group(),
    budget: { ...nothing, crash: 1, era: 1 },
    restarts: [],
    mustSee: ["commit", "crash", "takeover"],
  }),
  scope(
    "crash-return",
    "Epoch 2 is claimed; an invocation crashes anywhere, the old master returns.",
    {
      prologue: claimed,
      budget: { ...nothing, crash: 1, era: 1 },
      mustSee: ["commit", "crash", "takeover", "failed epoch"],
    },
  ),
  scope(
    "loss-return",
    "Epoch 2 is claimed; a request or its answer is lost, the old master returns.",
    {
      prologue: claimed,
      budget: { ...nothing, loss: 1 },
      mustSee: ["commit", "F100"],
    },
  ),
  scope("late-return", "Epoch 2 is claimed; a request arrives late, the old master returns.", {
    prologue: claimed,
    budget: { ...nothing, late: 1 },
    mustSee: ["commit", "late command"],
  }),
  scope(
    "repair",
    "Epoch 2 failed after its promotion; n1 is attached again, and the master dies.",
    {
      prologue: closed,
      budget: { ...nothing, kill: 1 },
      restarts: [],
      mustSee: ["commit", "attach", "R730"],
    },
  ),
  scope("second", "n1 is committed and dies in its turn; both may return.", {
    prologue: committed,
    budget: { ...nothing, kill: 1 },
    victims: [n1],
    mustSee: ["commit", "claim"],
  }),
  scope("emptied", "Epoch 2 is claimed; the old master returns with its data or without.", {
    prologue: claimed,
    config: group(),
    restarts: ["aof", "empty"],
    sync: "any time",
    mustSee: ["commit", "failed epoch"],
  }),
  scope("older", "Epoch 2 is voted on; the old master returns with what it saved last.", {
    prologue: voting,
    restarts: ["old-rdb"],
    sync: "any time",
    mustSee: ["commit", "return", "R710"],
  }),
  scope("switchover", "An operator asks for a failover of a living master; clients write.", {
    prologue: asked,
    budget: { ...nothing, write: 1 },
    restarts: [],
    mustSee: ["commit", "hand-over", "promote", "attach"],
  }),
  scope("three", "Three observers; the master died, nothing else goes wrong.", {
    prologue: [...voting, "c until S330"],
    processes: [...two, process("c")],
    restarts: [],
    mustSee: ["commit"],
  }),
];

export const scopes: readonly Scope[] = [...smallScopes, ...largeScopes];
