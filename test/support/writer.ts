import { Resolver } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

/** A client that knows only the name: resolves it over DNS, writes 1, 2, 3, … and remembers what was acknowledged. */
export interface Writer {
  readonly acknowledged: ReadonlySet<number>;
  /** The last integer that was sent, whatever became of it. */
  readonly last: number;
  /** Addresses that acknowledged a write, in order, without repetitions in a row. */
  readonly masters: readonly string[];
  stop(): Promise<void>;
}

export interface WriterOptions {
  readonly dnsPort: number;
  readonly name: string;
  /** Time between two writes. */
  readonly everyMs?: number;
  readonly key?: string;
}

const timeoutMs = 400;
const pauseMs = 50;
export const writerKey = "writes";

export function startWriter(options: WriterOptions): Writer {
  const { everyMs = 5, key = writerKey } = options;
  const acknowledged = new Set<number>();
  const masters: string[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  let next = 0;

  const writeUntilBroken = async (redis: Redis, address: string): Promise<void> => {
    while (!signal.aborted) {
      next += 1;
      await redis.rpush(key, next);
      acknowledged.add(next);
      if (masters.at(-1) !== address) masters.push(address);
      await delay(everyMs, undefined, { signal });
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      let redis: Redis | null = null;
      try {
        const { host, port } = await resolveMaster(options);
        redis = connectOnce(host, port);
        await redis.connect();
        await writeUntilBroken(redis, `${host}:${port}`);
      } catch {
        // No answer, no address, READONLY, cut: all mean that the name is resolved again.
        await delay(pauseMs);
      } finally {
        redis?.disconnect();
      }
    }
  };

  const running = run();
  return {
    acknowledged,
    masters,
    get last() {
      return next;
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/**
 * A connection that never reconnects, queues or re-sends: an integer is written once or not acknowledged. `patienceMs` is
 * how long an answer is waited for; null: for ever.
 */
export function connectOnce(
  host: string,
  port: number,
  patienceMs: number | null = timeoutMs,
): Redis {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    connectTimeout: timeoutMs,
    ...(patienceMs === null ? {} : { commandTimeout: patienceMs }),
    disconnectTimeout: 50,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  redis.on("error", () => {});
  return redis;
}

export async function resolveMaster({
  dnsPort,
  name,
}: Pick<WriterOptions, "dnsPort" | "name">): Promise<{ host: string; port: number }> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([`127.0.0.1:${dnsPort}`]);
  const [addresses, services] = await Promise.all([
    resolver.resolve4(name),
    resolver.resolveSrv(`_redis._tcp.${name}`),
  ]);
  const [host, second] = addresses;
  const [service] = services;
  if (host === undefined || service === undefined || second !== undefined) {
    throw new Error(`expected one address and one port for ${name}, got ${addresses.join(", ")}`);
  }
  return { host, port: service.port };
}
