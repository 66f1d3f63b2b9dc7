import type { GroupState } from "../../lib/core/model.ts";
import type { SimRedis } from "./sim-redis.ts";

interface Routed {
  readonly from: SimRedis;
  readonly to: SimRedis;
}

/** Addresses whose connections end at another server, as a rule of a router makes them: that one has two names then. */
export class Routes {
  readonly #routed = new Map<string, Routed>();

  /** Whose connections this address has now; null: those of the server that is there. */
  to(id: string): SimRedis | null {
    // Asked with every connection, and nearly always there is none.
    return this.#routed.size === 0 ? null : (this.#routed.get(id)?.to ?? null);
  }

  /** The connections that stand are cut, so that whoever comes again is led elsewhere. */
  lead(from: SimRedis, to: SimRedis): void {
    this.#routed.set(from.id, { from, to });
    from.sockets.cut();
  }

  end(id: string): void {
    const routed = this.#routed.get(id);
    this.#routed.delete(id);
    routed?.to.sockets.cut();
  }

  /** A rule of a router stands in calm alone: what an election promises of a server it promises at one address. */
  onState({ phase, round }: GroupState): void {
    if (phase !== "steady" || round.status === "open") this.endAll();
  }

  endAll(): void {
    for (const id of [...this.#routed.keys()]) this.end(id);
  }
}
