import { describe, expect, test } from "@jest/globals";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import type { Dns, PublishRequest } from "../../lib/ports/dns.ts";
import { until } from "../support/redis-lab.ts";
import { gotFrom } from "../support/results.ts";
import { batches, dnsOf, listed, record, request, zone } from "./route53-stage.ts";

describe("several groups of one zone", () => {
  const named = (name: string) => record({ name: `${name}.redis.test` });
  const publish = (dns: Dns, name: string, epoch: number, change: Partial<PublishRequest> = {}) =>
    dns.publish(request(epoch, `10.0.${epoch}.1`, { dns: named(name), ...change }));

  test("those that come while a batch is under way travel in one request", async () => {
    zone.timings.changeHandlingMs = 300;
    const dns = dnsOf();
    const names = ["one", "two", "three", "four", "five"];

    const first = publish(dns, "one", 1, { known: [] });
    await until(() => batches().length === 1);
    const later = names.slice(1).map((name) => publish(dns, name, 1, { known: [] }));
    const done = await Promise.all([first, ...later]);

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
