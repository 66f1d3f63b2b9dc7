import { createHash } from "node:crypto";
import { assertNever } from "../core/assert-never.ts";
import {
  type DnsConfig,
  formatAddress,
  type GroupConfig,
  type NodeConfig,
  type PlacementConfig,
} from "../core/config.ts";
import { digestOf } from "./digest.ts";
import type { GroupDraft } from "./draft.ts";
import { listSettings } from "./settings.ts";

/** One field that differs; null where there is or was none. */
export interface FieldChange {
  readonly field: string;
  readonly old: string | null;
  readonly new: string | null;
}

export type GroupDiff =
  | { readonly kind: "added"; readonly group: string; readonly draft: GroupDraft }
  | {
      readonly kind: "changed";
      readonly group: string;
      readonly stored: GroupConfig;
      readonly draft: GroupDraft;
      readonly changes: readonly FieldChange[];
    }
  | { readonly kind: "unchanged"; readonly group: string; readonly stored: GroupConfig }
  /** In the table and not in the file: left alone. */
  | { readonly kind: "not-in-file"; readonly group: string; readonly stored: GroupConfig };

/** Compares the file with the newest stored version of each group, in the file's order; strangers come last. */
export function diffGroups(
  drafts: readonly GroupDraft[],
  newest: ReadonlyMap<string, GroupConfig>,
): readonly GroupDiff[] {
  const inFile = new Set(drafts.map((draft) => draft.name));
  const strangers = [...newest.values()]
    .filter((stored) => !inFile.has(stored.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((stored): GroupDiff => ({ kind: "not-in-file", group: stored.name, stored }));
  return [...drafts.map((draft) => diffGroup(draft, newest.get(draft.name))), ...strangers];
}

function diffGroup(draft: GroupDraft, stored: GroupConfig | undefined): GroupDiff {
  const group = draft.name;
  if (stored === undefined) return { kind: "added", group, draft };
  if (stored.digest === digestOf(draft)) return { kind: "unchanged", group, stored };
  return { kind: "changed", group, stored, draft, changes: changesBetween(stored, draft) };
}

function changesBetween(stored: GroupDraft, draft: GroupDraft): readonly FieldChange[] {
  const before = fieldsOf(stored);
  const after = fieldsOf(draft);
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({ field, old: before.get(field) ?? null, new: after.get(field) ?? null }))
    .filter((change) => change.old !== change.new);
}

/** A group as flat texts. A password appears as its reference, which is all that a group has of it. */
function fieldsOf(draft: GroupDraft): ReadonlyMap<string, string> {
  const { placement, dns, auth, tls } = draft;
  const fields: (readonly [string, string | undefined])[] = [
    ["observers", [...draft.observers].sort().join(", ")],
    ...draft.nodes.map((node) => [`nodes ${node.id}`, describeNode(node)] as const),
    ...settingsOf(draft),
    ["placement.zones", listPriorities(placement?.zones)],
    ["placement.regions", listPriorities(placement?.regions)],
    ["placement.masterRegions", placement?.masterRegions?.join(", ")],
    ["dns.zoneId", dns?.zoneId],
    ["dns.name", dns?.name],
    ["dns.ttl", dns === undefined ? undefined : String(dns.ttlSeconds)],
    ["dns.srv", dns === undefined ? undefined : String(dns.srv)],
    ["dns.replicas", dns?.replicas],
    ["auth.username", auth?.username],
    ["auth.password", auth?.password],
    ["tls", tls === undefined ? "false" : "true"],
    ["tls.ca", shorten(tls?.ca)],
    ["tls.servername", tls?.servername],
    ["tls.cert", shorten(tls?.cert)],
    ["tls.key", tls?.key],
  ];
  return new Map(
    fields.flatMap(([field, text]) => (text === undefined ? [] : [[field, text] as const])),
  );
}

function describeRecord({ name, zoneId, replicas }: DnsConfig): string {
  return `${name} in ${zoneId}${replicas === undefined ? "" : `, replicas at ${replicas}`}`;
}

/** The settings in the documented order, whatever order the table gave them back in. */
function settingsOf(draft: GroupDraft): readonly (readonly [string, string])[] {
  const values = new Map(Object.entries(draft.settings));
  return listSettings().map(([name]) => [name, String(values.get(name))] as const);
}

function describeNode(node: NodeConfig): string {
  const probe = formatAddress(node.probe);
  const replicate = formatAddress(node.replicate);
  const publish = formatAddress(node.publish);
  const parts = [
    ...(probe === node.id ? [] : [`at ${probe}`]),
    ...(replicate === probe ? [] : [`replicates at ${replicate}`]),
    ...(publish === probe ? [] : [`published as ${publish}`]),
    ...(node.zone === undefined ? [] : [`zone ${node.zone}`]),
    ...(node.region === undefined ? [] : [`region ${node.region}`]),
    ...(node.priority === undefined ? [] : [`priority ${node.priority}`]),
  ];
  return parts.length === 0 ? "one address for all" : parts.join(", ");
}

/** `eu-west-1a 10, eu-west-1b 20`; undefined where there are none. */
function listPriorities(table: PlacementConfig["zones"] | undefined): string | undefined {
  const entries = Object.entries(table ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = entries.map(([name, priority]) => `${name} ${priority}`).join(", ");
  return text === "" ? undefined : text;
}

/** A long text, a certificate, is shown by its digest: enough to see whether it changed. */
function shorten(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= 80) return text;
  return `text with SHA-256 ${createHash("sha256").update(text).digest("hex").slice(0, 16)}…`;
}

/** The difference in lines for people. */
export function renderDiff(diffs: readonly GroupDiff[]): readonly string[] {
  return diffs.flatMap(renderGroup);
}

function renderGroup(diff: GroupDiff): readonly string[] {
  switch (diff.kind) {
    case "added":
      return [`+ ${diff.group}: new`, ...describeAdded(diff.draft)];
    case "changed":
      return [
        `~ ${diff.group}: changed, version ${diff.stored.version} in the table`,
        ...diff.changes.map(renderChange),
      ];
    case "unchanged":
      return [`= ${diff.group}: unchanged, version ${diff.stored.version}`];
    case "not-in-file":
      return [`  ${diff.group}: in the table and not in the file, left alone`];
    default:
      return assertNever(diff);
  }
}

function renderChange(change: FieldChange): string {
  if (change.old === null) return `    ${change.field}: added, ${change.new}`;
  if (change.new === null) return `    ${change.field}: removed, was ${change.old}`;
  return `    ${change.field}: ${change.old} → ${change.new}`;
}

/** Where each node may come in a failover: what the configuration says beside the addresses. */
function describePlacement(draft: GroupDraft): readonly string[] {
  const { placement } = draft;
  const says = [
    ...prefixed("zones", listPriorities(placement?.zones)),
    ...prefixed("regions", listPriorities(placement?.regions)),
    ...prefixed("masters in", placement?.masterRegions?.join(", ")),
  ];
  const nodes = draft.nodes.filter(
    ({ id, probe, zone, region, priority }) =>
      id !== formatAddress(probe) || (zone ?? region ?? priority) !== undefined,
  );
  return [
    ...(says.length === 0 ? [] : [`    placement: ${says.join("; ")}`]),
    ...nodes.map((node) => `    node ${node.id}: ${describeNode(node)}`),
  ];
}

function prefixed(prefix: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`${prefix} ${text}`];
}

function describeAdded(draft: GroupDraft): readonly string[] {
  const defaults = new Map(listSettings().map(([name, setting]) => [name, setting.default]));
  const chosen = settingsOf(draft)
    .filter(([name, value]) => String(defaults.get(name)) !== value)
    .map(([name, value]) => `${name} ${value}`);
  return [
    `    nodes: ${draft.nodes.map((node) => node.id).join(", ")}`,
    `    observers: ${draft.observers.join(", ")}`,
    ...describePlacement(draft),
    ...(draft.dns === undefined ? [] : [`    record: ${describeRecord(draft.dns)}`]),
    `    settings: ${chosen.join(", ")}; defaults otherwise`,
  ];
}
