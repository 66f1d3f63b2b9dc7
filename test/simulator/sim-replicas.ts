import type { RedisWorld } from "./redis-world.ts";
import type { SimRedis } from "./sim-redis.ts";

const reconnectMs = 2;

/** The master's side of replication: the stream that it sends to its replicas, and what it knows of them. */
export class Replicas {
  /** `min-replicas-to-write` and `min-replicas-max-lag`: a master whose replicas fall silent refuses writes. */
  readonly required = { toWrite: 0, maxLagMs: 10_000 };
  /** Whether as many as required told not long ago how far they are. */
  areGood = true;
  readonly #acknowledgedAtMs = new Map<string, number>();
  readonly #server: SimRedis;
  readonly #world: RedisWorld;

  constructor(server: SimRedis, world: RedisWorld) {
    this.#server = server;
    this.#world = world;
  }

  /** Sends the stream's new part to the linked replicas, each after a delay of its own. */
  feed(): void {
    const master = this.#server;
    const upTo = master.offset;
    for (const { link } of this.#world.nodes.values()) {
      if (!link.isUpFrom(master)) continue;
      const { id } = link;
      const lagMs = this.#world.replicationDelayMs();
      this.#world.engine.scheduleQuiet(lagMs, () => link.receive(master, id, upTo));
    }
  }

  /** Every second: a master's stream goes on when nothing is written, as often as its ping period says. */
  ping(nowMs: number): void {
    const { replPingMs, stream } = this.#server;
    const isPingDue = Math.floor(nowMs / replPingMs) !== Math.floor((nowMs - 1_000) / replPingMs);
    if (!isPingDue || !this.#some((node) => node.link.isUpFrom(this.#server))) return;
    stream.ping();
    this.feed();
  }

  onAcknowledged(replica: string): void {
    this.#acknowledgedAtMs.set(replica, this.#world.engine.nowMs);
  }

  count(nowMs: number): void {
    const { toWrite, maxLagMs } = this.required;
    const good = [...this.#acknowledgedAtMs.values()].filter((at) => nowMs - at <= maxLagMs);
    this.areGood = this.#server.role === "replica" || good.length >= toWrite;
  }

  /** What WAIT 1 asks: whether some replica has the stream up to an offset, and can say so. */
  hasOneAt(offset: number): boolean {
    const master = this.#server;
    return this.#some(
      (node) =>
        node.link.isUpFrom(master) &&
        node.isServing &&
        node.replid === master.replid &&
        node.offset >= offset &&
        !this.#world.isCut(node.id, master.id),
    );
  }

  #some(isSuch: (node: SimRedis) => boolean): boolean {
    return [...this.#world.nodes.values()].some(isSuch);
  }

  /** They lose their link, and connect again at once. */
  drop(): void {
    for (const { masterId, link } of this.#world.nodes.values()) {
      if (masterId !== this.#server.id) continue;
      link.drop();
      this.#world.engine.schedule(reconnectMs, () => link.reconnect());
    }
  }
}
