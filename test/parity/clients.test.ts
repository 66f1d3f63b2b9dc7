import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Redis } from "ioredis";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import {
  type DocumentedClient,
  hasRedisPy,
  key,
  startIoredis,
  startNodeRedis,
  startRedisCli,
  startRedisPy,
} from "../support/documented-clients.ts";
import { type MovingName, openName } from "../support/moving-name.ts";

let old: RedisServer;
let next: RedisServer;
let name: MovingName;
let client: DocumentedClient | null = null;

beforeEach(async () => {
  const [first, second] = await pickNodeAddresses(2);
  if (first === undefined || second === undefined) throw new Error("expected two addresses");
  old = await startRedis(first);
  next = await startRedis({ ...second, replicaOf: first });
  name = await openName(old);
});

afterEach(async () => {
  await client?.close();
  client = null;
  await name.close();
  old.resume();
  await next.dispose();
  await old.dispose();
});

async function promote(node: RedisServer): Promise<void> {
  const redis = new Redis(node.port, node.host, { disconnectTimeout: 50 });
  await redis.replicaof("NO", "ONE");
  redis.disconnect();
}

/** Writes as an application does that may write twice, until a write is acknowledged. */
async function writeUntilAcknowledged(by: DocumentedClient, value: string): Promise<void> {
  const limit = performance.now() + 20_000;
  for (;;) {
    try {
      await by.set(value);
      return;
    } catch (error) {
      if (performance.now() > limit) throw error;
      await sleep(20);
    }
  }
}

async function valueOn(node: RedisServer): Promise<string | null> {
  const redis = new Redis(node.port, node.host, { disconnectTimeout: 50 });
  const value = await redis.get(key);
  redis.disconnect();
  return value;
}

const clients = [
  ["ioredis", startIoredis],
  ["node-redis", startNodeRedis],
  ["redis-py", startRedisPy],
  ["redis-cli", startRedisCli],
] as const;

if (!hasRedisPy) {
  console.warn("redis-py is not there: bash scripts/fetch-redis-py.sh. Its recipe is not tried.");
}

describe.each(clients.filter(([which]) => which !== "redis-py" || hasRedisPy))(
  "the documented %s follows the name",
  (_which, start) => {
    it("when the master was killed", async () => {
      client = await start(name.port);
      await client.set("before");
      await old.kill();
      await promote(next);
      name.pointTo(next);
      await writeUntilAcknowledged(client, "after");
      expect(await valueOn(next)).toBe("after");
    });

    it("when the master became a replica, though nobody cut its connection", async () => {
      client = await start(name.port);
      await client.set("before");
      await promote(next);
      name.pointTo(next);
      const redis = new Redis(old.port, old.host, { disconnectTimeout: 50 });
      await redis.replicaof(next.host, next.port);
      redis.disconnect();
      // READONLY is answered by reconnecting and sending again: the application sees no error.
      await client.set("after");
      expect(await valueOn(next)).toBe("after");
    });

    it("while the master hangs", async () => {
      client = await start(name.port);
      await client.set("before");
      old.pause();
      await expect(client.set("unanswered")).rejects.toThrow();
      await promote(next);
      name.pointTo(next);
      await writeUntilAcknowledged(client, "after");
      expect(await valueOn(next)).toBe("after");
    });
  },
);
