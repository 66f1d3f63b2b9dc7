import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Route53StandIn, startRoute53 } from "../../lab/route53/server.ts";
import { createNodeLookup, type NodeLookup } from "../../lib/adapters/node-lookup.ts";
import { connectBy } from "../../lib/adapters/redis-connection.ts";
import { absorbSample, unknownNode } from "../../lib/core/detector.ts";
import { verdictOf } from "../../lib/core/verdict.ts";
import type { RedisNodes } from "../../lib/ports/redis.ts";
import { defaultSettings } from "../support/builders.ts";
import { type DnsRoute, openDnsRoute } from "../support/dns-route.ts";
import { deadlineMs, impatient, nodeAt, RedisLab, until, wants } from "../support/redis-lab.ts";

const lab = new RedisLab();
const name = "n1.redis.test";
let dns: Route53StandIn;
let route: DnsRoute;
let lookup: NodeLookup;

beforeEach(async () => {
  dns = await startRoute53({ zones: ["redis.test"] });
  route = await openDnsRoute();
  route.leadTo(dns.dnsPort);
  lookup = createNodeLookup([route.server]);
});

afterEach(async () => {
  await lab.close();
  await route.close();
  await dns.close();
});

function point(values: readonly string[], type: "A" | "AAAA" = "A"): void {
  const recordSet = { name, type, ttlSeconds: 1, values };
  dns.zone("redis.test").applyBatch([{ action: "UPSERT", recordSet }]);
}

function removeName(): void {
  const recordSet = dns.zone("redis.test").find(name, "A");
  if (recordSet === undefined) throw new Error("expected the name to be there");
  dns.zone("redis.test").applyBatch([{ action: "DELETE", recordSet }]);
}

/** As an observer asks: half of a probe's time for the name. */
function nodesBy(limitMs: number): RedisNodes {
  return lab.nodes({}, connectBy(lookup, limitMs));
}

async function startNamed() {
  const server = await lab.start();
  point([server.host]);
  return { server, node: nodeAt({ host: name, port: server.port }) };
}

const limitMs = impatient.timeoutMs / 2;

describe("N26 a node that has a name", () => {
  test("is probed, and its sessions are opened, at the address that the name has", async () => {
    const { node } = await startNamed();
    const nodes = nodesBy(deadlineMs);

    const sample = await nodes.probe(node, wants);
    const opened = await nodes.openSession(node, deadlineMs);

    expect(sample).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
    expect(opened.ok).toBe(true);
    if (opened.ok) opened.value.close();
  });

  test("with several addresses is found at the one where it listens", async () => {
    const { server, node } = await startNamed();
    point(["127.255.255.254", server.host]);

    const sample = await nodesBy(deadlineMs).probe(node, wants);

    expect(sample.reply).toEqual({ kind: "pong" });
  });

  test("is probed at its last address while the resolver is dead", async () => {
    const { server, node } = await startNamed();
    const before = nodesBy(limitMs);
    await until(async () => (await before.probe(node, impatient)).reply.kind === "pong");
    route.set("silent");
    const replies: string[] = [];

    for (let round = 0; round < 3; round += 1) {
      await lab.client(server).call("CLIENT", "KILL", "TYPE", "normal");
      const fresh = nodesBy(limitMs);
      replies.push((await fresh.probe(node, { ...wants, timeoutMs: deadlineMs })).reply.kind);
    }

    expect(replies).toEqual(["pong", "pong", "pong"]);
  });

  test("whose resolver is slow is probed as soon as the late answer has come", async () => {
    const { node } = await startNamed();
    route.set({ lateMs: 2 * limitMs });
    const nodes = nodesBy(limitMs);

    const first = await nodes.probe(node, impatient);
    await until(async () => (await nodes.probe(node, impatient)).reply.kind === "pong");

    expect(first.reply.kind).toBe("unresolved");
  });

  test("whose resolver never answered could not be asked, which is no evidence", async () => {
    const { node } = await startNamed();
    route.set("silent");
    const nodes = nodesBy(limitMs);

    const samples = [await nodes.probe(node, impatient), await nodes.probe(node, impatient)];
    const opened = await nodes.openSession(node, impatient.timeoutMs);

    expect(samples.map((one) => one.reply.kind)).toEqual(["unresolved", "unresolved"]);
    const memory = samples.reduce(absorbSample, unknownNode(node.id));
    expect(verdictOf(memory, defaultSettings, 3_600_000).kind).toBe("unresolved");
    expect(opened).toMatchObject({ ok: false, kind: "unresolved", isOutcomeKnown: true });
  });

  test("whose name was deleted is missed, although its last address is known", async () => {
    const { node } = await startNamed();
    await nodesBy(deadlineMs).probe(node, wants);
    removeName();

    const gone = await nodesBy(deadlineMs).probe(node, wants);
    route.set("silent");
    const later = await nodesBy(limitMs).probe(node, impatient);

    expect(gone.reply).toEqual({ kind: "unreachable", text: `${name}: there is no such name` });
    const memory = absorbSample(unknownNode(node.id), gone);
    // Real instants have fractions: the sum of one and a whole number may be a hair short of it.
    const laterMs = gone.sentAtMs + defaultSettings.downAfterMs + 1;
    expect(verdictOf(memory, defaultSettings, laterMs).kind).toBe("down");
    expect(later.reply.kind).toBe("unresolved");
  });

  test("that moved is found at its new address", async () => {
    point(["127.255.255.254"]);
    await lookup.find(name, deadlineMs);
    const { node } = await startNamed();

    const sample = await nodesBy(deadlineMs).probe(node, wants);

    expect(sample.reply).toEqual({ kind: "pong" });
  });
});

describe("N26 a look-up", () => {
  test("is shared by all who want the name at one time", async () => {
    point(["127.0.0.9"]);

    const found = await Promise.all([1, 2, 3].map(() => lookup.find(name, deadlineMs)));

    const address = { address: "127.0.0.9", family: 4 };
    expect(found).toEqual(Array(3).fill({ ok: true, value: [address] }));
    expect(route.asked).toBe(1);
  });

  test("finds an IPv6 address where there is no other", async () => {
    point(["2001:db8::1"], "AAAA");

    const found = await lookup.find(name, deadlineMs);

    expect(found).toEqual({ ok: true, value: [{ address: "2001:db8::1", family: 6 }] });
  });

  test("finds what stands in the hosts file alone, and asks no server for this machine", async () => {
    const found = await lookup.find("localhost", deadlineMs);

    expect(found).toMatchObject({ ok: true });
    expect(route.asked).toBe(0);
  });

  test("goes on while nobody waits for it, and never takes more than a question's time", async () => {
    point(["127.0.0.9"]);
    route.set("silent");
    const missed = await lookup.find(name, 10);
    route.set("open");

    await until(async () => (await lookup.find(name, 10)).ok);

    expect(missed).toMatchObject({ ok: false, kind: "unresolved" });
  });
});
