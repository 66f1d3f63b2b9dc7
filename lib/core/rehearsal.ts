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
}

export interface ReplicationSetup {
  /** Whether replicas of the node have to log in, and whether it would log in itself as a replica. */
  readonly isLoginNeeded: boolean;
  readonly isLoginSet: boolean;
  readonly isTls: boolean;
}
