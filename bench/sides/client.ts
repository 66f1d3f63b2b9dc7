import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Address } from "../../lib/core/config.ts";

/** Finds the master: by its name in DNS, or by asking Sentinels. */
export interface Locator {
  locate(): Promise<Address>;
  /** Calls back when the master is said to be another one, where somebody says so. */
  onMoved(listener: () => void): void;
}

export interface Acknowledged {
  readonly value: number;
  readonly at: Address;
  readonly atMs: number;
}

/** A client that follows whoever is said to be the master, and writes increasing integers to a set. */
export interface Client {
  readonly acknowledged: readonly Acknowledged[];
  stop(): Promise<void>;
}

/** The set that it writes to. */
export const clientKey = "bench:writes";

const commandTimeoutMs = 250;
const reconnectMs = 20;
const betweenWritesMs = 5;

/**
 * The same habits for both sides, those of docs/clients.md: the master is looked up for every connection, a command has
 * a deadline, and any failure means another look-up. News of another master ends the connection at once.
 */
export function startClient(locator: Locator): Client {
  const acknowledged: Acknowledged[] = [];
  const stopping = new AbortController();
  let current: Redis | null = null;
  let next = 0;
  locator.onMoved(() => current?.disconnect());

  const writeOn = async (redis: Redis, at: Address): Promise<void> => {
    while (!stopping.signal.aborted) {
      next += 1;
      const value = next;
      await redis.sadd(clientKey, value);
      acknowledged.push({ value, at, atMs: performance.now() });
      await sleep(betweenWritesMs);
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const at = await locator.locate();
        current = connectTo(at, commandTimeoutMs);
        await current.connect();
        await writeOn(current, at);
      } catch {
        await sleep(reconnectMs);
      } finally {
        current?.disconnect();
        current = null;
      }
    }
  };

  const done = run();
  return {
    acknowledged,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** A connection that never reconnects, queues or sends again. */
export function connectTo({ host, port }: Address, timeoutMs: number): Redis {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    disconnectTimeout: 50,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
  });
  // Errors reach us through the command that failed; without a listener they would end the process.
  redis.on("error", () => {});
  return redis;
}
