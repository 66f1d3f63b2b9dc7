import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Redis } from "ioredis";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { createRedisNodes } from "../../lib/adapters/redis-nodes.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { aclLine, anyGroup, rightsOf } from "../../lib/config/acl.ts";
import { markerKeyOf, type NodeConfig } from "../../lib/core/config.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import type { NodeSession, RoleChange } from "../../lib/ports/redis.ts";

const deadlineMs = 2_000;
const page = readFileSync(new URL("../../docs/threat-model.md", import.meta.url), "utf8");
const [, user = ""] = /^(user watcher .*)$/m.exec(page) ?? [];
const [, password = ""] = />(\S+)/.exec(user) ?? [];

let master: RedisServer;
let replica: RedisServer;
const nodes = createRedisNodes(
  {
    auth: { username: "watcher", password },
    markerKey: markerKeyOf("orders"),
    killBusyScripts: false,
  },
  systemClock,
);

beforeAll(async () => {
  const [first, second] = await pickNodeAddresses(2);
  if (first === undefined || second === undefined) throw new Error("expected two addresses");
  // Replication logs in as the default user, which needs no password here.
  master = await startRedis({ ...first, aclLines: [user] });
  replica = await startRedis({ ...second, aclLines: [user], replicaOf: first });
});

afterAll(async () => {
  await nodes.close();
  await replica?.dispose();
  await master?.dispose();
});

function configOf({ host, port }: RedisServer): NodeConfig {
  const at = { host, port };
  return { id: `${host}:${port}`, probe: at, replicate: at, publish: at };
}

async function probe(server: RedisServer): Promise<NodeFacts> {
  const wants = {
    info: true,
    rehearse: "no" as const,
    timeoutMs: 500,
    reconnectAfterMs: deadlineMs,
  };
  const { facts, reply } = await nodes.probe(configOf(server), wants);
  if (facts === undefined) throw new Error(`expected an INFO, got ${JSON.stringify(reply)}`);
  return facts;
}

async function waitUntil(server: RedisServer, holds: (facts: NodeFacts) => boolean) {
  for (let turn = 0; turn < 100; turn += 1) {
    if (holds(await probe(server))) return;
    await sleep(50);
  }
  throw new Error(
    `expected ${server.port} to get there, got ${JSON.stringify(await probe(server))}`,
  );
}

async function observed(server: RedisServer): Promise<NodeSession> {
  const opened = await nodes.openSession(configOf(server), deadlineMs);
  if (!opened.ok) throw new Error(opened.why);
  const facts = await opened.value.observe(deadlineMs);
  if (!facts.ok) throw new Error(facts.why);
  return opened.value;
}

/** Carries a change out; a part that the ACL refuses would be a warning. */
async function change(server: RedisServer, wanted: RoleChange): Promise<void> {
  const session = await observed(server);
  const changed = await session.changeRole(wanted, deadlineMs);
  session.close();
  expect(changed).toMatchObject({ ok: true, value: { warnings: [] } });
}

it("the documented Redis user may do all that an observer does, without a warning", async () => {
  const before = await probe(master);
  expect(before).toMatchObject({ role: "master", marker: null });
  expect(before.replPingMs).not.toBeNull();
  const marking = await observed(master);
  expect(await marking.setMarker(1, deadlineMs)).toMatchObject({ ok: true });
  marking.close();
  await waitUntil(replica, (facts) => facts.isLinkUp && facts.marker === 1);

  await change(replica, { kind: "promote", epoch: 2 });
  expect(await probe(replica)).toMatchObject({ role: "master", marker: 2 });

  await change(master, { kind: "attach", master: replica });
  await waitUntil(master, (facts) => facts.role === "replica" && facts.isLinkUp);

  await change(replica, { kind: "hand-over", to: master, timeoutMs: deadlineMs });
  await waitUntil(master, (facts) => facts.role === "master");

  await change(master, { kind: "fence" });
  expect(await probe(master)).toMatchObject({ role: "master", marker: 2 });
});

it("the page and the command line say the same", () => {
  expect(user).toBe(aclLine(anyGroup));
});

/** What an observer misses with these rights: in what a probe says, and in what a rehearsal finds. */
async function missedWith(rights: readonly string[]): Promise<readonly string[]> {
  await asDefault("ACL", "SETUSER", "watcher", "reset", ...tokensWith(rights));
  await asDefault("CLIENT", "KILL", "USER", "watcher");
  const probing = createRedisNodes(
    {
      auth: { username: "watcher", password },
      markerKey: markerKeyOf("orders"),
      killBusyScripts: false,
    },
    systemClock,
  );
  const wants = {
    info: true,
    rehearse: "once" as const,
    timeoutMs: 2_000,
    reconnectAfterMs: deadlineMs,
  };
  const sample = await probing.probe(configOf(master), wants);
  const names = String(await asDefault("CLIENT", "LIST"));
  await probing.close();
  return [
    ...(sample.reply.kind === "error" ? [sample.reply.text] : []),
    ...(sample.role === undefined ? ["no role"] : []),
    ...(sample.rehearsal?.oddities ?? []),
    ...(names.includes("name=lambda-sentinel") ? [] : ["a connection without a name"]),
  ];
}

function tokensWith(rights: readonly string[]): readonly string[] {
  const [, , ...tokens] = user.split(" ");
  return [...tokens.filter((token) => !token.startsWith("+")), ...rights.map((one) => `+${one}`)];
}

async function asDefault(...words: readonly string[]): Promise<unknown> {
  const [name = "", ...rest] = words;
  const client = new Redis({ host: master.host, port: master.port, disconnectTimeout: 50 });
  try {
    return await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}

describe("each right is needed", () => {
  const all = rightsOf(anyGroup);
  const missing: Readonly<Record<string, string>> = {
    ping: "run the 'ping' command",
    role: "no role",
    info: "run the 'info' command",
    multi: "no-transaction",
    exec: "no-transaction",
    replicaof: "no-replicaof",
    failover: "no-failover",
    "config|get": "no-config-get",
    "config|rewrite": "no-config-rewrite",
    "client|list": "no-client-list",
    "client|kill": "no-client-kill",
    "client|unpause": "no-client-unpause",
    "client|setname": "a connection without a name",
    get: "no-marker",
    set: "no-marker",
    eval: "no-marker",
    watch: "no-marker",
    unwatch: "no-marker",
  };

  it("with all of them nothing is missed", async () => {
    expect(Object.keys(missing).sort()).toEqual([...all].sort());
    expect(await missedWith(all)).toEqual([]);
  });

  it.each(Object.entries(missing))("without %s it is %j", async (right, loss) => {
    const found = await missedWith(all.filter((one) => one !== right));

    expect(found).toEqual([expect.stringContaining(loss)]);
  });
});
