import { createHash } from "node:crypto";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
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
  round: z.number().int(),
  epoch: z.number().int(),
  digest: z.string(),
  verdict: z.enum(["down", "up", "blind", "unreachable", "names"]),
  node: z.string().nullable(),
  lastOffset: z.number().nullable(),
  evidence: z.string(),
}) satisfies z.ZodType<Vote>;

export function parseVote(item: Item): Result<Vote> {
  return parse(vote, item, "VOTE");
}

const address = z.strictObject({ host: z.string(), port: z.number().int() });
/** Whoever does not know a setting must not act for a group that asks for it (fault C8): deploy first, then `apply`. */
const groupConfig = z.strictObject({
  name: z.string(),
  version: z.number().int(),
  digest: z.string(),
  observers: z.array(z.string()),
  nodes: z.array(
    z.strictObject({
      id: z.string(),
      probe: address,
      replicate: address,
      publish: address,
      zone: z.string().exactOptional(),
      region: z.string().exactOptional(),
      priority: z.number().exactOptional(),
    }),
  ),
  settings: z.strictObject({
    probeIntervalMs: z.number(),
    probeTimeoutMs: z.number(),
    downAfterMs: z.number(),
    crashAfterMs: z.number(),
    rebootDownAfterMs: z.number().default(0),
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
    whenFlapping: z.enum(["hold", "failover"]).default("hold"),
    whenReturned: z.enum(["attach", "hold"]).default("attach"),
    whenUnwritable: z.enum(["hold", "failover"]).default("hold"),
    killBusyScripts: z.boolean().default(false),
    writeProbeKey: z.string().default(""),
    // A configuration that was stored before there was discovery asked for none.
    discover: z.boolean().default(false),
  }),
  placement: z
    .strictObject({
      zones: z.record(z.string(), z.number()),
      regions: z.record(z.string(), z.number()),
      masterRegions: z.array(z.string()).exactOptional(),
    })
    .exactOptional(),
  dns: z
    .strictObject({
      zoneId: z.string(),
      name: z.string(),
      ttlSeconds: z.number(),
      srv: z.boolean(),
      replicas: z.string().exactOptional(),
    })
    .exactOptional(),
  auth: z
    .strictObject({ username: z.string().exactOptional(), password: z.string() })
    .exactOptional(),
  tls: z
    .strictObject({
      ca: z.string().exactOptional(),
      servername: z.string().exactOptional(),
      cert: z.string().exactOptional(),
      key: z.string().exactOptional(),
    })
    .exactOptional(),
}) satisfies z.ZodType<GroupConfig>;

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
  epoch: z.number().int(),
  round: z.number().int(),
  node: z.string().nullable(),
  message: z.string(),
  evidence: z.record(z.string(), scalar),
  durationsMs: z.record(z.string(), z.number()),
}) satisfies z.ZodType<StoredEvent>;

export function parseEvent(item: Item): Result<StoredEvent> {
  return parse(event, item, "EVENT");
}
