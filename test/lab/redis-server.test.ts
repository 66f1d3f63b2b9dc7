import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { ProcessRegistry } from "../../lab/processes.ts";
import { loopbackAddresses, pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "../../lab/redis/server.ts";

const servers: RedisServer[] = [];
const clients: Redis[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.dispose()));
});

async function start(options: Partial<RedisServerOptions> = {}): Promise<RedisServer> {
  const [address] = await pickNodeAddresses(1);
  if (address === undefined) throw new Error("Expected an address, got none.");
  const server = await startRedis({ ...address, ...options });
  servers.push(server);
  return server;
}

function client(
  { host, port }: Readonly<{ host: string; port: number }>,
  options: Readonly<{ username?: string; password?: string; commandTimeout?: number }> = {},
): Redis {
  const made = new Redis({
    host,
    port,
    retryStrategy: () => null,
    disconnectTimeout: 50,
    ...options,
  });
  // The errors that matter are those of the commands.
  made.on("error", () => {});
  clients.push(made);
  return made;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks again until the answer is right, for what Redis does in the background. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("Expected the condition to hold within 10 s, got no change.");
}

describe("startRedis", () => {
  test("resolves when the server answers, and dispose leaves nothing", async () => {
    const server = await start();

    expect(await client(server).ping()).toBe("PONG");
    expect(server.isRunning).toBe(true);
    const { pid, dir } = server;
    expect(isAlive(pid)).toBe(true);
    await server.dispose();
    await server.dispose();

    expect(isAlive(pid)).toBe(false);
    expect(server.isRunning).toBe(false);
    expect(existsSync(dir)).toBe(false);
  });

  test("an address in use is refused with the server's own words", async () => {
    const { host, port } = await start();

    await expect(start({ host, port })).rejects.toThrow(
      new RegExp(`to answer at ${host}:${port}, got exit 1[\\s\\S]*(Address already in use|bind)`),
    );
  });

  test("a wrong config line is refused with the server's own words", async () => {
    await expect(start({ extra: ["no-such-directive yes"] })).rejects.toThrow(
      /got exit 1[\s\S]*no-such-directive/,
    );
  });

  test("is ended by the registry it was given", async () => {
    const processes = new ProcessRegistry();
    const server = await start({ processes });
    expect(processes.names()).toEqual([
      `${server.binary.kind}-server ${server.host}:${server.port}`,
    ]);

    await processes.stopAll();

    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  test("a disposed server is no longer in the registry", async () => {
    const processes = new ProcessRegistry();
    const server = await start({ processes });

    await server.dispose();

    expect(processes.names()).toEqual([]);
  });
});

describe("failures of a server", () => {
  test("kill is a SIGKILL, stop a SIGTERM", async () => {
    const server = await start();
    const killedPid = server.pid;
    await server.kill();
    expect(isAlive(killedPid)).toBe(false);
    expect(server.logTail().join("\n")).not.toContain("bye bye");

    await server.restart();
    const stoppedPid = server.pid;
    expect(stoppedPid).not.toBe(killedPid);
    await server.stop();
    await server.stop();

    expect(isAlive(stoppedPid)).toBe(false);
    await until(async () => server.logTail().join("\n").includes("bye bye"));
  });

  test("pause lets nothing answer, resume goes on with the same process", async () => {
    const server = await start();
    const { pid } = server;
    const impatient = client(server, { commandTimeout: 200 });
    await impatient.set("key", "value");

    server.pause();
    await expect(impatient.ping()).rejects.toThrow(/timed out/);
    server.resume();

    expect(await client(server).get("key")).toBe("value");
    expect(server.pid).toBe(pid);
  });

  test("a paused server can be stopped and killed", async () => {
    const [stopped, killed] = await Promise.all([start(), start()]);
    stopped.pause();
    killed.pause();

    await Promise.all([stopped.stop(), killed.kill()]);

    expect([stopped, killed].map(({ pid }) => isAlive(pid))).toEqual([false, false]);
  });

  test("without persistence a restart is a loss", async () => {
    const server = await start();
    await client(server).set("key", "value");
    await server.kill();

    await server.restart();

    expect(await client(server).get("key")).toBeNull();
  });

  test("with an AOF a crash keeps the data, and restart with empty loses it", async () => {
    const server = await start({ persistence: "aof" });
    await client(server).set("key", "value");
    await server.kill();

    await server.restart();
    expect(await client(server).get("key")).toBe("value");

    await server.restart({ empty: true });
    expect(await client(server).get("key")).toBeNull();
  });

  test("with RDB a crash keeps what was saved, and restart with empty loses it", async () => {
    const server = await start({ persistence: "rdb" });
    const before = client(server);
    await before.set("saved", "1");
    await before.save();
    await before.set("unsaved", "1");
    await server.kill();

    await server.restart();
    expect(await client(server).mget("saved", "unsaved")).toEqual(["1", null]);

    await server.restart({ empty: true });
    expect(await client(server).mget("saved", "unsaved")).toEqual([null, null]);
  });
});

describe("replication and config", () => {
  test("a replica follows its master and is known by its own address", async () => {
    const [one, two] = await pickNodeAddresses(2);
    const master = await start({ ...one });
    const replica = await start({ ...two, replicaOf: master });
    const asked = client(replica);

    await until(async () => (await asked.info("replication")).includes("master_link_status:up"));
    await client(master).set("key", "value");
    await until(async () => (await asked.get("key")) === "value");

    const info = await client(master).info("replication");
    expect(info).toContain(`ip=${replica.host},port=${replica.port},state=online`);
    expect(await client(master).config("GET", "repl-ping-replica-period")).toEqual([
      "repl-ping-replica-period",
      "1",
    ]);
  });

  test("a master with a password takes a replica that knows it", async () => {
    const [one, two] = await pickNodeAddresses(2);
    const master = await start({ ...one, password: 'se"cret' });
    const replica = await start({ ...two, replicaOf: master, masterPassword: 'se"cret' });
    const asked = client(replica);

    await until(async () => (await asked.info("replication")).includes("master_link_status:up"));

    await expect(client(master).ping()).rejects.toThrow(/NOAUTH/);
    expect(await client(master, { password: 'se"cret' }).ping()).toBe("PONG");
  });

  test("ACL lines make users, and the server counts as up though it refuses us", async () => {
    const server = await start({
      aclLines: ["user default off", "user probe on >word +ping +info +role"],
    });
    const probe = client(server, { username: "probe", password: "word" });

    expect(await probe.ping()).toBe("PONG");
    await expect(probe.set("key", "value")).rejects.toThrow(/NOPERM/);
    await server.restart({ empty: true });
    expect(await client(server, { username: "probe", password: "word" }).ping()).toBe("PONG");
  });

  test("what CONFIG REWRITE wrote survives a restart, also an empty one", async () => {
    const [one, two] = await pickNodeAddresses(2);
    const server = await start({ ...one, replicaPingPeriodSeconds: 3, extra: ["maxclients 123"] });
    const asked = client(server);
    await asked.replicaof(two?.host ?? "", two?.port ?? 0);
    await asked.config("SET", "loglevel", "warning");
    expect(await asked.config("REWRITE")).toBe("OK");
    await server.kill();

    await server.restart({ empty: true });

    const again = client(server);
    expect((await again.role()).slice(0, 3)).toEqual(["slave", two?.host, two?.port]);
    expect(await again.config("GET", "maxclients")).toEqual(["maxclients", "123"]);
    expect(await again.config("GET", "repl-ping-replica-period")).toContain("3");
    expect(readFileSync(`${server.dir}/redis.conf`, "utf8")).toContain("CONFIG REWRITE");
  });
});

describe("addresses", () => {
  test("each node has an address that no other has", async () => {
    const addresses = await pickNodeAddresses(5);

    expect(new Set(addresses.map(({ host, port }) => `${host}:${port}`)).size).toBe(5);
    if (process.platform !== "linux") return;
    expect(new Set(addresses.map(({ host }) => host)).size).toBe(5);
    expect(new Set(addresses.map(({ port }) => port)).size).toBe(1);
    for (const { host } of addresses) expect(host).toMatch(/^127\.([1-9]\d*)\.\d+\.([1-9]\d*)$/);
  });

  test("an address in use is passed over", async () => {
    if (process.platform !== "linux") return;
    const first = await loopbackAddresses(3, "a seed");
    expect(await loopbackAddresses(3, "a seed")).toEqual(first);
    await start({ host: first.hosts[1] ?? "", port: first.port });

    const second = await loopbackAddresses(3, "a seed");

    expect(second).not.toEqual(first);
  });

  test("refuses a count that makes no sense", async () => {
    await expect(loopbackAddresses(0)).rejects.toThrow(/Expected 1 to 200 addresses, got 0/);
  });
});
