import type { Address } from "../core/config.ts";
import type { NodeFacts, RedisErrorCode } from "../core/model.ts";
import type { NodeOddity } from "../core/rehearsal.ts";
import type { Reply } from "./redis-connection.ts";

/** Reads Redis's own texts into facts. Fields that a server doesn't send stay "unknown", never zero by accident. */

const noReplid = "0".repeat(40);

/** `INFO` as a map of its fields. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/**
 * What is kept of an INFO. A part of a text keeps all of it in memory: six kilobytes for the forty letters of a replication
 * id, of every node.
 */
function kept(text: string): string {
  return Buffer.from(text).toString();
}

function keptOrNull(text: string | undefined): string | null {
  return text === undefined ? null : kept(text);
}

/** What is asked beside INFO, each of which a server may refuse. */
export interface Extras {
  readonly marker?: number | null;
  readonly replPingMs: number | null;
  readonly sentinels: number | null;
}

/** Facts from INFO; null when the text isn't an INFO that names a role and a replication id. */
export function factsFrom(text: string, extras: Extras): NodeFacts | null {
  const info = parseInfo(text);
  const role = info.get("role");
  const replid = info.get("master_replid");
  const runId = info.get("run_id");
  if ((role !== "master" && role !== "slave") || replid === undefined || runId === undefined) {
    return null;
  }
  const isReplica = role === "slave";
  const replid2 = info.get("master_replid2") ?? noReplid;
  const linkDown = numberOf(info.get("master_link_down_since_seconds"));
  const offset = numberOf(info.get(isReplica ? "slave_repl_offset" : "master_repl_offset")) ?? 0;
  const isLinkUp = info.get("master_link_status") === "up";
  const uptimeSeconds = numberOf(info.get("uptime_in_seconds"));
  return {
    runId: kept(runId),
    version: kept(info.get("valkey_version") ?? info.get("redis_version") ?? "unknown"),
    role: isReplica ? "replica" : "master",
    replid: kept(replid),
    replid2: replid2 === noReplid ? null : kept(replid2),
    secondOffset: numberOf(info.get("second_repl_offset")) ?? -1,
    offset,
    priority: numberOf(info.get("slave_priority")) ?? 100,
    isLoading: info.get("loading") === "1" || info.get("async_loading") === "1",
    isSyncing: info.get("master_sync_in_progress") === "1",
    // A replica that never synced reports -1 seconds of link-down and offset 0 or 1 (sentinel.md 1.6).
    hasSynced: !isReplica || isLinkUp || (linkDown !== null && linkDown >= 0) || offset > 1,
    keys: keysOf(info),
    masterHost: isReplica ? keptOrNull(info.get("master_host")) : null,
    masterPort: isReplica ? numberOf(info.get("master_port")) : null,
    isLinkUp,
    lastIoSeconds: isReplica ? notNegative(numberOf(info.get("master_last_io_seconds_ago"))) : null,
    linkDownSeconds: notNegative(linkDown),
    ...(uptimeSeconds === null ? {} : { uptimeSeconds }),
    failoverState: keptOrNull(info.get("master_failover_state")),
    ...(extras.marker === undefined ? {} : { marker: extras.marker }),
    replPingMs: extras.replPingMs,
    sentinels: extras.sentinels,
    oddities: odditiesIn(info),
    replicas: isReplica ? [] : replicasIn(info),
  };
}

/** Valkey says `server_mode` where Redis says `redis_mode`; both name the cluster in a section of its own. */
function odditiesIn(info: ReadonlyMap<string, string>): readonly NodeOddity[] {
  const found: readonly (readonly [NodeOddity, boolean])[] = [
    ["cluster", info.get("cluster_enabled") === "1"],
    ["managed", (info.get("os") ?? "").startsWith("Amazon ElastiCache")],
    ["writable-replica", info.get("role") === "slave" && info.get("slave_read_only") === "0"],
    ["memory-full", isMemoryFull(info)],
    ["cannot-save", hasFailedToSave(info)],
  ];
  return found.flatMap(([oddity, isSo]) => (isSo ? [oddity] : []));
}

/** As the server itself counts before a write: without the buffers of its replicas and of the append-only file. */
function isMemoryFull(info: ReadonlyMap<string, string>): boolean {
  const maximum = numberOf(info.get("maxmemory")) ?? 0;
  const used = numberOf(info.get("used_memory")) ?? 0;
  const notCounted = numberOf(info.get("mem_not_counted_for_evict")) ?? 0;
  const isBounded = maximum > 0 && info.get("maxmemory_policy") === "noeviction";
  return isBounded && used - notCounted > maximum;
}

