import { randomUUID } from "node:crypto";
import { ChangeResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, describe, expect, it } from "@jest/globals";
import { startRoute53 } from "../../lab/route53/server.ts";
import {
  emptyZone,
  invocationsIn,
  measureSpreading,
  spreadOf,
} from "../../scripts/validate/measures.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const credentials = { accessKeyId: "lab", secretAccessKey: "lab" };

async function startZone(insyncAfterMs: number) {
  const name = "validate-0a1b2c.internal";
  const time = { nowMs: 0 };
  const route53 = await startRoute53({ zones: [name], insyncAfterMs, now: () => time.nowMs });
  const client = new Route53Client({
    ...{ endpoint: route53.endpoint, region: "us-east-1", credentials },
  });
  open.push(
    () => route53.close(),
    async () => client.destroy(),
  );
  const waiting = {
    nowMs: () => time.nowMs,
    sleep: async (ms: number) => {
      time.nowMs += ms;
    },
  };
  return { client, zone: { id: route53.zoneId(name), name }, waiting };
}

describe("the spreading of a change", () => {
  it("is measured until Route 53 calls it in sync, and leaves nothing behind", async () => {
    const { client, zone, waiting } = await startZone(31_500);

    expect(await measureSpreading(client, zone, 3, waiting)).toEqual([32_000, 32_000, 32_000]);
    expect(await emptyZone(client, zone.id)).toBe(0);
  });

  it("is waited for five minutes, and leaves nothing behind then either", async () => {
    const { client, zone, waiting } = await startZone(Number.POSITIVE_INFINITY);

    await expect(measureSpreading(client, zone, 3, waiting)).rejects.toThrow(
      /in sync within 300000 ms, got PENDING/,
    );
    expect(await emptyZone(client, zone.id)).toBe(0);
  });
});

describe("a zone", () => {
  it("is emptied of everything but what makes it a zone", async () => {
    const { client, zone } = await startZone(0);
    const record = (Name: string, Type: "A" | "TXT", Value: string) => ({
      Action: "CREATE" as const,
      ResourceRecordSet: { Name, Type, TTL: 1, ResourceRecords: [{ Value }] },
    });
    const Changes = [
      record(`orders.${zone.name}`, "A", "10.77.0.10"),
      record(`_lambda-sentinel.orders.${zone.name}`, "TXT", '"epoch=1"'),
    ];
    await client.send(
      new ChangeResourceRecordSetsCommand({ HostedZoneId: zone.id, ChangeBatch: { Changes } }),
    );

    expect(await emptyZone(client, zone.id)).toBe(2);
    expect(await emptyZone(client, zone.id)).toBe(0);
  });
});

describe("what Lambda reports", () => {
  const id = `RequestId: ${randomUUID()}`;
  const warm = `REPORT ${id}\tDuration: 61021.15 ms\tBilled Duration: 61022 ms\tMemory Size: 256 MB\tMax Memory Used: 121 MB\t`;

  it("tells a cold start from the others, and is found among other lines", () => {
    const lines = [
      `START ${id} Version: $LATEST`,
      '{"level":"INFO","message":"shift ends"}',
      `${warm}Init Duration: 512.34 ms\t\n`,
      `${warm}\n`,
      "REPORT RequestId: broken",
      `END ${id}`,
    ];
    const figures = { durationMs: 61_021.15, memoryUsedMb: 121 };

    expect(invocationsIn(lines)).toEqual([
      { ...figures, initMs: 512.34 },
      { ...figures, initMs: null },
    ]);
  });
});

describe("a spread", () => {
  it("is of values that were measured", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(spreadOf(hundred)).toEqual({ count: 100, p50: 50, p95: 95, max: 100 });
    expect(spreadOf([7])).toEqual({ count: 1, p50: 7, p95: 7, max: 7 });
    expect(spreadOf([])).toBeNull();
  });
});
