import { expect, test } from "@jest/globals";
import { createRecordChanger } from "../../lib/adapters/route53-dns.ts";
import { planTakeover } from "../../lib/core/takeover.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import { address, byHand, clientOf, dnsOf, listed, record, request } from "./route53-stage.ts";

async function planned() {
  const { wanted, owner } = request(3, "10.0.0.1");
  const plan = planTakeover(gotFrom(await dnsOf().read(record())), wanted, owner);
  if (plan.kind !== "take") throw new Error(`expected a takeover, got ${plan.kind}`);
  return plan.take.changes;
}

test("a record that somebody wrote is refused, taken over as it stands, and published then", async () => {
  const dns = dnsOf();
  byHand("CREATE", address("10.9.9.9"));
  expect(failureOf(await dns.publish(request(3, "10.0.0.1"))).kind).toBe("refused");

  const change = createRecordChanger({ client: clientOf() });
  gotFrom(await change(record().zoneId, await planned()));

  expect(listed()).toContain("cache.redis.test. A 10.9.9.9");
  expect(gotFrom(await dns.publish(request(3, "10.0.0.1")))).toEqual({ isChanged: true });
  expect(listed()).toContain("cache.redis.test. A 10.0.0.1");
});

test("one that was changed since it was shown is not taken over at all", async () => {
  byHand("CREATE", address("10.9.9.9"));
  const changes = await planned();
  byHand("DELETE", address("10.9.9.9"));
  byHand("CREATE", address("10.9.9.8"));

  const change = createRecordChanger({ client: clientOf() });
  expect(failureOf(await change(record().zoneId, changes)).kind).toBe("refused");

  expect(listed()).toEqual(["cache.redis.test. A 10.9.9.8"]);
});
