import { assertNever } from "../../lib/core/assert-never.ts";
import type { NodeConfig } from "../../lib/core/config.ts";
import { Cuts } from "../simulator/network.ts";
import { type RedisWorld, smallData } from "../simulator/redis-world.ts";
import type { Ailment as SimAilment } from "../simulator/sim-ailments.ts";
import { simNodes } from "../simulator/sim-nodes.ts";
import { SimRedis } from "../simulator/sim-redis.ts";
import type { SimNetwork } from "../simulator/sim-vantage.ts";
import { nodeConfig } from "../support/builders.ts";
import type {
  Ailment,
  RedisPlay,
  RedisStage,
  ServerOptions,
  StagedServer,
  Written,
} from "./redis-stage.ts";
import { SimTime } from "./sim-time.ts";
import { until } from "./stage.ts";

const oneWayMs = 1;
const momentMs = 300;
const slowLoadMs = 500;
const neverMs = 3_600_000;

/** Plays on simulated servers. */
export const playSimRedis: RedisPlay = async (act) => {
  const world = new SimulatedServers();
  await world.time.playOut(act(world));
};

class SimulatedServers implements RedisStage {
  readonly time = new SimTime();
  readonly #nodes = new Map<string, SimRedis>();
  readonly #cuts = new Cuts();
  readonly #world: RedisWorld;
  #writes = 0;

  constructor() {
    this.#world = {
      engine: this.time.engine,
      timings: smallData(),
      nodes: this.#nodes,
      hasMarker: true,
      isCut: (one, other) => this.#cuts.isCut(one, other),
      replicationDelayMs: () => oneWayMs,
      onRoleChange: () => {},
    };
    const tick = () => {
      for (const node of this.#nodes.values()) node.tick(this.time.engine.nowMs);
      this.time.engine.schedule(1_000, tick);
    };
    this.time.engine.schedule(1_000, tick);
  }

  pass(ms: number): Promise<void> {
    return this.time.pass(ms);
  }

  async start(options: ServerOptions = {}): Promise<StagedServer> {
    const node = nodeConfig(`10.0.0.${this.#nodes.size + 1}:6379`);
    const server = new SimRedis(this.#world, node.probe.host, node.probe.port);
    server.replPingMs = (options.pingSeconds ?? neverMs / 1_000) * 1_000;
    this.#nodes.set(node.id, server);
    server.configure(options.replicaOf?.node.id ?? null);
    if (options.replicaOf !== undefined) await until(this, () => server.link.isUp);
    return this.#staged(server, node, options);
  }

  observer({ hasMarker = true } = {}) {
    const network: SimNetwork = {
      nodes: this.#nodes,
      hasMarker,
      isCut: (one, other) => this.#cuts.isCut(one, other),
      isLost: (from, to) => this.#cuts.isLost(from, to),
      onHeal: (one, other, action) => this.#cuts.onHeal(one, other, action),
      delayMs: () => oneWayMs,
      isConnectionCut: () => false,
      onSample: () => {},
      onObserved: () => {},
      onEffect: () => {},
    };
    return simNodes(this.time.process(), "observer", network);
  }

  #staged(server: SimRedis, node: NodeConfig, options: ServerOptions): StagedServer {
    const { persistence = "none" } = options;
    let isStopped = false;
    const end = (isOrderly: boolean) => {
      isStopped = isOrderly;
      return Promise.resolve(server.kill());
    };
    return {
      node,
      write: () => this.#write(server),
      mark: async (epoch) => {
        server.setMarker(epoch);
      },
      save: async () => server.stream.save(),
      waitToFork: async (forMs) => {
        this.#world.timings.syncDelayMs = forMs;
      },
      follow: async (master) => {
        if (master === null) server.becomeMaster();
        else server.becomeReplicaOf(master.node.id);
      },
      loadSlowly: async () => {
        this.#world.timings.loadMs = slowLoadMs;
      },
      pauseWrites: async (forMs) => server.pause.begin(forMs),
      hang: () => server.hang(),
      thaw: () => server.thaw(),
      kill: () => end(false),
      stop: () => end(true),
      restart: async ({ isEmpty = false } = {}) => {
        const saved = persistence === "rdb" && !isStopped ? "old-rdb" : persistence;
        server.restart(isEmpty || saved === "none" ? "empty" : saved);
      },
      ail: (ailment) => this.#strike(server, ailment),
    };
  }

  /** A write from a connection of its own. */
  #write(server: SimRedis): Promise<Written> {
    this.#writes += 1;
    const value = this.#writes;
    return new Promise((resolve) => {
      const ask = () =>
        server.arrive(() =>
          server.onWrite(() => resolve(server.write(value) ? "done" : "refused")),
        );
      this.time.engine.schedule(oneWayMs, ask);
      this.time.engine.schedule(momentMs, () => resolve("unanswered"));
    });
  }

  async #strike(server: SimRedis, ailment: Ailment): Promise<() => Promise<void>> {
    if (ailment !== "LOADING") {
      const named = nameOf(ailment);
      server.ailments.add(named);
      return async () => {
        server.ailments.delete(named);
      };
    }
    this.#world.timings.loadMs = slowLoadMs;
    server.kill();
    server.restart("rdb");
    return () => until(this, () => !server.isLoading);
  }
}

function nameOf(ailment: Exclude<Ailment, "LOADING">): SimAilment {
  switch (ailment) {
    case "BUSY":
      return "busy";
    case "MISCONF":
      return "misconf";
    case "NOAUTH":
      return "denied";
    case "MAXCLIENTS":
      return "full";
    default:
      return assertNever(ailment);
  }
}
