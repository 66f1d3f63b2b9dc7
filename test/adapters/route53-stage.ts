import { Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, beforeEach } from "@jest/globals";
import { type Route53StandIn, startRoute53 } from "../../lab/route53/server.ts";
import { limitedHandler } from "../../lib/adapters/aws-client.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import type { DnsConfig } from "../../lib/core/config.ts";
import { type RecordSet, wantedRecords } from "../../lib/core/records.ts";
import type { Dns, PublishRequest } from "../../lib/ports/dns.ts";
import { groupConfig } from "../support/builders.ts";

/** A zone of its own for each test, and what is asked of it. */

export let zone: Route53StandIn;
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

/** A zone that takes no more calls than that, in place of the test's own. */
export async function limitTo(rateLimit: {
  readonly burst: number;
  readonly perSecond: number;
}): Promise<void> {
  await zone.close();
  zone = await startRoute53({ zones: ["redis.test"], rateLimit });
}

export function dnsOf(timeoutMs = 10_000): Dns {
  const client = clientOf(timeoutMs);
  return createRoute53Dns({
    client,
    timeoutMs: 10_000,
    requestsPerSecond: 10_000,
    servers: [`127.0.0.1:${zone.dnsPort}`],
  });
}

export function clientOf(timeoutMs = 10_000): Route53Client {
  const client = new Route53Client({
    region: "us-east-1",
    endpoint: zone.endpoint,
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
    requestHandler: limitedHandler(timeoutMs),
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

export function record(change: Partial<DnsConfig> = {}): DnsConfig {
  const zoneId = zone.zoneId("redis.test");
  return { zoneId, name: "cache.redis.test", ttlSeconds: 5, srv: false, ...change };
}

/** Publishes this master of this epoch at the group's name. */
export function request(
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

export function listed(): readonly string[] {
  return zone
    .zone("redis.test")
    .recordSets()
    .filter((set) => set.type !== "SOA" && set.type !== "NS")
    .map((set) => `${set.name} ${set.type} ${set.values.join(" ")}`);
}

/** The zone's own change, beside the API: what a person does in the console. */
export function byHand(action: "CREATE" | "DELETE", set: RecordSet): void {
  const recordSet = { ...set, name: `${set.name}.` };
  const outcome = zone.zone("redis.test").applyBatch([{ action, recordSet }]);
  if (outcome.kind === "refused") throw new Error(outcome.problems.join(", "));
}

export const batches = () =>
  zone.access.filter((entry) => entry.action === "ChangeResourceRecordSets");

export const address = (host: string): RecordSet => ({
  name: "cache.redis.test",
  type: "A",
  ttlSeconds: 5,
  values: [host],
});

export const companion = (epoch: number, host: string) =>
  `_lambda-sentinel.cache.redis.test. TXT "owner=lambda-sentinel deployment=prod group=cache epoch=${epoch} master=${host}:6379"`;
