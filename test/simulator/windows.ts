import type { GroupState } from "../../lib/core/model.ts";
import type { ClientKind } from "./sim-client.ts";
import type { SimRedis } from "./sim-redis.ts";

/** For how long after a failover two servers took writes side by side, by what their clients do. */
export interface DualWriters {
  readonly followMs: number;
  readonly clingMs: number;
}

/** Clients write more often than this: who took no write for longer takes none. */
const flowingMs = 2_000;

/**
 * S11: how long other servers took clients' writes while the master took some too. One entry a failover; clients that
 * follow the record and clients that keep an address for ever are told apart.
 */
export class WindowMeter {
  readonly perFailover: { followMs: number; clingMs: number }[] = [];
  #master: string | null = null;
  #masterAtMs = Number.NEGATIVE_INFINITY;
  readonly #otherAtMs = new Map<string, number>();

  onState(before: GroupState | null, after: GroupState): void {
    if (before === null || before.master === null) return;
    if (before.masterEpoch === after.masterEpoch) return;
    this.#master = after.master?.node ?? null;
    this.#masterAtMs = Number.NEGATIVE_INFINITY;
    if (after.kind === "failover") this.perFailover.push({ followMs: 0, clingMs: 0 });
  }

  onAccepted(by: ClientKind, node: SimRedis, nowMs: number): void {
    if (node.id === this.#master) {
      this.#masterAtMs = nowMs;
      return;
    }
    const current = this.perFailover.at(-1);
    const who = by === "clings" ? "clingMs" : "followMs";
    const lastMs = Math.max(this.#otherAtMs.get(who) ?? 0, this.#masterAtMs);
    this.#otherAtMs.set(who, nowMs);
    const isBeside = nowMs - this.#masterAtMs <= flowingMs;
    if (current === undefined || !isBeside) return;
    current[who] += Math.round(Math.min(nowMs - lastMs, flowingMs));
  }
}
