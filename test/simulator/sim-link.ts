import type { RedisWorld } from "./redis-world.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { Snapshot } from "./sim-stream.ts";

const partialSyncMs = 20;
const replTimeoutMs = 60_000;
/** Clients write more often than this. */
export const flowingMs = 2_000;

/** A replica's link to its master: how it begins, with a partial or a full synchronisation, what it brings, how it ends. */
export class Link {
  isUp = false;
  isSyncing = false;
  /** A full synchronisation was asked for, and the master has not begun it: INFO says nothing of that (measured on Redis 7.0). */
  #isWaiting = false;
  /** null: none was lost. */
  downAtMs: number | null = null;
  lastIoMs = 0;
  /** When a word came after a silence that a busy stream does not have. */
  silenceEndedAtMs = 0;
  /** How far its master knows that it is: a replica tells once a second, and when asked. */
  acknowledged = -1;
  /** Each link's own: what is under way for an older one comes to nothing. */
  id = 0;
  readonly #server: SimRedis;
  readonly #world: RedisWorld;

  constructor(server: SimRedis, world: RedisWorld) {
    this.#server = server;
    this.#world = world;
  }

  isUpFrom(master: SimRedis): boolean {
    return this.isUp && this.#server.masterId === master.id;
  }

  get #master(): SimRedis | undefined {
    const { masterId } = this.#server;
    return masterId === null ? undefined : this.#world.nodes.get(masterId);
  }

  /** Every second: whoever has no link tries to connect; silence ends a link. */
  tick(nowMs: number): void {
    if (this.isUp && nowMs - this.lastIoMs > replTimeoutMs) this.drop();
    if (this.isUp) this.acknowledge();
    else if (!this.isSyncing && !this.#isWaiting) this.connect();
  }

  acknowledge(): void {
    const master = this.#master;
    if (master === undefined || this.#world.isCut(this.#server.id, master.id)) return;
    this.acknowledged = this.#server.offset;
    master.replicas.onAcknowledged(this.#server.id);
  }

  drop(): void {
    if (this.isUp) this.downAtMs = this.#world.engine.nowMs;
    this.isUp = false;
    this.isSyncing = false;
    this.#isWaiting = false;
    this.id += 1;
  }

  connect(): void {
    const server = this.#server;
    const master = this.#master;
    if (master === undefined || !master.isServing || this.#world.isCut(server.id, master.id)) {
      return;
    }
    if (master === server || master.refusal("replicate") !== null) return;
    // Whoever hands over takes nothing but the target's stream.
    if (server.handOver.isUnderWay) return;
    // A replica without a link of its own can't serve one.
    if (master.role === "replica" && !master.link.isUp) return;
    this.id += 1;
    const link = this.id;
    const { engine, timings } = this.#world;
    if (this.#canContinue(master)) {
      engine.schedule(partialSyncMs, () => this.#endPartialSync(master, link));
      return;
    }
    master.stream.begin();
    if (timings.syncDelayMs === 0) {
      this.#beginTransfer(master, link);
      return;
    }
    this.#isWaiting = true;
    engine.schedule(timings.syncDelayMs, () => {
      if (link !== this.id) return;
      this.#isWaiting = false;
      if (this.#isStanding(master, link)) this.#beginTransfer(master, link);
    });
  }

  #beginTransfer(master: SimRedis, link: number): void {
    const { engine, timings } = this.#world;
    this.isSyncing = true;
    const snapshot = master.stream.snapshot();
    engine.schedule(timings.fullSyncMs, () => this.#endTransfer(master, link, snapshot));
  }

  /** Connects again, unless something else has happened meanwhile. */
  reconnect(): void {
    const server = this.#server;
    if (this.isUp || this.isSyncing || this.#isWaiting || server.role === "master") return;
    if (server.isServing && !server.isLoading) this.connect();
  }

  #canContinue(master: SimRedis): boolean {
    return master.stream.canBeContinuedBy(this.#server.stream, this.#world.timings.backlogBytes);
  }

  #isStanding(master: SimRedis, link: number): boolean {
    const server = this.#server;
    return (
      link === this.id &&
      server.role === "replica" &&
      server.isServing &&
      master.isServing &&
      !this.#world.isCut(server.id, master.id)
    );
  }

  #endPartialSync(master: SimRedis, link: number): void {
    const { stream, replicas, isUp } = this.#server;
    if (link !== this.id || !isUp) return;
    if (!this.#isStanding(master, link) || !this.#canContinue(master)) {
      this.drop();
      return;
    }
    if (stream.replid !== master.replid) {
      stream.goOnAs(master.replid);
      // Replicas of its own have to learn the new id.
      replicas.drop();
    }
    this.#follow(master);
  }

  /**
   * Everything is here. A transfer that breaks off leaves the old data untouched; what is loaded now is loaded to the
   * end, whatever becomes of the master (measured on Redis 7.0, disk-based).
   */
  #endTransfer(master: SimRedis, link: number, snapshot: Snapshot): void {
    const server = this.#server;
    if (link !== this.id || !server.isUp) return;
    if (!this.#isStanding(master, link)) {
      this.drop();
      return;
    }
    const { replid, replid2, secondOffset } = server.stream;
    server.loading.begin({ replid, replid2, secondOffset, offset: 1 }, () => {
      server.stream.installFromMaster(snapshot);
      server.replicas.drop();
      if (this.#isStanding(master, link) && server.replid === master.replid) this.#follow(master);
      else if (server.role === "replica") this.#lose();
    });
  }

  /**
   * The link is up as the load ends, and its loss is noticed in the same moment: the replica has that master's data, and
   * its silence counts from now, however long an earlier link was down (test/conformance/sync-suite.ts).
   */
  #lose(): void {
    this.isUp = true;
    this.drop();
  }

  #follow(master: SimRedis): void {
    this.isSyncing = false;
    this.isUp = true;
    this.downAtMs = null;
    this.#copyFrom(master, master.offset);
  }

  /** A part of the master's stream arrives that was sent over this link. */
  receive(master: SimRedis, link: number, upTo: number): void {
    const server = this.#server;
    if (link !== this.id || !this.isUp || !server.isUp) return;
    if (server.isHung) {
      server.arrive(() => this.receive(master, link, upTo));
      return;
    }
    if (!master.isUp || this.#world.isCut(master.id, server.id)) return;
    this.#copyFrom(master, upTo);
  }

  #copyFrom(master: SimRedis, upTo: number): void {
    const { stream, replicas } = this.#server;
    const { nowMs } = this.#world.engine;
    if (nowMs - this.lastIoMs > flowingMs) this.silenceEndedAtMs = nowMs;
    this.lastIoMs = nowMs;
    if (upTo <= stream.offset) return;
    stream.copy(master.stream, upTo);
    replicas.feed();
  }
}
