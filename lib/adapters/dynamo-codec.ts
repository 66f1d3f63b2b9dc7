import { createHash } from "node:crypto";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod/mini";
import type { GroupConfig } from "../core/config.ts";
import type { Vote } from "../core/model.ts";
import type { Result } from "../ports/errors.ts";
import type { StoredEvent } from "../ports/store.ts";
import { parse } from "./dynamo-parse.ts";

/** Items of the table and the records they carry. Everything that comes back is checked before it is believed. */

export type Item = Record<string, AttributeValue>;

const shards = 8;

/** STATE items are spread over eight partitions by a hash of the group (DESIGN 3). */
export function stateKey(group: string): { readonly pk: string; readonly sk: string } {
  const shard = (createHash("sha256").update(group).digest()[0] ?? 0) % shards;
  return { pk: `STATE#${shard}`, sk: group };
}

export const keys = {
  vote: (observer: string, group: string) => ({ pk: `VOTE#${observer}`, sk: group }),
  config: (group: string, version: number) => ({
    pk: "CONFIG",
    sk: `${group}#${String(version).padStart(8, "0")}`,
  }),
  node: (node: string) => ({ pk: "NODE", sk: node }),
  event: (group: string, id: string) => ({ pk: `EVENT#${group}`, sk: id }),
  heartbeat: (observer: string) => ({ pk: `OBSERVER#${observer}`, sk: "heartbeat" }),
};

export function toItem(key: { readonly pk: string; readonly sk: string }, body: object): Item {
  return marshall(
    { ...key, ...body },
    { removeUndefinedValues: true, convertClassInstanceToMap: true },
  );
}

const vote = z.object({
  observer: z.string(),
  group: z.string(),
  round: z.int(),
  epoch: z.int(),
  digest: z.string(),
  verdict: z.enum(["down", "up", "blind", "unreachable", "names"]),
  node: z.nullable(z.string()),
  lastOffset: z.nullable(z.number()),
  evidence: z.string(),
}) satisfies z.ZodMiniType<Vote>;

export function parseVote(item: Item): Result<Vote> {
  return parse(vote, item, "VOTE");
}

const address = z.strictObject({ host: z.string(), port: z.int() });
/** Whoever does not know a setting must not act for a group that asks for it (fault C8): deploy first, then `apply`. */
const groupConfig = z.strictObject({
  name: z.string(),
  version: z.int(),
  digest: z.string(),
  observers: z.array(z.string()),
  nodes: z.array(
    z.strictObject({
      id: z.string(),
      probe: address,
      replicate: address,
      publish: address,
      zone: z.exactOptional(z.string()),
      region: z.exactOptional(z.string()),
      priority: z.exactOptional(z.number()),
    }),
  ),
  settings: z.strictObject({
    probeIntervalMs: z.number(),
    probeTimeoutMs: z.number(),
    downAfterMs: z.number(),
    crashAfterMs: z.number(),
    rebootDownAfterMs: z._default(z.number(), 0),
    quorum: z.number(),
    stateReadMs: z.number(),
    heartbeatMs: z.number(),
    takeoverMs: z.number(),
    fenceMs: z.number(),
    fenceWaitMs: z.number(),
    chooseTimeoutMs: z.number(),
    failoverTimeoutMs: z.number(),
    cooldownMs: z.number(),
    maxLagBytes: z.number(),
    parallelSyncs: z.number(),
    marker: z.boolean(),
    whenUnreachable: z.enum(["hold", "failover"]),
    // Settings younger than the first stored configurations have a default, so that those stay readable.
    whenFlapping: z._default(z.enum(["hold", "failover"]), "hold"),
    whenReturned: z._default(z.enum(["attach", "hold"]), "attach"),
    whenUnwritable: z._default(z.enum(["hold", "failover"]), "hold"),
    killBusyScripts: z._default(z.boolean(), false),
    writeProbeKey: z._default(z.string(), ""),
    // A configuration that was stored before there was discovery asked for none.
    discover: z._default(z.boolean(), false),
  }),
  placement: z.exactOptional(
    z.strictObject({
      zones: z.record(z.string(), z.number()),
      regions: z.record(z.string(), z.number()),
      masterRegions: z.exactOptional(z.array(z.string())),
    }),
  ),
  dns: z.exactOptional(
    z.strictObject({
      zoneId: z.string(),
      name: z.string(),
      ttlSeconds: z.number(),
      srv: z.boolean(),
      replicas: z.exactOptional(z.string()),
    }),
  ),
  auth: z.exactOptional(
    z.strictObject({ username: z.exactOptional(z.string()), password: z.string() }),
  ),
  tls: z.exactOptional(
    z.strictObject({
      ca: z.exactOptional(z.string()),
      servername: z.exactOptional(z.string()),
      cert: z.exactOptional(z.string()),
      key: z.exactOptional(z.string()),
    }),
  ),
}) satisfies z.ZodMiniType<GroupConfig>;

export function parseConfig(item: Item): Result<GroupConfig> {
  return parse(groupConfig, item, "CONFIG");
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const event = z.object({
  group: z.string(),
  id: z.string(),
  at: z.string(),
  observer: z.string(),
  name: z.string(),
  rule: z.string(),
  epoch: z.int(),
  round: z.int(),
  node: z.nullable(z.string()),
  message: z.string(),
  evidence: z.record(z.string(), scalar),
  durationsMs: z.record(z.string(), z.number()),
}) satisfies z.ZodMiniType<StoredEvent>;

export function parseEvent(item: Item): Result<StoredEvent> {
  return parse(event, item, "EVENT");
}
