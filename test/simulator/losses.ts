import type { GroupState } from "../../lib/core/model.ts";
import type { Writes } from "./sim-client.ts";
import type { SimRedis } from "./sim-redis.ts";

/**
 * How many acknowledged writes each failover cost: those that the new master doesn't hold at its commit, and those that
 * clients of the old one were still told are written until the next commit, or the end.
 */
export class LossMeter {
  readonly #writes: Writes;
  readonly #nodes: ReadonlyMap<string, SimRedis>;
  readonly #lost = new Set<number>();
  /** One number a failover, in order. */
  readonly perFailover: number[] = [];
  /** Lost without a failover: roles changed by hand, servers that came back empty. */
  otherwise = 0;

  constructor(writes: Writes, nodes: ReadonlyMap<string, SimRedis>) {
    this.#writes = writes;
    this.#nodes = nodes;
  }

  onState(before: GroupState | null, after: GroupState): void {
    if (before === null || before.master === null) return;
    if (before.masterEpoch === after.masterEpoch) return;
    this.#charge(before);
    if (after.kind === "failover") this.perFailover.push(0);
    this.#charge(after);
  }

  /** Call once, when all is over. */
  end(state: GroupState | null): void {
    if (state !== null) this.#charge(state);
  }

  get total(): number {
    return this.#lost.size;
  }

  /** Charges what is missing now, and was not before, to the last failover. */
  #charge(state: GroupState): void {
    const held = this.#nodes.get(state.master?.node ?? "")?.values() ?? new Set<number>();
    let fresh = 0;
    for (const value of this.#writes.acknowledged.keys()) {
      if (held.has(value)) this.#lost.delete(value);
      else if (!this.#lost.has(value)) {
        this.#lost.add(value);
        fresh += 1;
      }
    }
    const last = this.perFailover.length - 1;
    if (last < 0) this.otherwise += fresh;
    else this.perFailover[last] = (this.perFailover[last] ?? 0) + fresh;
  }
}
