import { Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Route53StandIn, startRoute53 } from "../../lab/route53/server.ts";
import { limitedHandler } from "../../lib/adapters/aws-client.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import type { DnsConfig } from "../../lib/core/config.ts";
import { type RecordSet, wantedRecords } from "../../lib/core/records.ts";
import type { Dns, PublishRequest } from "../../lib/ports/dns.ts";
import { groupConfig } from "../support/builders.ts";
import { failureOf, gotFrom } from "../support/results.ts";

let zone: Route53StandIn;
let clients: Route53Client[];

beforeEach(async () => {
  clients = [];
  zone = await startRoute53({
    zones: ["redis.test"],
    rateLimit: { burst: 10_000, perSecond: 10_000 },
  });
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await zone.close();
});

function dnsOf(timeoutMs = 10_000): Dns {
  const client = new Route53Client({
    region: "us-east-1",
    endpoint: zone.endpoint,
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
    requestHandler: limitedHandler(timeoutMs),
    maxAttempts: 1,
  });
  clients.push(client);
  return createRoute53Dns({ client, timeoutMs: 10_000, servers: [`127.0.0.1:${zone.dnsPort}`] });
}

function record(change: Partial<DnsConfig> = {}): DnsConfig {
  const zoneId = zone.zoneId("redis.test");
  return { zoneId, name: "cache.redis.test", ttlSeconds: 5, srv: false, ...change };
}

/** Publishes this master of this epoch at the group's name. */
function request(
  epoch: number,
  host: string,
  change: Partial<PublishRequest> = {},
): PublishRequest {
  const dns = change.dns ?? record();
  const group = dns.name.split(".")[0] ?? "cache";
  const owner = change.owner ?? { deployment: "prod", group, epoch };
  const config = groupConfig({ name: owner.group });
  const wanted = wantedRecords(config, dns, owner, { host, port: 6379 });
  return { dns, owner, wanted, known: null, isCurrent: () => true, ...change };
}

function listed(): readonly string[] {
  return zone
    .zone("redis.test")
    .recordSets()
    .filter((set) => set.type !== "SOA" && set.type !== "NS")
    .map((set) => `${set.name} ${set.type} ${set.values.join(" ")}`);
}

/** The zone's own change, beside the API: what a person does in the console. */
function byHand(action: "CREATE" | "DELETE", set: RecordSet): void {
  const recordSet = { ...set, name: `${set.name}.` };
  const outcome = zone.zone("redis.test").applyBatch([{ action, recordSet }]);
  if (outcome.kind === "refused") throw new Error(outcome.problems.join(", "));
}

const batches = () => zone.access.filter((entry) => entry.action === "ChangeResourceRecordSets");

const address = (host: string): RecordSet => ({
  name: "cache.redis.test",
  type: "A",
  ttlSeconds: 5,
  values: [host],
});

const companion = (epoch: number, host: string) =>
  `_lambda-sentinel.cache.redis.test. TXT "owner=lambda-sentinel deployment=prod group=cache epoch=${epoch} master=${host}:6379"`;

