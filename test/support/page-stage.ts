import type { Hono } from "hono";
import type { RecordSet } from "../../lib/core/records.ts";
import { pause } from "../../lib/core/state.ts";
import { createStatusPage, type PageSources } from "../../lib/page/app.ts";
import { pageSources } from "../../lib/page/sources.ts";
import { type Result, success } from "../../lib/ports/errors.ts";
import type { NodeReport } from "../../lib/ports/store.ts";
import { configsOf, createFakeClock, type FakeClock, steadyState } from "./cli.ts";
import { crash, stored } from "./failover-events.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";

/** A table in memory with three groups, each in another state, and the status page of it. */
export interface PageStage {
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly sources: PageSources;
  readonly app: Hono;
  records: Result<readonly RecordSet[]>;
  /** How often the zone was asked. */
  asked: number;
}

/** Markup in whatever people or servers may write: it must come out as text. */
export const hostile = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>`;

const text = `observers: [eu-west-1a, eu-west-1b, eu-west-1c]
groups:
  - name: carts
    nodes:
      - { name: carts-1, probe: "10.0.1.1:6379", zone: eu-west-1a, region: eu-west-1 }
      - { name: carts-2, probe: "10.0.1.2:6379", zone: eu-west-1b, region: eu-west-1 }
  - name: orders
    nodes: ["10.0.0.2:6379", "10.0.0.1:6379", "10.0.0.3:6379"]
    dns: { zoneId: Z1, name: orders.redis.test, ttl: 5 }
    auth: { username: watcher, password: "ssm:/lambda-sentinel/orders" }
  - name: sessions
    nodes: ["10.0.2.1:6379", "10.0.2.2:6379"]
`;

const up: NodeReport = {
  verdict: "up",
  role: "replica",
  offset: 7_447,
  replid: "r1",
  isLinkUp: true,
  latencyMs: 1.4,
  unfit: null,
  oddities: [],
};
const master: NodeReport = { ...up, role: "master", isLinkUp: null };
const dead: NodeReport = {
  ...{ ...up, verdict: "down(silent)", role: null, offset: null, isLinkUp: null },
  latencyMs: null,
  unfit: "it does not answer",
};

const seen: Readonly<Record<string, Readonly<Record<string, NodeReport>>>> = {
  carts: { "carts-1": master, "carts-2": up },
  orders: {
    "10.0.0.2:6379": master,
    "10.0.0.1:6379": { ...up, offset: 5_200 },
    "10.0.0.3:6379": up,
  },
  sessions: {
    "10.0.2.1:6379": dead,
    "10.0.2.2:6379": { ...up, isLinkUp: false, unfit: "its link is down and its lag unknown" },
  },
};

export function createPageStage(): PageStage {
  const store = createMemoryStore();
  const clock = createFakeClock();
  const sources = pageSources({
    table: "lambda-sentinel-test",
    store,
    clock,
    readRecords: async () => {
      stage.asked += 1;
      return stage.records;
    },
  });
  const app = createStatusPage(sources);
  const stage: PageStage = { store, clock, sources, app, records: success([]), asked: 0 };
  for (const config of configsOf(text)) {
    store.configs.set(`${config.name}#1`, config);
    store.states.set(config.name, steadyState(config, config.nodes[0]?.id ?? ""));
  }
  for (const name of ["eu-west-1a", "eu-west-1b", "eu-west-1c"]) report(stage, name);
  store.events.push(...stored("orders", crash));
  return stage;
}

/** An observer's heartbeat of this moment. */
export function report({ store, clock }: PageStage, observer: string): void {
  const groups = Object.entries(seen).map(([name, nodes]) => {
    const suspect = name === "sessions" ? "10.0.2.1:6379" : null;
    const known = { configVersion: 1, rev: 3, isPauseSeen: true, suspectForMs: 0, copiedRev: 3 };
    const past = { suspectOffset: null, suspectLoading: null, masterEpoch: 1 };
    const last = { masterKnownForMs: 60_000, rule: "steady-healthy", why: "all is well" };
    return [name, { ...known, ...past, ...last, suspect, nodes }] as const;
  });
  const beat = { observer, shift: 7, at: clock.wallTime(), codeVersion: "0.1.0" };
  store.heartbeats.set(observer, { ...beat, groups: Object.fromEntries(groups) });
}

/** Somebody pauses a group, for a reason that is markup. */
export function pauseWithMarkup({ store }: PageStage, group: string): void {
  const state = store.states.get(group);
  if (state === undefined) throw new Error(`expected a state of ${group}`);
  const writer = { attempt: "p", shift: "operator alice", rule: "pause", why: hostile };
  store.states.set(group, pause(state, { by: "alice", reason: hostile, until: null }, writer).next);
}
