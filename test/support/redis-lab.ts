import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "../../lab/redis/server.ts";
import type { openConnection } from "../../lib/adapters/redis-connection.ts";
import { createRedisNodes, type Renew } from "../../lib/adapters/redis-nodes.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import type { Address, NodeConfig } from "../../lib/core/config.ts";
import type { NodeSession, ProbeWants, RedisAccess, RedisNodes } from "../../lib/ports/redis.ts";

/** Generous: no test asserts how long anything takes. */
export const deadlineMs = 10_000;
export const wants: ProbeWants = {
  info: true,
  rehearse: "no",
  timeoutMs: deadlineMs,
  reconnectAfterMs: 60_000,
};
/** For a server that will not answer. */
export const impatient: ProbeWants = {
  info: true,
  rehearse: "no",
  timeoutMs: 250,
  reconnectAfterMs: 60_000,
};

export const markerKey = "lambda-sentinel:{cache}:epoch";

export function nodeAt(address: Address): NodeConfig {
  const { host, port } = address;
  const at = { host, port };
  return { id: `${host}:${port}`, probe: at, replicate: at, publish: at };
}

/** Asks again until the answer is right, for what a server does in the background. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    if (await condition()) return;
    await delay(25);
  }
  throw new Error("expected the condition to hold within 30 s, got no change");
}

interface ClientOptions {
  readonly username?: string;
  readonly password?: string;
  readonly enableReadyCheck?: boolean;
  readonly disableClientInfo?: boolean;
}

/** Real servers and the connections to them, all of which end with the test. */
export class RedisLab {
  readonly #servers: RedisServer[] = [];
  readonly #clients: Redis[] = [];
  readonly #nodes: RedisNodes[] = [];
  readonly #sessions: NodeSession[] = [];

  async start(options: Partial<RedisServerOptions> = {}): Promise<RedisServer> {
    const [address] = await pickNodeAddresses(1);
    if (address === undefined) throw new Error("expected an address, got none");
    const server = await startRedis({ ...address, ...options });
    this.#servers.push(server);
    return server;
  }

  /** A master with data and a replica that has it. */
  async startPair(options: Partial<RedisServerOptions> = {}) {
    const [one, two] = await pickNodeAddresses(2);
    const master = await this.start({ ...one, ...options });
    const replica = await this.start({ ...two, ...options, replicaOf: master });
    const told = this.client(master);
    await told.set("key", "value");
    const asked = this.client(replica);
    await until(async () => (await asked.get("key")) === "value");
    // The replica has its data a moment before the master counts it as online, which a hand-over asks for.
    await until(async () => (await told.info("replication")).includes("state=online"));
    return { master, replica };
  }

  nodes(
    access: Partial<RedisAccess> = {},
    connect?: typeof openConnection,
    renew?: Renew,
  ): RedisNodes {
    const made = createRedisNodes(
      { markerKey, killBusyScripts: false, ...access },
      systemClock,
      connect,
      renew,
    );
    this.#nodes.push(made);
    return made;
  }

  async session(server: Address, access: Partial<RedisAccess> = {}): Promise<NodeSession> {
    const opened = await this.nodes(access).openSession(nodeAt(server), deadlineMs);
    if (!opened.ok) throw new Error(`expected a session, got ${opened.why}`);
    this.#sessions.push(opened.value);
    return opened.value;
  }

  /** A client as an application has one, or an operator. */
  client({ host, port }: Address, options: ClientOptions = {}): Redis {
    const made = new Redis({
      host,
      port,
      retryStrategy: () => null,
      disconnectTimeout: 50,
      ...options,
    });
    // The errors that matter are those of the commands.
    made.on("error", () => {});
    this.#clients.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.splice(0)) session.close();
    await Promise.all(this.#nodes.splice(0).map((nodes) => nodes.close()));
    for (const client of this.#clients.splice(0)) client.disconnect();
    await Promise.all(this.#servers.splice(0).map((server) => server.dispose()));
  }
}
