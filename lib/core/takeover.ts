import {
  isSameRecord,
  type Ownership,
  parseCompanion,
  planPublication,
  type RecordChange,
  type RecordSet,
} from "./records.ts";

/** How a name that somebody else wrote becomes this deployment's: by its companion alone; the rest the observers publish. */

export type Takeover =
  /** The observers may change it as it is. */
  | { readonly kind: "ours" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "take"; readonly take: TakeoverPlan };

export interface TakeoverPlan {
  /** What stands there and is not as the table wants it: the next publication replaces it. */
  readonly strangers: readonly RecordSet[];
  /** Whose it is by its companion; null: nobody of our kind says so. */
  readonly from: Ownership | null;
  readonly companion: RecordSet;
  /**
   * One batch: everything that was read is deleted and created as it is, so that nothing else is taken over than what was
   * shown. A change in between makes it fail as a whole.
   */
  readonly changes: readonly RecordChange[];
}

/** `all` is what the zone has at the names of this record, `wanted` what the table wants there, the companion first. */
export function planTakeover(
  all: readonly RecordSet[],
  wanted: readonly RecordSet[],
  owner: Ownership,
): Takeover {
  const [companion] = wanted;
  if (companion === undefined || planPublication(all, wanted, owner).kind !== "refused")
    return { kind: "ours" };
  // A text at the group's own name stays there: it is in nobody's way.
  const found = all.filter((one) => one.type !== "TXT" || one.name === companion.name);
  const standing = found.find((one) => one.type === "TXT");
  const from = standing?.values.length === 1 ? parseCompanion(standing.values[0] ?? "") : null;
  const why = whyTooNew(from, owner) ?? whyUnread(found);
  if (why !== null) return { kind: "refused", why };
  const changes = found.flatMap((record): readonly RecordChange[] => [
    { action: "DELETE", record },
    ...(record === standing ? [] : [{ action: "CREATE" as const, record }]),
  ]);
  const strangers = found.filter(
    (one) => one !== standing && !wanted.some((want) => isSameRecord(one, want)),
  );
  return {
    kind: "take",
    take: {
      ...{ strangers, from, companion },
      changes: [...changes, { action: "CREATE", record: companion }],
    },
  };
}

/** Ours, and of an epoch that the table has not reached: the name is not what is wrong then. */
function whyTooNew(from: Ownership | null, owner: Ownership): string | null {
  if (from === null || from.deployment !== owner.deployment || from.group !== owner.group)
    return null;
  return `its companion carries epoch ${from.epoch} of this very group, above ${owner.epoch}: the table may have been restored from a backup, and that is mended first (docs/limits.md)`;
}

/** An alias has no values of its own; of several sets with one name and type each has a routing that is not read. */
function whyUnread(found: readonly RecordSet[]): string | null {
  const odd = found.find(
    (one) =>
      one.values.length === 0 ||
      found.some((two) => two !== one && two.name === one.name && two.type === one.type),
  );
  if (odd === undefined) return null;
  return `${odd.type} at ${odd.name} is an alias or has a routing policy, and can't be taken over: delete it in the zone, and the observers publish`;
}
