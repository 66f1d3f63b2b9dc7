/** One TCP address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, the form in which addresses are shown and nodes are named. */
export function formatAddress(address: Address): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/** The name of a node: the file's, or else the `host:port` at which it is probed (ADR 0011). */
export type NodeId = string;

/** One Redis server of a group and its three addresses (DESIGN: vocabulary, "node"). */
export interface NodeConfig {
  readonly id: NodeId;
  readonly probe: Address;
  readonly replicate: Address;
  readonly publish: Address;
  /** Where it stands, in names of the operator's choice; absent: nobody said. */
  readonly zone?: string;
  readonly region?: string;
  /** How much it is wanted as master, above all that its zone, its region or the server says (lib/core/placement.ts). */
  readonly priority?: number;
}

/** Where a master may live, and where it had better. */
export interface PlacementConfig {
  /** Priorities by the name of a zone or region: the lowest goes first, 0 is never promoted. */
  readonly zones: Readonly<Record<string, number>>;
  readonly regions: Readonly<Record<string, number>>;
  /** The only regions in which a node is promoted; absent: any. */
  readonly masterRegions?: readonly string[];
}

/** Timings and limits of a group; units are in the names, bounds in lib/config/settings.ts. */
export interface Settings {
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  readonly downAfterMs: number;
  /** 0 switches crash evidence off. */
  readonly crashAfterMs: number;
  /** How long a master may load its data before it counts as down; 0: for ever. */
  readonly rebootDownAfterMs: number;
  readonly quorum: number;
  readonly stateReadMs: number;
  readonly heartbeatMs: number;
  readonly takeoverMs: number;
  readonly fenceMs: number;
  readonly fenceWaitMs: number;
  readonly chooseTimeoutMs: number;
  readonly failoverTimeoutMs: number;
  readonly cooldownMs: number;
  readonly maxLagBytes: number;
  readonly parallelSyncs: number;
  /** Whether the group's marker key is kept in the data set (identity and second fence). */
  readonly marker: boolean;
  /** What to do when replicas still hear from a master that the observers cannot reach. */
  readonly whenUnreachable: "hold" | "failover";
  /** What to do when a master dies within the cool-down of the failover that made it one. */
  readonly whenFlapping: "hold" | "failover";
  /** What becomes of an old master that comes back with writes that were lost. */
  readonly whenReturned: "attach" | "hold";
  /** What to do with a master that answers and refuses writes. */
  readonly whenUnwritable: "hold" | "failover";
  /** Whether a script that keeps the master busy is told to stop. */
  readonly killBusyScripts: boolean;
  /** What the observers try to write on the master; empty: nothing. */
  readonly writeProbeKey: string;
  /** Whether replicas that the master names and the file doesn't are watched too (ADR 0009). */
  readonly discover: boolean;
}

/** The published record of a group. */
export interface DnsConfig {
  readonly zoneId: string;
  /** Lower case, without trailing dot. */
  readonly name: string;
  readonly ttlSeconds: number;
  readonly srv: boolean;
  /** A second name that lists the replicas, spelled as `name` is; absent: none is published. */
  readonly replicas?: string;
}

/** Where a secret is kept; the secret itself never enters the table, a log line or an event. */
export type SecretRef = string;

export interface AuthConfig {
  readonly username?: string;
  readonly password: SecretRef;
}

export interface TlsConfig {
  /** PEM text or a secret reference that yields it. */
  readonly ca?: SecretRef;
  readonly servername?: string;
  /** What an observer shows of itself, as `ca` is written; with its key or not at all. */
  readonly cert?: SecretRef;
  /** A secret reference: a key never stands in the file. */
  readonly key?: SecretRef;
}

/** The validated configuration of one group in one immutable version. */
export interface GroupConfig {
  readonly name: string;
  readonly version: number;
  /** Votes count together only under one digest. */
  readonly digest: string;
  readonly observers: readonly string[];
  readonly nodes: readonly NodeConfig[];
  readonly settings: Settings;
  readonly placement?: PlacementConfig;
  readonly dns?: DnsConfig;
  readonly auth?: AuthConfig;
  readonly tls?: TlsConfig;
}

/** Votes that a claim needs: never fewer than a majority of the configured observers. */
export function votesNeeded(config: GroupConfig): number {
  return Math.max(config.settings.quorum, Math.floor(config.observers.length / 2) + 1);
}

/** Where a group's nodes are, as they are reserved in the table. */
export function addressesOf(configs: readonly Pick<GroupConfig, "nodes">[]): ReadonlySet<string> {
  return new Set(configs.flatMap(({ nodes }) => nodes.map(({ probe }) => formatAddress(probe))));
}

export function findNode(config: GroupConfig, id: NodeId): NodeConfig | undefined {
  return config.nodes.find((node) => node.id === id);
}

/** Where a node of both configurations was probed and is to be probed now; null: it stays, or one of them lacks it. */
export function moveOf(
  before: GroupConfig,
  after: GroupConfig,
  id: NodeId,
): { readonly from: string; readonly to: string } | null {
  const [old, now] = [findNode(before, id), findNode(after, id)];
  if (old === undefined || now === undefined) return null;
  const [from, to] = [formatAddress(old.probe), formatAddress(now.probe)];
  return from === to ? null : { from, to };
}

/** The node that peers know under this replication address, if it is one of ours. */
export function findByReplicate(
  config: Pick<GroupConfig, "nodes">,
  host: string,
  port: number,
): NodeConfig | undefined {
  return config.nodes.find(
    (node) =>
      (node.replicate.host === host && node.replicate.port === port) ||
      (node.probe.host === host && node.probe.port === port),
  );
}

/** The key that carries the epoch of the last promotion in the data set of a group. */
export function markerKeyOf(group: string): string {
  return `lambda-sentinel:{${group}}:epoch`;
}
