import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createBatcher } from "../../lib/adapters/route53-batch.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import type { DnsConfig } from "../../lib/core/config.ts";
import { type RecordRole, type RecordSet, recordOf, wantedOf } from "../../lib/core/records.ts";
import type { Dns } from "../../lib/ports/dns.ts";
import { success } from "../../lib/ports/errors.ts";
import { change, type Harness, startHarness } from "../lab/route53-harness.ts";
import { groupConfig, n0, n1, n2, nodeConfig } from "../support/builders.ts";

let route53: Harness;
let dns: Dns;

beforeEach(async () => {
  route53 = await startHarness();
  const servers = [`127.0.0.1:${route53.standIn.dnsPort}`];
  dns = createRoute53Dns({ client: route53.client, servers, requestsPerSecond: 10_000 });
});

afterEach(() => route53.close());

function group() {
  const { zoneId } = route53;
  const names = { name: "cache.redis.test", replicas: "cache-ro.redis.test" };
  return groupConfig({ dns: { zoneId, ttlSeconds: 5, srv: true, ...names } });
}

function nameFor(role: RecordRole): DnsConfig {
  const record = recordOf(group(), role);
  if (record === null) throw new Error(`expected a name for ${role}`);
  return record;
}

function publish(role: RecordRole, epoch: number, master: string) {
  const owner = { deployment: "prod", group: "cache", epoch };
  const wanted = wantedOf(group(), role, owner, nodeConfig(master));
  return dns.publish({
    dns: nameFor(role),
    owner,
    wanted,
    known: null,
    isCurrent: () => true,
  });
}

async function answered(role: RecordRole): Promise<readonly string[]> {
  const got = await dns.resolve(nameFor(role));
  if (!got.ok) throw new Error(got.why);
  return [...got.value.addresses].sort();
}

/** The names changed by each batch that reached the zone. */
function recordBatches(): string[][] {
  const batches: string[][] = [];
  route53.client.middlewareStack.add(
    (next) => async (args) => {
      const { input } = args;
      if ("ChangeBatch" in input) {
        const changes = input.ChangeBatch?.Changes ?? [];
        batches.push([...new Set(changes.map((one) => one.ResourceRecordSet?.Name ?? ""))].sort());
      }
      return next(args);
    },
    { step: "initialize" },
  );
  return batches;
}

describe("the replicas' name on Route 53", () => {
  test("answers every node but the master, and follows it", async () => {
    expect(await publish("replicas", 1, n0)).toMatchObject({
      ok: true,
      value: { isChanged: true },
    });
    expect(await answered("replicas")).toEqual(["10.0.0.2", "10.0.0.3"]);

    expect(await publish("replicas", 2, n1)).toMatchObject({
      ok: true,
      value: { isChanged: true },
    });
    expect(await answered("replicas")).toEqual(["10.0.0.1", "10.0.0.3"]);
    expect(await publish("replicas", 2, n1)).toMatchObject({
      ok: true,
      value: { isChanged: false },
    });
  });

  test("F10 a stale epoch is refused and changes nothing", async () => {
    await publish("replicas", 2, n1);
    const before = await route53.listed();

    expect(await publish("replicas", 1, n0)).toMatchObject({ ok: false, kind: "refused" });
    expect(await route53.listed()).toEqual(before);
  });

  test("R9 an edit by hand is refused there and does not touch the master's name", async () => {
    await publish("master", 1, n0);
    await route53.change(change("CREATE", "cache-ro", "A", "192.0.2.1"));

    const [master, replicas] = await Promise.all([
      publish("master", 2, n1),
      publish("replicas", 2, n1),
    ]);

    expect(master).toMatchObject({ ok: true });
    expect(replicas).toMatchObject({ ok: false, kind: "refused" });
    expect(await answered("master")).toEqual(["10.0.0.2"]);
    expect(await answered("replicas")).toEqual(["192.0.2.1"]);
  });

  test("R6 addresses changed by hand beside our companion are put right", async () => {
    await publish("replicas", 1, n0);
    const there = (await route53.listed()).find((line) =>
      line.startsWith("cache-ro.redis.test. A"),
    );
    expect(there).toBe("cache-ro.redis.test. A 5 10.0.0.2 10.0.0.3");
    await route53.change(
      {
        ...change("DELETE", "cache-ro", "A", ""),
        ResourceRecordSet: listing(["10.0.0.2", "10.0.0.3"]),
      },
      { ...change("CREATE", "cache-ro", "A", ""), ResourceRecordSet: listing(["10.0.0.2"]) },
    );

    expect(await publish("replicas", 1, n0)).toMatchObject({
      ok: true,
      value: { isChanged: true },
    });
    expect(await answered("replicas")).toEqual(["10.0.0.2", "10.0.0.3"]);
  });

  test("F10 travels in a batch of its own", async () => {
    const batches = recordBatches();

    await publish("master", 1, n2);
    await publish("replicas", 1, n2);

    expect(batches).toEqual([
      ["_lambda-sentinel.cache.redis.test", "_redis._tcp.cache.redis.test", "cache.redis.test"],
      ["_lambda-sentinel.cache-ro.redis.test", "cache-ro.redis.test"],
    ]);
  });
});

function listing(addresses: readonly string[]) {
  const ResourceRecords = addresses.map((Value) => ({ Value }));
  return { Name: "cache-ro.redis.test", Type: "A" as const, TTL: 5, ResourceRecords };
}

test("long lists of several groups share no request beyond Route 53's 1,000 values", async () => {
  const sizes: number[] = [];
  const batcher = createBatcher(async (_zone, changes) => {
    sizes.push(changes.reduce((sum, { record }) => sum + record.values.length, 0));
    return success(undefined);
  });
  const values = Array.from({ length: 99 }, (_, index) => `10.0.0.${index}`);
  const record: RecordSet = { name: "ro.redis.test", type: "A", ttlSeconds: 5, values };
  const changes = (["DELETE", "CREATE"] as const).map((action) => ({ action, record }));

  const done = await Promise.all(
    Array.from({ length: 12 }, () => batcher.submit("Z1", changes, () => true)),
  );

  expect(done.every((one) => one.ok)).toBe(true);
  expect(sizes).toEqual([990, 990, 396]);
});
