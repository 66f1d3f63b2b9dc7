import { describe, expect, test } from "@jest/globals";
import { failureOf, gotFrom } from "../support/results.ts";
import {
  address,
  batches,
  byHand,
  companion,
  dnsOf,
  limitTo,
  listed,
  record,
  request,
  zone,
} from "./route53-stage.ts";

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
    await limitTo({ burst: 1, perSecond: 0.001 });
    const dns = dnsOf();
    gotFrom(await dns.read(record()));

    expect(failureOf(await dns.read(record()))).toMatchObject({
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
