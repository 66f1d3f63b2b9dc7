import * as z from "zod";
import { type GroupState, STATE_SCHEMA } from "../core/model.ts";
import type { StoredState } from "../ports/store.ts";
import type { Item } from "./dynamo-codec.ts";
import { parse } from "./dynamo-parse.ts";

/**
 * The STATE item. Fields that came later have a default: a reader is never stricter than the oldest writer. A field that it does not
 * know makes STATE foreign (fault C8), or its next write would take away what a newer version relies on:
 *
 *   new code: writes `kept: [n0]` ─┐            ┌─ reads STATE, attaches n0, its data is gone
 *   old code:                      └ reads STATE, drops `kept`, writes STATE
 */

const lineage = {
  replid: z.string(),
  replid2: z.string().nullable(),
  secondOffset: z.number(),
};
const masterRecord = z.strictObject({
  ...lineage,
  node: z.string(),
  runId: z.string(),
  isMarked: z.boolean().default(false),
});
const loss = z.strictObject({
  bytes: z.number().nullable(),
  certainty: z.enum(["exact", "lower-bound", "unknown"]),
  oldOffset: z.number().nullable(),
  newOffset: z.number(),
});
const epochKind = z.enum(["failover", "switchover"]);

const groupState = z.strictObject({
  schema: z.literal(STATE_SCHEMA),
  deployment: z.string(),
  group: z.string(),
  rev: z.number().int(),
  attempts: z.array(z.string()),
  epoch: z.number().int(),
  masterEpoch: z.number().int(),
  phase: z.enum(["steady", "promoting", "settling"]),
  kind: epochKind.nullable(),
  isAutomatic: z.boolean(),
  master: masterRecord.nullable(),
  candidate: z
    .strictObject({ node: z.string(), replid: z.string(), offset: z.number() })
    .nullable(),
  leader: z.string().nullable(),
  beat: z.number().int(),
  round: z.strictObject({
    number: z.number().int(),
    status: z.enum(["open", "closed"]),
    purpose: z.enum(["bootstrap", "failover"]),
    suspect: z.string().nullable(),
    openedBy: z.string(),
    reason: z.string().nullable(),
  }),
  configVersion: z.number().int(),
  pause: z
    .strictObject({
      by: z.string(),
      reason: z.string(),
      until: z.iso.datetime().nullable().default(null),
      rev: z.number().int(),
    })
    .nullable(),
  request: z
    .discriminatedUnion("kind", [
      z.strictObject({
        id: z.string(),
        kind: z.enum(["failover", "switchover"]),
        by: z.string(),
        to: z.string().nullable().default(null),
        at: z.iso.datetime().nullable().default(null),
        allowedLossBytes: z.number().nullable().default(null),
      }),
      z.strictObject({
        id: z.string(),
        kind: z.literal("notify-test"),
        by: z.string(),
        until: z.iso.datetime(),
      }),
      z.strictObject({
        id: z.string(),
        kind: z.literal("forget"),
        by: z.string(),
        node: z.string().nullable(),
        until: z.iso.datetime(),
      }),
    ])
    .nullable(),
  published: z.strictObject({ epoch: z.number().int(), node: z.string() }).nullable(),
  previousMaster: masterRecord.nullable(),
  previousOffset: z.number().nullable(),
  // Fields younger than the schema's first items have a default: a reader is never stricter than the oldest writer.
  histories: z.array(z.string()).default([]),
  lastEpoch: z
    .strictObject({
      epoch: z.number().int(),
      kind: epochKind,
      result: z.enum(["completed", "failed"]),
      isAutomatic: z.boolean(),
      from: z.string().nullable(),
      to: z.string(),
      reason: z.string(),
      isRefusal: z.boolean().default(false),
      loss: loss.nullable(),
    })
    .nullable(),
  automaticEpoch: z.number().int().nullable().default(null),
  earlyEpochs: z.array(z.number().int()).default([]),
  pagedEpoch: z.number().int().nullable().default(null),
  kept: z.array(z.string()).default([]),
  log: z
    .array(
      z.strictObject({
        rev: z.number().int(),
        epoch: z.number().int(),
        round: z.number().int(),
        phase: z.enum(["steady", "promoting", "settling"]),
        rule: z.string(),
        by: z.string(),
        why: z.string(),
      }),
    )
    .default([]),
  discovered: z.array(z.strictObject({ host: z.string(), port: z.number().int() })).default([]),
  removed: z.strictObject({ by: z.string(), rev: z.number().int() }).nullable().default(null),
  lastTransition: z.strictObject({ rev: z.number().int(), rule: z.string(), why: z.string() }),
}) satisfies z.ZodType<GroupState>;

/** Reads STATE; another schema, another deployment or a broken item is "foreign": hands off (faults C8, D12, D13). */
export function parseState(item: Item | undefined, deployment: string): StoredState {
  if (item === undefined) return { kind: "absent" };
  const state = parse(groupState, item, "STATE");
  if (!state.ok) return { kind: "foreign", why: state.why };
  if (state.value.deployment !== deployment) {
    const why = `STATE belongs to deployment ${state.value.deployment}, this is ${deployment}`;
    return { kind: "foreign", why };
  }
  return { kind: "state", state: state.value };
}
