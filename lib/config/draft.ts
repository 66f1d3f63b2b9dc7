import type {
  Address,
  DnsConfig,
  GroupConfig,
  NodeConfig,
  PlacementConfig,
  Settings,
} from "../core/config.ts";
import { formatAddress } from "../core/config.ts";
import { normalizeName } from "../core/records.ts";
import { parseAddress } from "./address.ts";
import { type Finding, type Path, problemAt, quote } from "./problems.ts";
import { dnsSchema, namePattern, nodeSchema, placementSchema, settingsSchema } from "./schema.ts";
import { settingsTable } from "./settings.ts";

/** A group as the file says it, before it has a version in the table. */
export type GroupDraft = Omit<GroupConfig, "version" | "digest">;

/**
 * As much of one group as could be read: a broken field hides only itself, so that all problems of a file are reported
 * at once.
 */
export interface ReadGroup {
  readonly path: Path;
  readonly name: string | null;
  readonly nodes: readonly ReadNode[];
  readonly settings: ReadSettings;
  /** How many nodes the file lists, broken ones included. */
  readonly listedNodes: number;
  /** null when it is absent, broken or empty. */
  readonly placement: PlacementConfig | null;
  /** null when absent. */
  readonly dns: ReadDns | null;
}

/** Each field null when broken. */
export interface ReadDns {
  readonly name: string | null;
  readonly ttlSeconds: number | null;
  readonly srv: boolean | null;
  /** null when absent, too. */
  readonly replicas: string | null;
}

export interface ReadNode {
  readonly path: Path;
  readonly config: NodeConfig;
  /** Where the published address stands: at the node itself when it serves for all. */
  readonly publishPath: Path;
}

export interface ReadSettings {
  /** With defaults for what is absent or broken. */
  readonly values: Omit<Settings, "quorum"> & { readonly quorum: number | null };
  readonly given: ReadonlySet<string>;
  readonly broken: ReadonlySet<string>;
}

export interface Read<T> {
  readonly value: T;
  readonly findings: readonly Finding[];
}

/** Reads what can be read of a group. Findings are only those that the schema can't make. */
export function readGroup(raw: unknown, index: number): Read<ReadGroup> {
  const path = ["groups", index];
  const fields = fieldsOf(raw);
  const name = fields.get("name");
  const listed = fields.get("nodes");
  const nodes = readNodes(Array.isArray(listed) ? listed : [], [...path, "nodes"]);
  const value: ReadGroup = {
    path,
    name: typeof name === "string" && namePattern.test(name) ? name : null,
    nodes: nodes.value,
    listedNodes: Array.isArray(listed) ? listed.length : 0,
    settings: readSettings(fields),
    placement: readPlacement(fields.get("placement")),
    dns: readDns(fields.get("dns")),
  };
  return { value, findings: nodes.findings };
}

function fieldsOf(raw: unknown): ReadonlyMap<string, unknown> {
  const isMapping = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  return new Map(isMapping ? Object.entries(raw) : []);
}

function readSettings(fields: ReadonlyMap<string, unknown>): ReadSettings {
  const given = new Map([...fields].filter(([key]) => Object.hasOwn(settingsTable, key)));
  const first = settingsSchema.safeParse(Object.fromEntries(given));
  const broken = new Set(first.error?.issues.map((issue) => String(issue.path[0])));
  const whole = [...given].filter(([key]) => !broken.has(key));
  const parsed = settingsSchema.parse(Object.fromEntries(whole));
  const values = { ...parsed, quorum: parsed.quorum ?? null };
  return { values, given: new Set(given.keys()), broken };
}

function readNodes(raw: readonly unknown[], path: Path): Read<readonly ReadNode[]> {
  const nodes: ReadNode[] = [];
  const findings: Finding[] = [];
  for (const [index, entry] of raw.entries()) {
    const read = readNode(entry, [...path, index]);
    findings.push(...read.findings);
    if (read.value !== null) nodes.push(read.value);
  }
  return { value: nodes, findings };
}

