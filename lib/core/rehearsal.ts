/** What is odd about a node although it answers: told, and acted on, before it matters (oddities.ts). */
export type NodeOddity =
  /** In INFO. */
  | "cluster"
  | "managed"
  | "writable-replica"
  | "memory-full"
  | "cannot-save"
  /** Found by a rehearsal: commands that are renamed, forbidden or unknown. */
  | "no-replicaof"
  | "no-transaction"
  | "no-failover"
  | "no-marker"
  | "no-client-kill"
  | "no-client-unpause"
  | "no-client-list"
  | "no-script-kill"
  | "no-config-get"
  | "no-config-rewrite"
  /** Found by trying to write `writeProbeKey`. */
  | "no-write-probe"
  /** Found by comparing the nodes of a group. */
  | "no-masterauth"
  | "no-replication-tls"
  | "same-server"
  /** Found by comparing the nodes of two groups. */
  | "another-group";

/** What a rehearsal of a role change found; nothing of it was carried out. */
export interface Rehearsal {
  readonly oddities: readonly NodeOddity[];
  /** null: the node did not say. Never the secrets themselves. */
  readonly replication: ReplicationSetup | null;
  /** Absent: nobody asked. */
  readonly setup?: NodeSetup;
}

export interface ReplicationSetup {
  /** Whether replicas of the node have to log in, and whether it would log in itself as a replica. */
  readonly isLoginNeeded: boolean;
  readonly isLoginSet: boolean;
  readonly isTls: boolean;
}

/**
 * How a server is set up and how much room it has, for people alone: no decision looks at it. null: it did not say, or
 * the right to ask is missing.
 */
export interface NodeSetup {
  readonly version: string | null;
  /** Whether it writes snapshots of its own accord, and an append-only file: with neither it restarts empty. */
  readonly isSaving: boolean | null;
  readonly isAppending: boolean | null;
  /** What starts it again when it ends, as far as it knows itself: `no`, `systemd`, `upstart`. */
  readonly supervisor: string | null;
  /** Replicas without which it takes no writes, and how long one may be silent and still count. */
  readonly minReplicas: number | null;
  readonly minReplicasMaxLagMs: number | null;
  readonly pingPeriodMs: number | null;
  /** Where it tells its master that it is reached; null where it tells nothing of its own. */
  readonly announced: { readonly host: string | null; readonly port: number | null } | null;
  readonly clients: number | null;
  readonly clientsMax: number | null;
  /** How long its last fork stopped it. */
  readonly forkMs: number | null;
  /** Redis Sentinels that are connected to it. */
  readonly sentinels: number | null;
}
