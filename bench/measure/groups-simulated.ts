import { createTokenBucket } from "../../lab/route53/token-bucket.ts";
import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { RecordSet } from "../../lib/core/records.ts";
import { CountedDns } from "../../test/simulator/counted-dns.ts";
import { Engine } from "../../test/simulator/engine.ts";
import { observers } from "../../test/simulator/group-config.ts";
import { Invocations } from "../../test/simulator/invocations.ts";
import { attachReplicas } from "../../test/simulator/joining.ts";
import { splitPrng } from "../../test/simulator/prng.ts";
import { smallData } from "../../test/simulator/redis-world.ts";
import { SimRedis } from "../../test/simulator/sim-redis.ts";
import { SimStore } from "../../test/simulator/sim-store.ts";
import type { Readings } from "../measurement.ts";
import { groupNames } from "../sides/quiet-servers.ts";
import { groupLines } from "../sides/timings.ts";
import { busiestSecond } from "./groups.ts";

const zoneId = "Z0123456789ABCDEFGHIJ";
const nodesEach = 2;
const port = 6379;
const adoptionLimitMs = 300_000;
const failoverLimitMs = 300_000;
const calmMs = 5_000;
const sliceMs = 1_000;
/**
 * So many groups lose their masters in one moment of virtual time, with a table whose requests take 10 ms in the mean, and
 * Route 53's limits of the lab. Processors cost no time here, so what grows with the number of groups is the protocol's.
 */
export async function failGroupsSimulated(seed: number, count: number): Promise<Readings> {
  const one = await failOver(seed, 1);
  const many = await failOver(seed, count);
  return {
    oneWritableMs: one.writableLastMs,
    oneLearnedMs: one.learnedLastMs,
    ...many,
  };
}

interface Outcome {
  readonly writableLastMs: number | null;
  readonly learnedLastMs: number | null;
  readonly route53Requests: number;
  readonly route53PerSecondMax: number;
}

async function failOver(seed: number, count: number): Promise<Outcome & Readings> {
  const world = new ManyGroups(seed, count);
  world.start();
  if (!(await world.runUntil(() => world.areAdopted(), adoptionLimitMs))) {
    throw new Error(`Expected ${count} groups to be adopted in ${adoptionLimitMs} ms, got fewer.`);
  }
  await world.runFor(calmMs);
  world.killMasters();
  await world.runUntil(() => world.areWritable() && world.areLearned(), failoverLimitMs);
  return world.outcome();
}

/** The simulator's parts, put together for many groups. */
class ManyGroups {
  readonly engine = new Engine();
  readonly #nodes = new Map<string, SimRedis>();
  readonly #configs: readonly GroupConfig[];
  readonly #store: SimStore;
  readonly #dns: CountedDns;
  readonly #invocations: Invocations;
  readonly #writableAtMs = new Map<string, number>();
  readonly #learnedAtMs = new Map<string, number>();
  #faultAtMs = Number.POSITIVE_INFINITY;
  #requestsBefore = 0;

