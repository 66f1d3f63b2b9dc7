import { Document, isMap, isSeq } from "yaml";
import { formatAddress } from "../core/config.ts";
import { parseAddress } from "./address.ts";
import { quote } from "./problems.ts";
import { groupsMax, namePattern, nodesMax, observersMax } from "./schema.ts";
import type { SentinelConf, SentinelMaster } from "./sentinel-conf.ts";
import { noteFile, noteMaster } from "./sentinel-notes.ts";
import { caRef, certRef, keyRef, passwordRef, settingsOf } from "./sentinel-settings.ts";

/** What became of one thing in the file, in a sentence for people. */
export interface ImportNote {
  readonly kind: "taken" | "changed" | "missing" | "left-out";
  /** null: about no line in particular. */
  readonly line: number | null;
  /** The group's name; null: about the file. */
  readonly group: string | null;
  readonly text: string;
}

/** `text` is a groups.yml; null when no group could be taken over. */
export interface Imported {
  readonly text: string | null;
  readonly notes: readonly ImportNote[];
}

/** A group on its way into the file. */
export interface ImportedGroup {
  readonly name: string;
  readonly master: SentinelMaster;
  /** `host:port`, the master first. */
  readonly nodes: readonly string[];
}

/** Writes groups.yml for what these Sentinels watch, and says of everything in their file what became of it. */
export function importSentinel(conf: SentinelConf, named: readonly string[] | null): Imported {
  const observers = named ?? placeholders(conf);
  const notes: ImportNote[] = [];
  const groups = gatherGroups(conf, notes);
  const written = groups.map((group) => {
    const { settings, changes } = settingsOf(group.master, observers.length);
    notes.push(...noteMaster(group, settings, changes));
    return { ...group, settings };
  });
  if (written.length === 0) return { text: null, notes };
  notes.push(...noteFile(conf, named === null ? observers : null));
  return { text: render(observers, written, conf), notes };
}

/** As many as there were Sentinels: an odd number, and three at the least. */
function placeholders(conf: SentinelConf): readonly string[] {
  const sentinels = 1 + Math.max(0, ...conf.masters.map((master) => master.sentinels));
  const count = Math.min(observersMax, Math.max(3, sentinels + ((sentinels + 1) % 2)));
  return Array.from({ length: count }, (_, index) => `observer-${index + 1}`);
}

/** Masters come first: what one group calls its master is never another's replica, however old that line is. */
function gatherGroups(conf: SentinelConf, notes: ImportNote[]): readonly ImportedGroup[] {
  const owners = new Map<string, string>();
  const names = new Set<string>();
  const begun: { readonly name: string; readonly master: SentinelMaster; readonly id: string }[] =
    [];
  for (const master of conf.masters) {
    const leaveOut = (text: string) =>
      notes.push({ kind: "left-out", line: master.line, group: master.name, text });
    const id = readNode(master.host, master.port);
    const owner = id === null ? undefined : owners.get(id);
    if (id === null) leaveOut(`the whole group: ${whyNoNode(master.host, master.port)}`);
    else if (owner !== undefined) leaveOut(`the whole group: ${id} is the master of ${owner} too`);
    else if (begun.length >= groupsMax) leaveOut(`the whole group: ${groupsMax} groups a file`);
    else {
      const name = groupName(master.name, names);
      names.add(name);
      owners.set(id, name);
      begun.push({ name, master, id });
    }
  }
  return begun.map(({ name, master, id }) => {
    const replicas = gatherReplicas(name, master, owners, notes);
    return { name, master, nodes: [id, ...replicas] };
  });
}

function gatherReplicas(
  group: string,
  master: SentinelMaster,
  owners: Map<string, string>,
  notes: ImportNote[],
): readonly string[] {
  const nodes: string[] = [];
  for (const { line, value } of master.replicas) {
    const leaveOut = (text: string) => notes.push({ kind: "left-out", line, group, text });
    const id = readNode(value.host, value.port);
    const owner = id === null ? undefined : owners.get(id);
    if (id === null) leaveOut(`a replica: ${whyNoNode(value.host, value.port)}`);
    else if (owner === group) continue;
    else if (owner !== undefined) {
      leaveOut(`replica ${id}: a node belongs to one group, and ${owner} has it`);
    } else if (nodes.length + 1 >= nodesMax) leaveOut(`replica ${id}: ${nodesMax} nodes a group`);
    else {
      owners.set(id, group);
      nodes.push(id);
    }
  }
  return nodes;
}

function whyNoNode(host: string, port: number): string {
  return readNode(host, 6379) === null
    ? `${quote(host)} is no address or host name`
    : `${port} is no port`;
}

function readNode(host: string, port: number): string | null {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const parsed = parseAddress(bare.includes(":") ? `[${bare}]:${port}` : `${bare}:${port}`);
  return parsed.ok ? formatAddress(parsed.address) : null;
}

const nameLengthMax = 63;

/** The nearest name that a group may have, with a number where another group has it. */
function groupName(name: string, taken: ReadonlySet<string>): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  const base = plain.replace(/^-+|-+$/g, "").slice(0, nameLengthMax) || "group";
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? "" : `-${number}`;
    const tried = `${base.slice(0, nameLengthMax - suffix.length)}${suffix}`;
    if (namePattern.test(tried) && !taken.has(tried)) return tried;
  }
}

interface WrittenGroup extends ImportedGroup {
  readonly settings: Readonly<Record<string, number>>;
}

function render(
  observers: readonly string[],
  groups: readonly WrittenGroup[],
  conf: SentinelConf,
): string {
  const document = new Document({
    observers,
    groups: groups.map(({ name, master, nodes, settings }) => ({
      name,
      nodes,
      ...authOf(name, master),
      ...tlsOf(conf),
      ...settings,
    })),
  });
  document.commentBefore = " Written by `lambda-sentinel import`; see docs/from-sentinel.md.";
  const list = document.get("groups");
  for (const [index, group] of groups.entries()) {
    const map = isSeq(list) ? list.items[index] : undefined;
    // What applications connect to instead of asking a Sentinel; nothing in its file says how it is to be called.
    if (isMap(map))
      map.comment = ` dns: { zoneId: Z…, name: ${group.name}.redis.example.com, ttl: 5 }`;
  }
  return document.toString({ lineWidth: 0 });
}

/** Sentinel ignores a user without a password. */
function authOf(group: string, master: SentinelMaster) {
  if (master.passwordLine === null) return {};
  const password = passwordRef(group);
  const user = master.user?.value ?? "";
  return { auth: user === "" ? { password } : { username: user, password } };
}

function tlsOf({ tls }: SentinelConf) {
  if (tls.get("tls-replication")?.value.toLowerCase() !== "yes") return {};
  const hasOwnCa = tls.has("tls-ca-cert-file") || tls.has("tls-ca-cert-dir");
  const words = {
    ...(hasOwnCa ? { ca: caRef } : {}),
    ...(tls.has("tls-cert-file") ? { cert: certRef, key: keyRef } : {}),
  };
  return { tls: Object.keys(words).length === 0 ? true : words };
}
