import type { Address, DnsConfig, GroupConfig, NodeConfig } from "./config.ts";

export type RecordType = "A" | "AAAA" | "CNAME" | "SRV" | "TXT";

/** One record set as the API stores it; values in API form (TXT quoted), names lower case without trailing dot. */
export interface RecordSet {
  readonly name: string;
  readonly type: RecordType;
  readonly ttlSeconds: number;
  readonly values: readonly string[];
}

const companionTtlSeconds = 60;

/** A group's names: each has a companion, a batch and a fate of its own (protocol F10). */
export type RecordRole = "master" | "replicas";

/** The name of this role as a record by itself; null when the group has none. The replicas' name has no SRV. */
export function recordOf(config: GroupConfig, role: RecordRole): DnsConfig | null {
  const { dns } = config;
  if (dns === undefined || role === "master") return dns ?? null;
  const { zoneId, ttlSeconds, replicas } = dns;
  return replicas === undefined ? null : { zoneId, name: replicas, ttlSeconds, srv: false };
}

/** The companion TXT record carries owner and epoch; deleting and creating it fences the batch (DESIGN 5). */
/** Lower case without a trailing dot: the one spelling in which names are compared. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

export function companionName(dns: Pick<DnsConfig, "name">): string {
  return `_lambda-sentinel.${dns.name}`;
}

export function srvName(dns: Pick<DnsConfig, "name">): string {
  return `_redis._tcp.${dns.name}`;
}

/** What the companion says of itself. */
export interface Ownership {
  readonly deployment: string;
  readonly group: string;
  readonly epoch: number;
}

/**
 * A pure function of group, commit epoch and address: two leaders of one epoch write the same text, and no text comes
 * back in a later epoch (protocol F10).
 */
export function companionText(owner: Ownership, master: Address): string {
  const { deployment, group, epoch } = owner;
  return `"owner=lambda-sentinel deployment=${deployment} group=${group} epoch=${epoch} master=${master.host}:${master.port}"`;
}

/** Reads a companion; null when the text isn't one of ours. */
export function parseCompanion(value: string): Ownership | null {
  const match =
    /^"owner=lambda-sentinel deployment=(\S+) group=(\S+) epoch=(\d+) master=\S+"$/.exec(value);
  const [, deployment, group, epoch] = match ?? [];
  if (deployment === undefined || group === undefined || epoch === undefined) return null;
  return { deployment, group, epoch: Number(epoch) };
}

/** Every record set that the name of this role should have in this epoch; none when the group has no such name. */
export function wantedOf(
  config: GroupConfig,
  role: RecordRole,
  owner: Ownership,
  master: NodeConfig,
): readonly RecordSet[] {
  const dns = recordOf(config, role);
  if (dns === null) return [];
  return role === "master"
    ? wantedRecords(config, dns, owner, master.publish)
    : wantedReplicaRecords(config, dns, owner, master);
}

/** Every record set of the master's name, the companion first. */
export function wantedRecords(
  config: GroupConfig,
  dns: DnsConfig,
  owner: Ownership,
  master: Address,
): readonly RecordSet[] {
  const type = addressType(master.host);
  const value = type === "CNAME" ? `${master.host.replace(/\.$/, "")}.` : master.host;
  const { ttlSeconds } = dns;
  const companion = companionOf(config, dns, owner, master);
  const address: RecordSet = { name: dns.name, type, ttlSeconds, values: [value] };
  if (!dns.srv) return [companion, address];
  // An SRV target must be a name: the group's own, which the same batch points to the same node.
  const srv: RecordSet = {
    name: srvName(dns),
    type: "SRV",
    ttlSeconds,
    values: [`0 0 ${master.port} ${dns.name}.`],
  };
  return [companion, address, srv];
}

/**
 * Every record set of the replicas' name: all configured nodes but the committed master, whether they answer or not,
 * so that no observer wants another content than the next one (protocol F10); clients try the next address. A master
 * that is alone is listed itself, so that readers find somebody.
 */
function wantedReplicaRecords(
  config: GroupConfig,
  dns: DnsConfig,
  owner: Ownership,
  master: NodeConfig,
): readonly RecordSet[] {
  const others = config.nodes.filter((node) => node.id !== master.id);
  const hosts = (others.length === 0 ? [master] : others).map((node) => node.publish.host).sort();
  const families = (["A", "AAAA"] as const).map((type): RecordSet => {
    const values = hosts.filter((host) => addressType(host) === type);
    return { name: dns.name, type, ttlSeconds: dns.ttlSeconds, values };
  });
  return [
    companionOf(config, dns, owner, master.publish),
    ...families.filter((family) => family.values.length > 0),
  ];
}

