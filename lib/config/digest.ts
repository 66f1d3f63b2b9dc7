import { createHash } from "node:crypto";
import type { GroupConfig } from "../core/config.ts";
import type { GroupDraft } from "./draft.ts";

/**
 * SHA-256 of everything in a group but its version, in one spelling: keys sorted, observers and nodes sorted, because
 * neither order means anything. Votes count together only under one digest.
 */
export function digestOf(draft: GroupDraft): string {
  const { name, settings, placement, dns, auth, tls } = draft;
  const observers = [...draft.observers].sort();
  const nodes = [...draft.nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
  const text = canonicalJson({ name, observers, nodes, settings, placement, dns, auth, tls });
  return createHash("sha256").update(text).digest("hex");
}

/** The draft as one immutable version in the table. */
export function toGroupConfig(draft: GroupDraft, version: number): GroupConfig {
  return { ...draft, version, digest: digestOf(draft) };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
