import { Resolver } from "node:dns/promises";
import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import type { DnsConfig } from "../core/config.ts";
import {
  normalizeName,
  type RecordChange,
  type RecordSet,
  type RecordType,
  srvName,
} from "../core/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Dns, Resolution } from "../ports/dns.ts";
import { type Result, type Success, success } from "../ports/errors.ts";
import { awsFailure, limitedHandler } from "./aws-client.ts";
import { publish } from "./publication.ts";
import { createBatcher, type Unsent } from "./route53-batch.ts";
import { createPacer } from "./route53-pacer.ts";
import { createReader, gathered, type Page } from "./route53-reader.ts";
import { systemClock } from "./system-clock.ts";
import { codeOf, describeThrown } from "./thrown.ts";

export interface Route53Options {
  readonly timeoutMs?: number;
  /** DNS servers to ask instead of the system's, as `host:port`. */
  readonly servers?: readonly string[];
  readonly client?: Route53Client;
  /** What this process may ask of an account whose limit nobody else shares; else its share of Route 53's own. */
  readonly requestsPerSecond?: number;
  readonly clock?: Clock;
}

const recordTypes: readonly RecordType[] = ["A", "AAAA", "CNAME", "SRV", "TXT"];

/** The published names on Route 53: compare-and-swap batches, read back (DESIGN 5). */
export function createRoute53Dns(options: Route53Options = {}): Dns {
  const { timeoutMs = 2_000 } = options;
  const client = options.client ?? createClient(timeoutMs);
  const { clock = systemClock, requestsPerSecond } = options;
  const pacer = createPacer(clock, requestsPerSecond);
  const read = createReader((...wanted) => list(client, ...wanted), pacer);
  const batcher = createBatcher((zoneId, changes) => change(client, zoneId, changes), pacer);
  return {
    read: gathered(read, clock),
    publish: (request) => publish(read, batcher.submit, request),
    resolve: (dns) => resolve(dns, options.servers ?? [], timeoutMs),
  };
}

/** Sends batches as they are, and reads nothing back: for people who were shown what they change. */
export function createRecordChanger({ timeoutMs = 2_000, client }: Route53Options) {
  const sender = client ?? createClient(timeoutMs);
  return (zoneId: string, changes: readonly RecordChange[]): Promise<Result<void>> =>
    change(sender, zoneId, changes);
}

function createClient(timeoutMs: number): Route53Client {
  return new Route53Client({
    region: "us-east-1",
    requestHandler: limitedHandler(timeoutMs),
    // A batch is never re-sent by the SDK: each sending is derived from STATE anew.
    maxAttempts: 1,
  });
}

async function list(
  client: Route53Client,
  zoneId: string,
  from: string,
  setsMax: number,
): Promise<Result<Page>> {
  try {
    const answer = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: from,
        MaxItems: setsMax,
      }),
    );
    const sets = (answer.ResourceRecordSets ?? []).flatMap(fromApi);
    return success({ sets, nextName: answer.NextRecordName ?? null });
  } catch (error) {
    return awsFailure(`ListResourceRecordSets ${from}`, error);
  }
}

function fromApi(set: ResourceRecordSet): readonly RecordSet[] {
  const type = recordTypes.find((known) => known === set.Type);
  if (type === undefined || set.Name === undefined) return [];
  const name = normalizeName(set.Name);
  const values = (set.ResourceRecords ?? []).flatMap((record) => record.Value ?? []);
  return [{ name, type, ttlSeconds: set.TTL ?? 0, values }];
}

async function change(
  client: Route53Client,
  zoneId: string,
  changes: readonly RecordChange[],
): Promise<Success<void> | Unsent> {
  try {
    await client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        ChangeBatch: {
          Comment: "lambda-sentinel",
          Changes: changes.map(({ action, record }) => ({
            Action: action,
            ResourceRecordSet: {
              Name: record.name,
              Type: record.type,
              TTL: record.ttlSeconds,
              ResourceRecords: record.values.map((Value) => ({ Value })),
            },
          })),
        },
      }),
    );
    return success(undefined);
  } catch (error) {
    const blamed = [...describeThrown(error).message.matchAll(blamedName)];
    const names = blamed.flatMap(([, name]) => (name === undefined ? [] : normalizeName(name)));
    return { ...awsFailure("ChangeResourceRecordSets", error), blamed: names };
  }
}

/** As in "Tried to delete resource record set [name='main.example.com.', type='A'] but it was not found". */
const blamedName = /\[name='([^']+)'/g;

async function resolve(
  dns: DnsConfig,
  servers: readonly string[],
  timeoutMs: number,
): Promise<Result<Resolution>> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  if (servers.length > 0) resolver.setServers([...servers]);
  try {
    const [four, six, aliases, srv] = await Promise.all([
      orNothing(resolver.resolve4(dns.name, { ttl: true })),
      orNothing(resolver.resolve6(dns.name, { ttl: true })),
      orNothing(resolver.resolveCname(dns.name)),
      dns.srv ? orNothing(resolver.resolveSrv(srvName(dns))) : [],
    ]);
    const alias = aliases[0] === undefined ? null : normalizeName(aliases[0]);
    const found = [...four, ...six];
    return success({
      addresses: found.map((one) => one.address),
      alias,
      ports: srv.map((one) => one.port),
      ttlSeconds: found.length === 0 ? null : Math.min(...found.map((one) => one.ttl)),
    });
  } catch (error) {
    return awsFailure(`resolving ${dns.name}`, error);
  }
}

/** "No such name" and "no such record" are answers; only a server that can't be asked is a failure. */
async function orNothing<T>(answer: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    throw error;
  }
}
