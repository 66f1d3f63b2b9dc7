import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { createRedisNodes } from "../../lib/adapters/redis-nodes.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import type { NodeConfig } from "../../lib/core/config.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import type { NodeSession, RoleChange } from "../../lib/ports/redis.ts";

const deadlineMs = 2_000;
const page = readFileSync(new URL("../../docs/threat-model.md", import.meta.url), "utf8");
const [, user = ""] = /^(user watcher .*)$/m.exec(page) ?? [];
const [, password = ""] = />(\S+)/.exec(user) ?? [];

let master: RedisServer;
let replica: RedisServer;
const nodes = createRedisNodes(
  { auth: { username: "watcher", password }, markerKey: "lambda-sentinel:{orders}:epoch" },
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
  const wants = { info: true, rehearse: false, timeoutMs: 500, reconnectAfterMs: deadlineMs };
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
