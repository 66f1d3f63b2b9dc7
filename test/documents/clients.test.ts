import { readFileSync } from "node:fs";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Redis, type RedisOptions } from "ioredis";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";

const page = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
const [, recipe = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];

let old: RedisServer;
let next: RedisServer;
let name: Name;
let client: Redis;

beforeEach(async () => {
  const [first, second] = await pickNodeAddresses(2);
  if (first === undefined || second === undefined) throw new Error("expected two addresses");
  old = await startRedis(first);
  next = await startRedis({ ...second, replicaOf: first });
  name = await openName(old);
  client = followRecipe(name.port);
});

afterEach(async () => {
  client.disconnect();
  await name.close();
  old.resume();
  await next.dispose();
  await old.dispose();
});

interface Name {
  readonly port: number;
  pointTo(node: { readonly host: string; readonly port: number }): void;
  close(): Promise<void>;
}

/**
 * Stands for the name: whoever connects reaches the node that it names at that moment. Moving it leaves connections that
 * stand alone, as DNS does.
 */
async function openName(node: { readonly host: string; readonly port: number }): Promise<Name> {
  let target = node;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = dial(target.port, target.host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    port: address.port,
    pointTo: (node) => {
      target = node;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The page's own code, with the stand-in for the name instead of the name. */
function followRecipe(port: number): Redis {
  // A function that returns an object may be called with `new`.
  function Here(options: RedisOptions): Redis {
    const { replyMapping: _mapped, ...plain } = options;
    return new Redis({ ...plain, host: "127.0.0.1", port, disconnectTimeout: 50 });
  }
  const quiet = { error: () => {} };
  const made: unknown = new Function("Redis", "console", `${recipe}\nreturn redis;`)(Here, quiet);
  if (!(made instanceof Redis)) throw new Error("expected the recipe to make a client");
  return made;
}

async function promote(node: RedisServer): Promise<void> {
  const redis = new Redis(node.port, node.host, { disconnectTimeout: 50 });
  await redis.replicaof("NO", "ONE");
  redis.disconnect();
}

/** Writes as an application does that may write twice, until a write is acknowledged. */
async function writeUntilAcknowledged(value: string): Promise<void> {
  const limit = performance.now() + 10_000;
  for (;;) {
    try {
      await client.set("followed", value);
      return;
    } catch (error) {
      if (performance.now() > limit) throw error;
      await sleep(20);
    }
  }
}

async function valueOn(node: RedisServer): Promise<string | null> {
  const redis = new Redis(node.port, node.host, { disconnectTimeout: 50 });
  const value = await redis.get("followed");
  redis.disconnect();
  return value;
}

describe("the documented client follows the name", () => {
  it("when the master was killed", async () => {
    await client.set("followed", "before");
    await old.kill();
    await promote(next);
    name.pointTo(next);
    await writeUntilAcknowledged("after");
    expect(await valueOn(next)).toBe("after");
  });

  it("when the master became a replica, though nobody cut its connection", async () => {
    await client.set("followed", "before");
    await promote(next);
    name.pointTo(next);
    const redis = new Redis(old.port, old.host, { disconnectTimeout: 50 });
    await redis.replicaof(next.host, next.port);
    redis.disconnect();
    // READONLY is answered by reconnecting and sending again: the application sees no error.
    await client.set("followed", "after");
    expect(await valueOn(next)).toBe("after");
  });

  it("while the master hangs", async () => {
    await client.set("followed", "before");
    old.pause();
    const unanswered = client.set("followed", "unanswered").catch((error: Error) => error);
    await promote(next);
    name.pointTo(next);
    expect(await unanswered).toBeInstanceOf(Error);
    await writeUntilAcknowledged("after");
    expect(await valueOn(next)).toBe("after");
  });
});