/** A full or read-only file system shows here first, and as MISCONF where the server is told to refuse writes then. */
function hasFailedToSave(info: ReadonlyMap<string, string>): boolean {
  return ["rdb_last_bgsave_status", "aof_last_write_status"].some(
    (field) => info.get(field) === "err",
  );
}

const replicasMax = 100;

/**
 * `slave0:ip=10.0.0.2,port=6379,state=online,…`: replicas that are up to date, where they say that they are. A tool that
 * copies the data says port 0. The names are other people's text, so what is no address is none.
 */
function replicasIn(info: ReadonlyMap<string, string>): readonly Address[] {
  const found: Address[] = [];
  for (const [name, value] of info) {
    if (!/^slave\d+$/.test(name) || found.length === replicasMax) continue;
    const [, host, port] =
      /^ip=([\w.:-]{1,253}),port=(\d{1,5}),state=online(?:,|$)/.exec(value) ?? [];
    const number = Number(port);
    if (host === undefined || number < 1 || number > 65_535) continue;
    found.push({ host: kept(host.toLowerCase()), port: number });
  }
  return found;
}

function keysOf(info: ReadonlyMap<string, string>): number {
  let keys = 0;
  for (const [name, value] of info) {
    if (/^db\d+$/.test(name)) keys += Number(/keys=(\d+)/.exec(value)?.[1] ?? 0);
  }
  return keys;
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function notNegative(value: number | null): number | null {
  return value === null || value < 0 ? null : value;
}

/** `ROLE`: role and position in the stream. A replica without a link shows -1 there, however far it came. */
export function parseRole(
  value: unknown,
): { role: "master" | "replica"; offset: number | null } | null {
  if (!Array.isArray(value)) return null;
  const [role, second, , , fifth] = value;
  if (role === "master") return { role, offset: Number(second) };
  if (role !== "slave") return null;
  const offset = Number(fifth);
  return { role: "replica", offset: offset < 0 ? null : offset };
}

/** The marker key: an epoch; null when absent, undefined when the answer is no answer to that question. */
export function parseMarker(reply: Reply | undefined): number | null | undefined {
  if (reply === undefined || !reply.ok) return undefined;
  if (reply.value === null) return null;
  const text = String(reply.value);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `CONFIG GET repl-ping-replica-period`, in ms; null when refused. */
export function parseReplPing(reply: Reply | undefined): number | null {
  if (reply === undefined || !reply.ok || !Array.isArray(reply.value)) return null;
  const seconds = Number(reply.value[1]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : null;
}

/**
 * Redis Sentinels name their connections `sentinel-<id>-pubsub`; CLIENT LIST TYPE pubsub keeps the list short. null when
 * it is refused: then nobody can tell.
 */
export function countSentinels(reply: Reply | undefined): number | null {
  if (reply === undefined || !reply.ok || typeof reply.value !== "string") return null;
  return reply.value.match(/name=sentinel-[0-9a-f]+-pubsub/g)?.length ?? 0;
}

/** Renamed, unknown or without the right to it. A server that is busy, loading or a replica refuses in other words. */
export function isForbidden(reply: Reply | undefined): boolean {
  return (
    reply?.ok === false && /^(EXECABORT .*: )?(NOPERM|ERR unknown (sub)?command)/i.test(reply.text)
  );
}

/** What AUTH is answered when name or password are not those of the server; Redis 5 has another word for it. */
export function isLoginRefused(text: string): boolean {
  return text.startsWith("WRONGPASS") || text === "ERR invalid password";
}

/** A Redis Sentinel answers PING as a server does, and shows in ROLE what it is. */
export function isSentinel(role: Reply | undefined): boolean {
  return role?.ok === true && Array.isArray(role.value) && role.value[0] === "sentinel";
}

const codes: readonly (readonly [prefix: string, code: RedisErrorCode])[] = [
  ["LOADING", "LOADING"],
  ["BUSY", "BUSY"],
  ["MASTERDOWN", "MASTERDOWN"],
  ["MISCONF", "MISCONF"],
  ["ERR max number of clients", "MAXCLIENTS"],
  ["NOAUTH", "NOAUTH"],
  ["WRONGPASS", "WRONGPASS"],
  ["NOPERM", "NOPERM"],
  ["DENIED", "NOAUTH"],
];

export function errorCode(text: string): RedisErrorCode {
  return codes.find(([prefix]) => text.startsWith(prefix))?.[1] ?? "OTHER";
}
