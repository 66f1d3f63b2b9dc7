import {
  type Change,
  ChangeResourceRecordSetsCommand,
  type ChangeResourceRecordSetsCommandOutput,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { expect } from "@jest/globals";
import {
  type Route53Options,
  type Route53StandIn,
  startRoute53,
} from "../../lab/route53/server.ts";

/** A stand-in with the zone redis.test, a clock that only the test moves, and an SDK client. */
export interface Harness {
  readonly standIn: Route53StandIn;
  readonly client: Route53Client;
  readonly zoneId: string;
  readonly clock: { nowMs: number };
  change(...changes: readonly Change[]): Promise<ChangeResourceRecordSetsCommandOutput>;
  /** The record sets but SOA and NS, each as `name type ttl values`. */
  listed(): Promise<string[]>;
  close(): Promise<void>;
}

export async function startHarness(
  options: Partial<Route53Options> = {},
  maxAttempts = 1,
): Promise<Harness> {
  const clock = { nowMs: 1_000_000 };
  const standIn = await startRoute53({ zones: ["redis.test"], now: () => clock.nowMs, ...options });
  const client = new Route53Client({
    region: "us-east-1",
    endpoint: standIn.endpoint,
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
    maxAttempts,
  });
  const zoneId = standIn.zoneId("redis.test");
  return {
    standIn,
    client,
    zoneId,
    clock,
    change(...changes) {
      const ChangeBatch = { Comment: "lab", Changes: [...changes] };
      const input = { HostedZoneId: zoneId, ChangeBatch };
      return client.send(new ChangeResourceRecordSetsCommand(input));
    },
    async listed() {
      const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
      return (page.ResourceRecordSets ?? [])
        .filter(({ Type }) => Type !== "SOA" && Type !== "NS")
        .map(({ Name, Type, TTL, ResourceRecords = [] }) =>
          [Name, Type, TTL, ...ResourceRecords.map(({ Value }) => Value)].join(" "),
        );
    },
    async close() {
      client.destroy();
      await standIn.close();
    },
  };
}

/** A change of one value, with a TTL of 60 s, to a name given without `.redis.test`. */
export function change(
  Action: "CREATE" | "DELETE" | "UPSERT",
  name: string,
  Type: "A" | "CNAME" | "TXT",
  Value: string,
): Change {
  const ResourceRecords = [{ Value }];
  return {
    Action,
    ResourceRecordSet: { Name: `${name}.redis.test`, Type, TTL: 60, ResourceRecords },
  };
}

/** What a promise that must be rejected is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => "fulfilled",
    (error: unknown) => ({ error }),
  );
  expect(outcome).toHaveProperty("error");
  return typeof outcome === "string" ? undefined : outcome.error;
}
