import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { RedisBinary } from "../../lab/redis/find.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import { assertNever } from "../../lib/core/assert-never.ts";
import { markerKey, nodeAt, RedisLab, until } from "../support/redis-lab.ts";
import type { Ailment, RedisPlay, ServerOptions, StagedServer, Written } from "./redis-stage.ts";

const neverSeconds = 3_600;
/** What each key costs a server that loads slowly. */
const loadDelayUs = "10000";
/** Clients of people: no questions of the library's own. */
const plain = { enableReadyCheck: false, disableClientInfo: true };

/** Plays on real servers of this kind. */
export function playRealRedis(binary: RedisBinary): RedisPlay {
  return async (act) => {
    const lab = new RedisLab();
    try {
      await act({
        pass: (ms) => delay(ms),
        start: (options) => start(lab, binary, options),
        observer: ({ hasMarker = true } = {}) => lab.nodes(hasMarker ? {} : { markerKey: null }),
      });
    } finally {
      await lab.close();
    }
  };
}

async function start(
  lab: RedisLab,
  binary: RedisBinary,
  { replicaOf, persistence = "none", pingSeconds = neverSeconds }: ServerOptions = {},
): Promise<StagedServer> {
  const master = replicaOf?.node.replicate;
  const server = await lab.start({
    binary,
    persistence,
    replicaPingPeriodSeconds: pingSeconds,
    extra: ["lua-time-limit 50", "loading-process-events-interval-bytes 1024"],
    ...(master === undefined ? {} : { replicaOf: master }),
  });
  if (master !== undefined) await untilOnline(lab, server, master);
  return staged(lab, server);
}

/** A replica has its data a moment before its master counts it as online, which a hand-over asks for. */
async function untilOnline(
  lab: RedisLab,
  server: RedisServer,
  master: { host: string; port: number },
): Promise<void> {
  const [own, its] = [lab.client(server, plain), lab.client(master, plain)];
  const online = new RegExp(`ip=${server.host},port=${server.port},state=online`);
  await until(async () => (await own.info("replication")).includes("master_link_status:up"));
  await until(async () => online.test(await its.info("replication")));
  own.disconnect();
  its.disconnect();
}

function staged(lab: RedisLab, server: RedisServer): StagedServer {
  let keys = 0;
  const once = async <T>(ask: (client: Redis) => Promise<T>): Promise<T> => {
    const client = lab.client(server, plain);
    try {
      return await ask(client);
    } finally {
      client.disconnect();
    }
  };
  return {
    node: nodeAt(server),
    write: () => {
      keys += 1;
      return once((client) =>
        once((asked) => written(client, asked, `${server.host} key ${keys}`)),
      );
    },
    mark: (epoch) => once(async (client) => void (await client.set(markerKey, epoch))),
    save: () => once(async (client) => void (await client.save())),
    follow: (master) =>
      once(async (client) => {
        const { host, port } = master?.node.replicate ?? { host: "NO", port: "ONE" };
        await client.replicaof(host, port);
      }),
    loadSlowly: () =>
      once(async (client) => void (await client.config("SET", "key-load-delay", loadDelayUs))),
    waitToFork: (forMs) =>
      once(async (client) => {
        await client.config("SET", "repl-diskless-sync", "yes");
        await client.config("SET", "repl-diskless-sync-delay", forMs / 1_000);
        await client.config("REWRITE");
      }),
    pauseWrites: (forMs) =>
      once(async (client) => void (await client.call("CLIENT", "PAUSE", forMs, "WRITE"))),
    hang: () => server.pause(),
    thaw: () => server.resume(),
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: ({ isEmpty = false } = {}) => server.restart({ empty: isEmpty }),
    ail: (ailment) => strike(lab, server, ailment),
  };
}

/**
 * What a write came to, which no limit of ours decides: the server says whether it holds the write back, and a process that
 * was starved meanwhile hears the same.
 */
async function written(client: Redis, asked: Redis, key: string): Promise<Written> {
  const id = client.client("ID");
  const answer = client.set(key, "value").then(
    () => "done" as const,
    () => "refused" as const,
  );
  const held = id.then((known) => untilHeld(asked, known));
  return Promise.race([
    answer,
    held.then(
      () => "unanswered" as const,
      () => answer,
    ),
  ]);
}

/** Until the server tells of this client that it waits: flag "b" of CLIENT LIST, which a pause gives as well. */
function untilHeld(asked: Redis, id: number): Promise<void> {
  return until(async () =>
    / flags=\S*b/.test(String(await asked.call("CLIENT", "LIST", "ID", id))),
  );
}

/** Makes the server ill, and tells how to heal it. */
async function strike(
  lab: RedisLab,
  server: RedisServer,
  ailment: Ailment,
): Promise<() => Promise<void>> {
  const client = lab.client(server, plain);
  const config = (name: string, value: string) => client.config("SET", name, value);
  switch (ailment) {
    case "BUSY": {
      const endless = client.eval("while true do end", 0).catch(() => null);
      const healer = lab.client(server, plain);
      await until(async () => (await healer.ping().catch(String)).includes("BUSY"));
      return async () => {
        await healer.call("SCRIPT", "KILL");
        await endless;
      };
    }
    case "MISCONF":
      await config("save", "3600 1");
      await rm(server.dir, { recursive: true });
      await client.bgsave();
      await until(async () => (await client.ping().catch(String)).includes("MISCONF"));
      return async () => void (await config("stop-writes-on-bgsave-error", "no"));
    case "NOAUTH":
      await config("requirepass", "unknown to us");
      return async () => void (await config("requirepass", ""));
    case "MAXCLIENTS":
      await client.ping();
      await config("maxclients", "1");
      return async () => void (await config("maxclients", "100"));
    case "LOADING":
      return load(lab, server, client);
    default:
      return assertNever(ailment);
  }
}

/** Restarts it slowly: it reads so many keys, one every so many microseconds. */
async function load(lab: RedisLab, server: RedisServer, client: Redis) {
  const keys = Array.from({ length: 300 }, (_, index) => [`load ${index}`, "x".repeat(200)]);
  await client.mset(...keys.flat());
  await client.config("SET", "key-load-delay", "5000");
  await client.config("REWRITE");
  const restarted = server.restart();
  await until(async () => {
    const asked = lab.client(server, plain);
    const answer = await asked.ping().catch(String);
    asked.disconnect();
    return answer.includes("LOADING");
  });
  return () => restarted;
}
