import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import * as z from "zod";
import type { NodeSetup } from "../core/rehearsal.ts";
import { failure, type Result, success } from "../ports/errors.ts";
import type { Heartbeat, WayReport } from "../ports/store.ts";
import { type Item, keys, toItem } from "./dynamo-codec.ts";
import { parse, tell } from "./dynamo-parse.ts";
import { describeThrown } from "./thrown.ts";

/**
 * The heartbeat as it is stored. It is the only write in calm, and DynamoDB counts each begun KiB of it: what it says of its
 * groups, which says the same of many nodes, is packed to an eighth. What conditions ask for stays beside it.
 */
export function heartbeatItem({ groups, ...self }: Heartbeat): Item {
  const packed = brotliCompressSync(JSON.stringify(groups), { params: packing });
  // A version that knows no packed groups takes the beat for one without groups, and its number counts all the same.
  return toItem(keys.heartbeat(self.observer), { ...self, groups: {}, packed });
}

/** Heartbeats that were stored before there was packing are read as they are. */
export function parseHeartbeat(item: Item): Result<Heartbeat> {
  const { packed, ...rest } = item;
  if (packed === undefined) return parse(heartbeat, rest, "OBSERVER");
  const read = parse(heartbeat.omit({ groups: true }), rest, "OBSERVER");
  const groups = unpack(packed.B);
  if (!read.ok) return read;
  return groups.ok ? success({ ...read.value, groups: groups.value }) : groups;
}

/** Higher qualities save a few bytes more, and take tens of milliseconds where a function has a part of a CPU. */
const packing = { [constants.BROTLI_PARAM_QUALITY]: 5 };
/** An item has 400 KB at the most, so a longer text was written by nobody of ours. */
const unpackedMaxBytes = 16_000_000;

function unpack(packed: Uint8Array | undefined): Result<Heartbeat["groups"]> {
  const refuse = (why: string) =>
    failure("malformed", `the packed groups of an OBSERVER item can't be read: ${why}`);
  if (packed === undefined) return refuse("expected bytes, got another type");
  try {
    const text = brotliDecompressSync(packed, { maxOutputLength: unpackedMaxBytes }).toString();
    const parsed = heartbeat.shape.groups.safeParse(JSON.parse(text));
    return parsed.success ? success(parsed.data) : refuse(tell(parsed.error));
  } catch (error) {
    return refuse(describeThrown(error).message);
  }
}

const way = z.object({
  joinsFrom: z.number().int(),
  successor: z.string().nullable(),
  held: z
    .object({
      kind: z.enum(["full", "unreachable", "blind", "building", "none"]),
      of: z.enum(["silent", "refused", "not-master", "amnesic", "foreign", "loading"]).nullable(),
      forMs: z.number().nullable(),
      why: z.string(),
    })
    .exactOptional(),
  restLeftMs: z.number().exactOptional(),
  epochKnown: z.object({ epoch: z.number().int(), forMs: z.number() }).exactOptional(),
  choice: z
    .object({
      node: z.string().nullable(),
      why: z.string(),
      field: z.array(
        z.object({
          node: z.string(),
          isEligible: z.boolean(),
          lagBytes: z.number().nullable(),
          why: z.string(),
        }),
      ),
    })
    .exactOptional(),
}) satisfies z.ZodType<WayReport>;
const nodeSetup = z.object({
  version: z.string().nullable(),
  isSaving: z.boolean().nullable(),
  isAppending: z.boolean().nullable(),
  supervisor: z.string().nullable(),
  minReplicas: z.number().nullable(),
  minReplicasMaxLagMs: z.number().nullable(),
  pingPeriodMs: z.number().nullable(),
  announced: z.object({ host: z.string().nullable(), port: z.number().nullable() }).nullable(),
  clients: z.number().nullable(),
  clientsMax: z.number().nullable(),
  forkMs: z.number().nullable(),
  sentinels: z.number().nullable(),
}) satisfies z.ZodType<NodeSetup>;

const heartbeat = z.object({
  observer: z.string(),
  shift: z.number().int(),
  at: z.string(),
  codeVersion: z.string(),
  everyMs: z.number().exactOptional(),
  awake: z.enum(["stands", "yields"]).exactOptional(),
  groups: z.record(
    z.string(),
    z.object({
      configVersion: z.number().int(),
      rev: z.number().int(),
      isPauseSeen: z.boolean(),
      suspect: z.string().nullable(),
      suspectForMs: z.number().default(0),
      suspectOffset: z.number().nullable().default(null),
      suspectLoading: z.object({ runId: z.string(), forMs: z.number() }).nullable().default(null),
      absence: z.object({ record: z.string(), forMs: z.number() }).exactOptional(),
      masterEpoch: z.number().int(),
      masterKnownForMs: z.number(),
      copiedRev: z.number().int().default(0),
      rule: z.string(),
      why: z.string(),
      nodes: z.record(
        z.string(),
        z.object({
          verdict: z.string(),
          role: z.enum(["master", "replica"]).nullable(),
          offset: z.number().nullable(),
          replid: z.string().nullable(),
          isLinkUp: z.boolean().nullable(),
          latencyMs: z.number().nullable(),
          unfit: z.string().nullable().default(null),
          oddities: z.array(z.string()).default([]),
          spells: z.object({ unwritableForMs: z.number(), busyForMs: z.number() }).exactOptional(),
          priority: z.number().exactOptional(),
          setup: nodeSetup.exactOptional(),
        }),
      ),
      way: way.exactOptional(),
    }),
  ),
}) satisfies z.ZodType<Heartbeat>;
