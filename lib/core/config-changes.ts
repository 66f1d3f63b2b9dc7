import type { GroupConfig } from "./config.ts";
import { type SentinelEvent, warning } from "./events.ts";

/** A file may change everything; the first of it is enough to know that somebody was at it. */
const changesMax = 20;

/** What an observer tells when it goes on under another configuration than it had. */
export function configSet(
  observer: string,
  before: GroupConfig,
  after: GroupConfig,
): SentinelEvent {
  const changes = changesBetween(before, after);
  const rest = changes.length - changesMax;
  const said = [
    ...changes.slice(0, changesMax),
    ...(rest > 0 ? [`and ${rest} more`] : []),
    ...(changes.length === 0 ? ["nothing that it says is another"] : []),
  ];
  const message = `${observer} follows version ${after.version} after ${before.version}: ${said.join(", ")}`;
  const evidence = { fromVersion: before.version, toVersion: after.version };
  return warning("+set", message, { evidence });
}

function changesBetween(before: GroupConfig, after: GroupConfig): readonly string[] {
  const old = new Map<string, unknown>(Object.entries(before.settings));
  const settings = Object.entries(after.settings).flatMap(([name, value]) =>
    old.get(name) === value ? [] : [`${name} ${String(old.get(name))} → ${String(value)}`],
  );
  const parts = ["observers", "placement", "dns", "auth", "tls"] as const;
  const others = parts.filter((part) => !isSame(before[part], after[part]));
  return [...settings, ...nodeChanges(before, after), ...others.map((part) => `${part} changed`)];
}

function nodeChanges(before: GroupConfig, after: GroupConfig): readonly string[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const added = after.nodes.filter(({ id }) => !old.has(id));
  const gone = before.nodes.filter(({ id }) => after.nodes.every((node) => node.id !== id));
  const changed = after.nodes.filter((node) => old.has(node.id) && !isSame(old.get(node.id), node));
  return [
    ...added.map(({ id }) => `node ${id} added`),
    ...gone.map(({ id }) => `node ${id} removed`),
    ...changed.map(({ id }) => `node ${id} changed`),
  ];
}

/** A table gives back the fields of an item in an order of its own. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
