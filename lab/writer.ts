import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/**
 * A client as docs/clients.md recommends it: it knows only the name, resolves it again for every connection, gives each
 * command a deadline, and reconnects when it is told READONLY. It adds increasing integers to a set and remembers which
 * of them were acknowledged.
 */
export interface Writer {
  readonly acknowledged: readonly number[];
  /** Writes without an answer: they may or may not have happened. */
  readonly unknown: ReadonlySet<number>;
  /** Called with every acknowledged write. */
  onAcknowledged(listener: (write: Acknowledged) => void): void;
  stop(): Promise<void>;
}

export interface Acknowledged {
  readonly value: number;
  readonly host: string;
  readonly port: number;
  readonly atMs: number;
}

export interface WriterOptions {
  readonly dnsServer: string;
  readonly name: string;
  /** The port of every node; null reads it from the SRV record. */
  readonly port: number | null;
  readonly key: string;
  readonly pauseMs?: number;
}

const commandTimeoutMs = 500;
const reconnectMs = 20;

export function startWriter(options: WriterOptions): Writer {
  const resolver = new Resolver({ timeout: commandTimeoutMs, tries: 1 });
  resolver.setServers([options.dnsServer]);
  const acknowledged: number[] = [];
  const unknown = new Set<number>();
  const listeners: ((write: Acknowledged) => void)[] = [];
  const stopping = new AbortController();
  let next = 0;

  const resolve = async (): Promise<{ host: string; port: number }> => {
    if (options.port !== null) {
      const [host] = await resolver.resolve4(options.name);
      if (host === undefined) throw new Error(`${options.name} has no address`);
      return { host, port: options.port };
    }
    const [srv] = await resolver.resolveSrv(`_redis._tcp.${options.name}`);
    if (srv === undefined) throw new Error(`${options.name} has no SRV record`);
    const [host] = await resolver.resolve4(srv.name);
    if (host === undefined) throw new Error(`${srv.name} has no address`);
    return { host, port: srv.port };
  };

  /** Writes over one connection until it fails. */
  const writeOn = async (redis: Redis, at: { host: string; port: number }): Promise<void> => {
    while (!stopping.signal.aborted) {
      const value = next;
      next += 1;
      unknown.add(value);
      try {
        await redis.sadd(options.key, value);
      } catch (error) {
        // An error reply is an answer: the write did not happen. Anything else leaves it open.
        if (error instanceof Error && error.name === "ReplyError") unknown.delete(value);
        throw error;
      }
      unknown.delete(value);
      acknowledged.push(value);
      const write = { value, ...at, atMs: performance.now() };
      for (const listener of listeners) listener(write);
      await sleep(options.pauseMs ?? 5);
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let redis: Redis | null = null;
      try {
        const at = await resolve();
        redis = connectTo(at);
        await redis.connect();
        await writeOn(redis, at);
      } catch {
        // Whatever went wrong, the answer is the same: resolve the name again and reconnect.
        await sleep(reconnectMs);
      } finally {
        redis?.disconnect();
      }
    }
  };

  const done = run();
  return {
    acknowledged,
    unknown,
    onAcknowledged: (listener) => {
      listeners.push(listener);
    },
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

function connectTo(at: { host: string; port: number }): Redis {
  const redis = new Redis({
    ...at,
    lazyConnect: true,
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    disconnectTimeout: 50,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
  });
  // Errors reach us through the command that failed; without a listener they would end the process.
  redis.on("error", () => {});
  return redis;
}
