import { describe, expect, test } from "@jest/globals";
import { createBatcher } from "../../lib/adapters/route53-batch.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import type { RecordChange } from "../../lib/core/records.ts";
import type { Dns, PublishRequest } from "../../lib/ports/dns.ts";
import { failure, success } from "../../lib/ports/errors.ts";
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

  test("those that are stale are known from the refusal, and spoil nobody else's", async () => {
    const dns = dnsOf();
    for (const name of ["two", "five", "six"]) gotFrom(await publish(dns, name, 3));
    const stale = { known: [] };
    zone.timings.changeHandlingMs = 100;
    const before = batches().length;

    const names = ["one", "two", "three", "four", "five", "six", "seven"];
    const done = await Promise.all(names.map((name) => publish(dns, name, 1, stale)));

    expect(done.map((result) => result.ok)).toEqual([true, false, true, true, false, false, true]);
    const sent = batches().slice(before);
    expect(sent.map(({ changes, code }) => [changes.length, code])).toEqual([
      [14, "InvalidChangeBatch"],
      [8, undefined],
    ]);
    for (const name of ["two", "five", "six"]) {
      expect(listed()).toContain(`${name}.redis.test. A 10.0.3.1`);
    }
    expect(listed()).toHaveLength(14);
  });
});

describe("a refusal that blames no name", () => {
  const part = (name: string): RecordChange => ({
    action: "CREATE",
    record: { name, type: "A", ttlSeconds: 5, values: ["10.0.0.1"] },
  });

  test.each([
    ["none", []],
    ["one of nobody's", ["elsewhere.test"]],
  ])("is bisected: %s", async (_, blamed) => {
    const sent: string[][] = [];
    const batcher = createBatcher(async (_zone, changes) => {
      const names = changes.map(({ record: { name } }) => name);
      sent.push(names);
      if (!names.includes("c")) return success(undefined);
      return { ...failure("refused", "InvalidChangeBatch"), blamed };
    });

    const names = ["a", "b", "c", "d", "e"];
    const submit = (name: string) => batcher.submit("Z", [part(name)], () => true);
    const done = await Promise.all(names.map(submit));

    expect(done.map(({ ok }) => ok)).toEqual([true, true, false, true, true]);
    expect(sent.map((some) => some.join(""))).toEqual(["abcde", "abc", "ab", "c", "de"]);
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