describe("publishing", () => {
  test("the first time creates address and companion, and DNS answers it", async () => {
    const dns = dnsOf();

    expect(gotFrom(await dns.publish(request(1, "10.0.0.1")))).toEqual({ isChanged: true });

    expect(listed()).toEqual(
      expect.arrayContaining([companion(1, "10.0.0.1"), "cache.redis.test. A 10.0.0.1"]),
    );
    expect(gotFrom(await dns.resolve(record()))).toMatchObject({
      addresses: ["10.0.0.1"],
      ports: [],
    });
  });

  test("the same again changes nothing and sends nothing", async () => {
    const dns = dnsOf();
    gotFrom(await dns.publish(request(1, "10.0.0.1")));

    expect(gotFrom(await dns.publish(request(1, "10.0.0.1")))).toEqual({ isChanged: false });
    expect(batches()).toHaveLength(1);
  });

  test("a new epoch moves the name, with its SRV and whatever kind its address is", async () => {
    const dns = dnsOf();
    const srv = record({ srv: true });
    gotFrom(await dns.publish(request(1, "10.0.0.1", { dns: srv })));
    gotFrom(await dns.publish(request(2, "2001:db8::2", { dns: srv })));

    expect(gotFrom(await dns.resolve(srv))).toMatchObject({
      addresses: ["2001:db8::2"],
      alias: null,
      ports: [6379],
    });
    gotFrom(await dns.publish(request(3, "n2.redis.test", { dns: record() })));
    expect(listed()).toEqual(
      expect.arrayContaining([
        companion(3, "n2.redis.test"),
        "cache.redis.test. CNAME n2.redis.test.",
      ]),
    );
    expect(listed()).toHaveLength(2);
    expect(gotFrom(await dns.resolve(record()))).toMatchObject({ alias: "n2.redis.test" });
  });

  test("what was read ahead costs no read before the batch", async () => {
    const dns = dnsOf();
    gotFrom(await dns.publish(request(1, "10.0.0.1")));
    const known = gotFrom(await dns.read(record()));
    const seen = zone.access.length;

    gotFrom(await dns.publish(request(2, "10.0.0.2", { known })));

    expect(zone.access[seen]?.action).toBe("ChangeResourceRecordSets");
    expect(listed()).toContain("cache.redis.test. A 10.0.0.2");
  });

  test("R6 an edit by hand is repaired within the same epoch", async () => {
    const dns = dnsOf();
    gotFrom(await dns.publish(request(1, "10.0.0.1")));
    byHand("DELETE", address("10.0.0.1"));
    byHand("CREATE", address("10.6.6.6"));

    expect(gotFrom(await dns.publish(request(1, "10.0.0.1")))).toEqual({ isChanged: true });
    expect(listed()).toContain("cache.redis.test. A 10.0.0.1");
  });
});

describe("the fence", () => {
  test("F10, S6 a stale leader's batch is refused as a whole", async () => {
    const [stale, current] = [dnsOf(), dnsOf()];
    gotFrom(await current.publish(request(1, "10.0.0.1")));
    const known = gotFrom(await stale.read(record()));
    gotFrom(await current.publish(request(3, "10.0.0.3")));

    const late = failureOf(await stale.publish(request(2, "10.0.0.2", { known })));

    expect(late).toMatchObject({ kind: "refused", why: expect.stringContaining("epoch 3") });
    expect(listed()).toEqual(
      expect.arrayContaining([companion(3, "10.0.0.3"), "cache.redis.test. A 10.0.0.3"]),
    );
    expect(batches().at(-1)).toMatchObject({ code: "InvalidChangeBatch" });
  });

  test("two leaders of one epoch want the same: the later one finds it done", async () => {
    const [first, second] = [dnsOf(), dnsOf()];
    gotFrom(await first.publish(request(1, "10.0.0.1")));
    const known = gotFrom(await second.read(record()));
    gotFrom(await first.publish(request(2, "10.0.0.2")));

    expect((await second.publish(request(2, "10.0.0.2", { known }))).ok).toBe(true);
    expect(listed()).toHaveLength(2);
  });

  test("what was read ahead is no ground for a refusal: it is read again", async () => {
    const dns = dnsOf();
    const known = [address("192.0.2.1")];

    expect(gotFrom(await dns.publish(request(1, "10.0.0.1", { known })))).toEqual({
      isChanged: true,
    });
  });

  test.each([
    ["D13 another deployment", { deployment: "staging", group: "cache", epoch: 1 }],
    ["S18 another group", { deployment: "prod", group: "sessions", epoch: 1 }],
  ])("a name of %s is refused, and left as it is", async (_name, owner) => {
    const dns = dnsOf();
    gotFrom(await dns.publish(request(1, "10.0.0.1", { owner })));
    const before = listed();

    expect(failureOf(await dns.publish(request(2, "10.0.0.2")))).toMatchObject({ kind: "refused" });
    expect(listed()).toEqual(before);
  });

  test("a name of a stranger is refused, and left as it is", async () => {
    byHand("CREATE", address("192.0.2.1"));

    expect(failureOf(await dnsOf().publish(request(1, "10.0.0.1")))).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("A 192.0.2.1"),
    });
    expect(listed()).toEqual(["cache.redis.test. A 192.0.2.1"]);
  });

  test("a part that STATE has overtaken is not sent", async () => {
    const overtaken = request(1, "10.0.0.1", { isCurrent: () => false });

    expect((await dnsOf().publish(overtaken)).ok).toBe(false);
    expect(batches()).toHaveLength(0);
  });
});