function readNode(raw: unknown, path: Path): Read<ReadNode | null> {
  const parsed = nodeSchema.safeParse(raw);
  if (!parsed.success) return { value: null, findings: [] };
  const { data } = parsed;
  if (typeof data === "string") {
    const only = readAddress(data, path);
    if (only.value === null) return { value: null, findings: only.findings };
    const config = nodeOf(undefined, only.value, only.value, only.value);
    return { value: { path, config, publishPath: path }, findings: [] };
  }
  const probe = readAddress(data.probe, [...path, "probe"]);
  const replicate = readOptional(data.replicate, probe, [...path, "replicate"]);
  const publish = readOptional(data.publish, probe, [...path, "publish"]);
  if (probe.value === null || replicate.value === null || publish.value === null) {
    const own = [replicate, publish].filter((read) => read !== probe);
    return { value: null, findings: [probe, ...own].flatMap((read) => read.findings) };
  }
  const { name, zone, region, priority } = data;
  const config = {
    ...nodeOf(name, probe.value, replicate.value, publish.value),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(priority === undefined ? {} : { priority }),
  };
  const publishPath = data.publish === undefined ? path : [...path, "publish"];
  return { value: { path, config, publishPath }, findings: [] };
}

/** A name has no colon, so that no node is called as another one's address (ADR 0011). */
function nodeOf(
  name: string | undefined,
  probe: Address,
  replicate: Address,
  publish: Address,
): NodeConfig {
  return { id: name ?? formatAddress(probe), probe, replicate, publish };
}

function readOptional(
  text: string | undefined,
  probe: Read<Address | null>,
  path: Path,
): Read<Address | null> {
  return text === undefined ? probe : readAddress(text, path);
}

function readAddress(text: string, path: Path): Read<Address | null> {
  const parsed = parseAddress(text);
  if (parsed.ok) return { value: parsed.address, findings: [] };
  // Whoever writes a Redis URL here may have written the password into it.
  const got = /[@/]/.test(text) ? "a URL (not shown here)" : quote(text);
  const message = `expected "host:port", got ${got}: ${parsed.why}`;
  return { value: null, findings: [problemAt(path, message)] };
}

function readPlacement(raw: unknown): PlacementConfig | null {
  const parsed = placementSchema.safeParse(raw);
  return parsed.success ? toPlacement(parsed.data) : null;
}

/** null when it says nothing. The regions come in one order, because theirs means nothing. */
function toPlacement(raw: ReturnType<typeof placementSchema.parse>): PlacementConfig | null {
  const { zones, regions, masterRegions } = raw;
  const hasPriorities = Object.keys({ ...zones, ...regions }).length > 0;
  if (masterRegions === undefined) return hasPriorities ? { zones, regions } : null;
  return { zones, regions, masterRegions: [...new Set(masterRegions)].sort() };
}

function readDns(raw: unknown): ReadDns | null {
  if (raw === undefined) return null;
  const fields = fieldsOf(raw);
  const { name, ttl, srv, replicas } = dnsSchema.shape;
  const readName = name.safeParse(fields.get("name"));
  const readReplicas = replicas.safeParse(fields.get("replicas")).data;
  return {
    name: readName.success ? normalizeName(readName.data) : null,
    ttlSeconds: ttl.safeParse(fields.get("ttl")).data ?? null,
    srv: srv.safeParse(fields.get("srv")).data ?? null,
    replicas: readReplicas === undefined ? null : normalizeName(readReplicas),
  };
}

/** The record as the core knows it, with its names in their one spelling. */
export function toDnsConfig(raw: ReturnType<typeof dnsSchema.parse>): DnsConfig {
  return {
    zoneId: raw.zoneId,
    name: normalizeName(raw.name),
    ttlSeconds: raw.ttl,
    srv: raw.srv,
    ...(raw.replicas === undefined ? {} : { replicas: normalizeName(raw.replicas) }),
  };
}
