import type { Engine } from "./engine.ts";
import type { RoleCommand } from "./role-command.ts";
import type { SimRedis } from "./sim-redis.ts";

/** What the servers share: time, the network between them, and who is told of role changes. */
export interface RedisWorld {
  readonly engine: Engine;
  readonly timings: RedisTimings;
  readonly nodes: Map<string, SimRedis>;
  readonly hasMarker: boolean;
  isCut(from: string, to: string): boolean;
  replicationDelayMs(): number;
  onRoleChange(node: SimRedis, command: RoleCommand, before: SimRedis["role"]): void;
}

/** How big the data is, as far as time tells: what a transfer and a load take, and what the backlog holds. */
export interface RedisTimings {
  /** What a master waits for more replicas before it forks (`repl-diskless-sync-delay`, 5 s by default since Redis 7.0). */
  syncDelayMs: number;
  /** From the fork to the last byte at the replica. */
  fullSyncMs: number;
  /** A restart with data, and the second half of a full synchronisation. */
  loadMs: number;
  backlogBytes: number;
}

export function smallData(): RedisTimings {
  return { syncDelayMs: 0, fullSyncMs: 400, loadMs: 0, backlogBytes: 1_048_576 };
}
