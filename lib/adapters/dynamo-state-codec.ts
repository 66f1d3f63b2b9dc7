import * as z from "zod/mini";
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
  replid2: z.nullable(z.string()),
  secondOffset: z.number(),
};
const masterRecord = z.strictObject({
  ...lineage,
  node: z.string(),
  runId: z.string(),
  isMarked: z._default(z.boolean(), false),
});
const loss = z.strictObject({
  bytes: z.nullable(z.number()),
  certainty: z.enum(["exact", "lower-bound", "unknown"]),
  oldOffset: z.nullable(z.number()),
  newOffset: z.number(),
});
const epochKind = z.enum(["failover", "switchover"]);

const groupState = z.strictObject({
  schema: z.literal(STATE_SCHEMA),
  deployment: z.string(),
  group: z.string(),
  rev: z.int(),
  attempts: z.array(z.string()),
  epoch: z.int(),
  masterEpoch: z.int(),
  phase: z.enum(["steady", "promoting", "settling"]),
  kind: z.nullable(epochKind),
  isAutomatic: z.boolean(),
  master: z.nullable(masterRecord),
  candidate: z.nullable(
    z.strictObject({ node: z.string(), replid: z.string(), offset: z.number() }),
  ),
  leader: z.nullable(z.string()),
  beat: z.int(),
  round: z.strictObject({
    number: z.int(),
    status: z.enum(["open", "closed"]),
    purpose: z.enum(["bootstrap", "failover"]),
    suspect: z.nullable(z.string()),
    openedBy: z.string(),
    reason: z.nullable(z.string()),
  }),
  configVersion: z.int(),
  pause: z.nullable(
    z.strictObject({
      by: z.string(),
      reason: z.string(),
      until: z._default(z.nullable(z.iso.datetime()), null),
      rev: z.int(),
    }),
  ),
  request: z.nullable(
    z.discriminatedUnion("kind", [
      z.strictObject({
        id: z.string(),
        kind: z.enum(["failover", "switchover"]),
        by: z.string(),
        to: z._default(z.nullable(z.string()), null),
        at: z._default(z.nullable(z.iso.datetime()), null),
        allowedLossBytes: z._default(z.nullable(z.number()), null),
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
        node: z.nullable(z.string()),
        until: z.iso.datetime(),
      }),
    ]),
  ),
  published: z.nullable(z.strictObject({ epoch: z.int(), node: z.string() })),
  previousMaster: z.nullable(masterRecord),
  previousOffset: z.nullable(z.number()),
  // Fields younger than the schema's first items have a default: a reader is never stricter than the oldest writer.
  histories: z._default(z.array(z.string()), []),
  lastEpoch: z.nullable(
    z.strictObject({
      epoch: z.int(),
      kind: epochKind,
      result: z.enum(["completed", "failed"]),
      isAutomatic: z.boolean(),
      from: z.nullable(z.string()),
      to: z.string(),
      reason: z.string(),
      isRefusal: z._default(z.boolean(), false),
      loss: z.nullable(loss),
    }),
  ),
  automaticEpoch: z._default(z.nullable(z.int()), null),
  earlyEpochs: z._default(z.array(z.int()), []),
  pagedEpoch: z._default(z.nullable(z.int()), null),
  kept: z._default(z.array(z.string()), []),
  log: z._default(
    z.array(
      z.strictObject({
        rev: z.int(),
        epoch: z.int(),
        round: z.int(),
        phase: z.enum(["steady", "promoting", "settling"]),
        rule: z.string(),
        by: z.string(),
        why: z.string(),
      }),
    ),
    [],
  ),
  discovered: z._default(z.array(z.strictObject({ host: z.string(), port: z.int() })), []),
  removed: z._default(z.nullable(z.strictObject({ by: z.string(), rev: z.int() })), null),
  lastTransition: z.strictObject({ rev: z.int(), rule: z.string(), why: z.string() }),
}) satisfies z.ZodMiniType<GroupState>;

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