describe("an API that fails", () => {
  test("R4 applied and the answer lost: success, by reading back", async () => {
    zone.faults.dropReplyOnce = 1;

    expect(gotFrom(await dnsOf().publish(request(1, "10.0.0.1")))).toEqual({ isChanged: true });
    expect(listed()).toContain(companion(1, "10.0.0.1"));
  });

  test("R3 503 is a typed failure that says nothing was decided", async () => {
    zone.faults.unavailable = true;

    const failures = [await dnsOf().publish(request(1, "10.0.0.1")), await dnsOf().read(record())];

    for (const failure of failures.map(failureOf)) {
      expect(failure.why).toContain("ServiceUnavailable");
      expect(["refused", "denied"]).not.toContain(failure.kind);
    }
    expect(listed()).toEqual([]);
  });

  test("R3 a control plane that hangs is bounded", async () => {
    zone.faults.hang = true;

    expect(failureOf(await dnsOf(150).publish(request(1, "10.0.0.1")))).toMatchObject({
      kind: "timeout",
      isOutcomeKnown: false,
    });
  });

  test("R1 throttled is a typed failure", async () => {
    await zone.close();
    zone = await startRoute53({ zones: ["redis.test"], rateLimit: { burst: 1, perSecond: 0.001 } });

    expect(failureOf(await dnsOf().read(record()))).toMatchObject({
      kind: "throttled",
      isOutcomeKnown: true,
    });
  });

  test("R9 a zone that is gone is refused", async () => {
    const nowhere = record({ zoneId: "ZNOWHERE" });

    expect(
      failureOf(await dnsOf().publish(request(1, "10.0.0.1", { dns: nowhere }))),
    ).toMatchObject({
      kind: "refused",
    });
  });
});

describe("several groups of one zone", () => {
  const named = (name: string) => record({ name: `${name}.redis.test` });
  const publish = (dns: Dns, name: string, epoch: number, change: Partial<PublishRequest> = {}) =>
    dns.publish(request(epoch, `10.0.${epoch}.1`, { dns: named(name), ...change }));

  test("those that come while a batch is under way travel in one request", async () => {
    zone.timings.changeHandlingMs = 300;
    const dns = dnsOf();
    const names = ["one", "two", "three", "four", "five"];

    const done = await Promise.all(names.map((name) => publish(dns, name, 1, { known: [] })));

    expect(done.every((result) => result.ok)).toBe(true);
    expect(batches().map((entry) => entry.changes.length)).toEqual([2, 8]);
    expect(listed()).toHaveLength(10);
  });

  test("one that is stale is found by bisection, and spoils nobody else's", async () => {
    const dns = dnsOf();
    gotFrom(await publish(dns, "two", 3));
    const stale = { known: [] };
    zone.timings.changeHandlingMs = 100;
    const before = batches().length;

    const done = await Promise.all(
      ["one", "two", "three", "four"].map((name) => publish(dns, name, 1, stale)),
    );

    expect(done.map((result) => result.ok)).toEqual([true, false, true, true]);
    expect(batches().length - before).toBeGreaterThan(2);
    expect(listed()).toContain("two.redis.test. A 10.0.3.1");
    expect(listed()).toHaveLength(8);
  });
});

describe("asking DNS as a client does", () => {
  test("a name that does not exist answers nothing, which is an answer", async () => {
    expect(gotFrom(await dnsOf().resolve(record({ srv: true })))).toMatchObject({
      addresses: [],
      ports: [],
    });
  });

  test("a server that can't be asked is a failure", async () => {
    const dns = createRoute53Dns({ timeoutMs: 200, servers: ["127.0.0.1:1"] });

    expect((await dns.resolve(record())).ok).toBe(false);
  });
});