  constructor(seed: number, count: number) {
    this.#configs = configsOf(count);
    this.#store = new SimStore(seed, {
      ...{ onState: nothing, onSent: nothing, onVote: nothing, onCast: nothing },
    });
    this.#store.configs.push(...this.#configs);
    this.#dns = new CountedDns(splitPrng(seed, "dns"), (records) => this.#noteNames(records));
    const network = splitPrng(seed, "network");
    for (const config of this.#configs) {
      const servers = config.nodes.map(({ probe }) => this.#addServer(probe.host, network));
      attachReplicas(servers);
    }
    this.#invocations = this.#observersOf(seed, () => 0.5 + network.next());
  }

  #addServer(host: string, network: { next(): number }): SimRedis {
    const server = new SimRedis(
      {
        engine: this.engine,
        timings: smallData(),
        nodes: this.#nodes,
        hasMarker: true,
        isCut: () => false,
        replicationDelayMs: () => 0.5 + network.next(),
        onRoleChange: ({ id }, { kind }) => {
          if (kind === "promote" && this.engine.nowMs >= this.#faultAtMs) {
            this.#writableAtMs.set(id, this.engine.nowMs);
          }
        },
      },
      host,
      port,
    );
    this.#nodes.set(server.id, server);
    return server;
  }

  #observersOf(seed: number, delayMs: () => number): Invocations {
    const [config] = this.#configs;
    if (config === undefined) throw new Error("Expected a group.");
    return new Invocations(
      {
        ...{ engine: this.engine, config, store: this.#store, dns: this.#dns },
        network: {
          ...{ nodes: this.#nodes, hasMarker: true, onHeal: nothing, onSample: nothing },
          ...{ onObserved: nothing, delayMs },
          isCut: () => false,
          isLost: () => false,
          isConnectionCut: () => false,
        },
        ...{ onEffect: nothing, onStart: nothing },
        note: nothing,
        fail: (violation) => {
          throw violation;
        },
      },
      {
        seed,
        observers,
        jitterMs: 2_000,
        isOrderly: false,
        watching: { cadence: "loop", pulseMs: 5_000 },
      },
    );
  }

  start(): void {
    this.#invocations.start();
    const tick = (): void => {
      for (const node of this.#nodes.values()) node.tick(this.engine.nowMs);
      this.engine.schedule(1_000, tick);
    };
    this.engine.schedule(1_000, tick);
  }

  async runFor(ms: number): Promise<void> {
    await this.engine.runUntil(this.engine.nowMs + ms);
  }

  async runUntil(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.engine.nowMs + limitMs;
    while (!isOver() && this.engine.nowMs < endMs) {
      await this.engine.runUntil(this.engine.nowMs + sliceMs);
    }
    return isOver();
  }

  areAdopted(): boolean {
    return this.#configs.every(({ name }) => {
      const state = this.#store.states.get(name);
      if (state?.phase !== "steady" || state.master === null) return false;
      return state.published?.node === state.master.node;
    });
  }

  killMasters(): void {
    this.#faultAtMs = this.engine.nowMs;
    this.#requestsBefore = this.#dns.requestsAtMs.length;
    this.#dns.bucket = createTokenBucket({ burst: 50, perSecond: 10 });
    for (const node of this.#nodes.values()) if (node.role === "master") node.kill();
  }

  #noteNames(records: readonly RecordSet[]): void {
    const now = new Map(
      records.flatMap(({ name, type, values: [address] }): [string, string][] =>
        type === "A" && address !== undefined ? [[name, address]] : [],
      ),
    );
    for (const { name, nodes, dns } of this.#configs) {
      const address = now.get(dns?.name ?? "");
      const isMoved = address !== undefined && address !== nodes[0]?.probe.host;
      if (isMoved && !this.#learnedAtMs.has(name)) this.#learnedAtMs.set(name, this.engine.nowMs);
    }
  }

  areWritable(): boolean {
    return this.#writableAtMs.size >= this.#configs.length;
  }

  areLearned(): boolean {
    return this.#learnedAtMs.size >= this.#configs.length;
  }

  outcome(): Outcome & Readings {
    const during = this.#dns.requestsAtMs.slice(this.#requestsBefore);
    const last = (times: ReadonlyMap<string, number>) =>
      times.size < this.#configs.length ? null : Math.max(...times.values()) - this.#faultAtMs;
    return {
      writableLastMs: last(this.#writableAtMs),
      learnedLastMs: last(this.#learnedAtMs),
      // Those whose names have not moved by the end of the measurement: then there is no last one.
      unlearned: this.#configs.length - this.#learnedAtMs.size,
      route53Requests: during.length,
      route53PerSecondMax: busiestSecond(during),
    };
  }
}

function nothing(): void {}

function configsOf(count: number): readonly GroupConfig[] {
  const text = [
    `observers: [${observers.join(", ")}]`,
    "groups:",
    ...groupNames(count).flatMap((name, index) => [
      `  - name: ${name}`,
      `    nodes: [${Array.from({ length: nodesEach }, (_, node) => `"10.${node}.${index >> 8}.${index & 255}:${port}"`).join(", ")}]`,
      `    dns: { zoneId: ${zoneId}, name: ${name}.sim.test, ttl: 1, srv: true }`,
      ...groupLines({ crashAfterMs: 0 }).map((line) => `    ${line}`),
    ]),
  ].join("\n");
  const loaded = loadConfig(text, "bench.yml");
  if (!loaded.ok) throw new Error(`Expected a valid file, got ${JSON.stringify(loaded.problems)}`);
  return loaded.groups.map((draft) => toGroupConfig(draft, 1));
}
