import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import * as z from "zod/mini";
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
  const read = parse(z.omit(heartbeat, { groups: true }), rest, "OBSERVER");
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
  joinsFrom: z.int(),
  successor: z.nullable(z.string()),
  held: z.exactOptional(
    z.object({
      kind: z.enum(["full", "unreachable", "blind", "building", "none"]),
      of: z.nullable(z.enum(["silent", "refused", "not-master", "amnesic", "foreign", "loading"])),
      forMs: z.nullable(z.number()),
      why: z.string(),
    }),
  ),
  restLeftMs: z.exactOptional(z.number()),
  epochKnown: z.exactOptional(z.object({ epoch: z.int(), forMs: z.number() })),
  choice: z.exactOptional(
    z.object({
      node: z.nullable(z.string()),
      why: z.string(),
      field: z.array(
        z.object({
          node: z.string(),
          isEligible: z.boolean(),
          lagBytes: z.nullable(z.number()),
          why: z.string(),
        }),
      ),
    }),
  ),
}) satisfies z.ZodMiniType<WayReport>;
const nodeSetup = z.object({
  version: z.nullable(z.string()),
  isSaving: z.nullable(z.boolean()),
  isAppending: z.nullable(z.boolean()),
  supervisor: z.nullable(z.string()),
  minReplicas: z.nullable(z.number()),
  minReplicasMaxLagMs: z.nullable(z.number()),
  pingPeriodMs: z.nullable(z.number()),
  announced: z.nullable(z.object({ host: z.nullable(z.string()), port: z.nullable(z.number()) })),
  clients: z.nullable(z.number()),
  clientsMax: z.nullable(z.number()),
  forkMs: z.nullable(z.number()),
  sentinels: z.nullable(z.number()),
}) satisfies z.ZodMiniType<NodeSetup>;

const heartbeat = z.object({
  observer: z.string(),
  shift: z.int(),
  at: z.string(),
  codeVersion: z.string(),
  everyMs: z.exactOptional(z.number()),
  awake: z.exactOptional(z.enum(["stands", "yields"])),
  groups: z.record(
    z.string(),
    z.object({
      configVersion: z.int(),
      rev: z.int(),
      isPauseSeen: z.boolean(),
      suspect: z.nullable(z.string()),
      suspectForMs: z._default(z.number(), 0),
      suspectOffset: z._default(z.nullable(z.number()), null),
      suspectLoading: z._default(
        z.nullable(z.object({ runId: z.string(), forMs: z.number() })),
        null,
      ),
      absence: z.exactOptional(z.object({ record: z.string(), forMs: z.number() })),
      masterEpoch: z.int(),
      masterKnownForMs: z.number(),
      copiedRev: z._default(z.int(), 0),
      rule: z.string(),
      why: z.string(),
      nodes: z.record(
        z.string(),
        z.object({
          verdict: z.string(),
          role: z.nullable(z.enum(["master", "replica"])),
          offset: z.nullable(z.number()),
          replid: z.nullable(z.string()),
          isLinkUp: z.nullable(z.boolean()),
          latencyMs: z.nullable(z.number()),
          unfit: z._default(z.nullable(z.string()), null),
          oddities: z._default(z.array(z.string()), []),
          spells: z.exactOptional(z.object({ unwritableForMs: z.number(), busyForMs: z.number() })),
          priority: z.exactOptional(z.number()),
          setup: z.exactOptional(nodeSetup),
        }),
      ),
      way: z.exactOptional(way),
    }),
  ),
}) satisfies z.ZodMiniType<Heartbeat>;