function companionOf(
  config: GroupConfig,
  dns: DnsConfig,
  owner: Ownership,
  master: Address,
): RecordSet {
  return {
    name: companionName(dns),
    type: "TXT",
    ttlSeconds: companionTtlSeconds,
    values: [companionText({ ...owner, group: config.name }, master)],
  };
}

/** Why a node that was found could not be published beside those of the file, which `apply` has checked alike. */
export function whyUnpublishable(
  { dns, nodes: [first] }: Pick<GroupConfig, "dns" | "nodes">,
  node: NodeConfig,
): string | null {
  if (dns === undefined || first === undefined) return null;
  const isPortSaid = dns.srv && dns.replicas === undefined;
  const { host, port } = node.publish;
  if (!isPortSaid && port !== first.publish.port) {
    return `its port is not the ${first.publish.port} of the others, which an address record can't say`;
  }
  return addressType(host) === addressType(first.publish.host)
    ? null
    : `${dns.name} would change its type for it, which clients can't follow`;
}

function addressType(host: string): "A" | "AAAA" | "CNAME" {
  if (host.includes(":")) return "AAAA";
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) ? "A" : "CNAME";
}

export type RecordChange =
  | { readonly action: "DELETE"; readonly record: RecordSet }
  | { readonly action: "CREATE"; readonly record: RecordSet };

export type PublishPlan =
  | { readonly kind: "done" }
  | { readonly kind: "change"; readonly changes: readonly RecordChange[] }
  | { readonly kind: "refused"; readonly why: string };

/**
 * What turns the records that were read into the wanted ones, as DELETE of exactly what was read and CREATE: a stale
 * writer's batch then fails as a whole. Records that are not ours are never touched (DESIGN 3, bootstrap).
 */
export function planPublication(
  all: readonly RecordSet[],
  wanted: readonly RecordSet[],
  owner: Ownership,
): PublishPlan {
  const companion = wanted[0];
  if (companion === undefined) return { kind: "done" };
  // A text that somebody keeps at the group's name (a verification, an SPF) is neither ours nor in the way.
  const found = all.filter((one) => one.type !== "TXT" || one.name === companion.name);
  const standing = found.find((one) => one.name === companion.name && one.type === "TXT");
  const refusal =
    standing === undefined ? refuseStrangers(found, wanted) : refuseOwner(standing, owner);
  if (refusal !== null) return { kind: "refused", why: refusal };
  const isDone =
    found.length === wanted.length &&
    wanted.every((want) => found.some((one) => isSameRecord(one, want)));
  if (isDone) return { kind: "done" };
  // Everything that was read is deleted and everything wanted is created: the batch is a compare-and-swap on all of the
  // group's records, so an edit by hand between the read and the batch can't slip through beside a new epoch.
  const changes: RecordChange[] = [
    ...found.map((record): RecordChange => ({ action: "DELETE", record })),
    ...wanted.map((record): RecordChange => ({ action: "CREATE", record })),
  ];
  return { kind: "change", changes };
}

/** A record that already says what we want is no stranger: somebody deleted only the companion. */
function refuseStrangers(found: readonly RecordSet[], wanted: readonly RecordSet[]): string | null {
  const stranger = found.find((one) => !wanted.some((want) => isSameRecord(one, want)));
  if (stranger === undefined) return null;
  return `${stranger.name} has ${stranger.type} ${stranger.values.join(" ")} that lambda-sentinel did not write; remove it, or take it over with \`lambda-sentinel adopt\``;
}

function refuseOwner(standing: RecordSet, owner: Ownership): string | null {
  const text = standing.values[0] ?? "";
  const found = standing.values.length === 1 ? parseCompanion(text) : null;
  if (found === null) return `${standing.name} says ${text}, which lambda-sentinel did not write`;
  if (found.deployment !== owner.deployment || found.group !== owner.group) {
    return `${standing.name} belongs to group ${found.group} of deployment ${found.deployment}`;
  }
  if (found.epoch > owner.epoch) {
    return `${standing.name} carries epoch ${found.epoch}, above the committed epoch ${owner.epoch}: the table may have been restored from a backup`;
  }
  return null;
}

export function isSameRecord(a: RecordSet, b: RecordSet): boolean {
  return (
    a.name === b.name &&
    a.type === b.type &&
    a.ttlSeconds === b.ttlSeconds &&
    a.values.length === b.values.length &&
    [...a.values].sort().join("\n") === [...b.values].sort().join("\n")
  );
}
