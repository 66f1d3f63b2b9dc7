import type { RedisWorld } from "./redis-world.ts";
import type { SimRedis } from "./sim-redis.ts";

const pollMs = 10;

/**
 * FAILOVER TO … TIMEOUT, in two parts that behave differently (measured on Redis 7.0 and Valkey 8.0). Until the target
 * has told that it has everything, writes are held, and TIMEOUT ends it. Then the server demotes itself, and waits for
 * its target for ever.
 */
export class HandOver {
  #target: SimRedis | null = null;
  /** Whether this server has demoted itself for its target already. */
  #hasYielded = false;
  readonly #server: SimRedis;
  readonly #world: RedisWorld;

  constructor(server: SimRedis, world: RedisWorld) {
    this.#server = server;
    this.#world = world;
  }

  get isUnderWay(): boolean {
    return this.#target !== null;
  }

  /** As INFO's `master_failover_state` says it. */
  get state(): string {
    if (this.#target === null) return "no-failover";
    return this.#hasYielded ? "failover-in-progress" : "waiting-for-sync";
  }

  begin(to: string | null, timeoutMs: number): "done" | "refused" {
    const target = to === null ? undefined : this.#world.nodes.get(to);
    if (this.#server.role !== "master" || !target?.link.isUpFrom(this.#server)) return "refused";
    this.#target = target;
    this.#hasYielded = false;
    const endMs = this.#world.engine.nowMs + timeoutMs;
    this.#everyNowAndThen(target, () => {
      if (this.#hasYielded) this.#askToTakeOver(target);
      else this.#awaitTarget(target, endMs);
    });
    return "done";
  }

  #everyNowAndThen(target: SimRedis, act: () => void): void {
    const server = this.#server;
    const { generation } = server.sockets;
    const isOver = () =>
      this.#target !== target || !server.isUp || server.sockets.generation !== generation;
    const poll = (): void => {
      if (isOver()) return;
      if (server.isHung) {
        server.arrive(poll);
        return;
      }
      act();
      if (!isOver()) this.#world.engine.schedule(pollMs, poll);
    };
    this.#world.engine.schedule(pollMs, poll);
  }

  #awaitTarget(target: SimRedis, endMs: number): void {
    const { link } = target;
    if (target.isServing && link.isUp) link.acknowledge();
    if (link.isUp && link.acknowledged === this.#server.offset) {
      this.#yieldTo(target);
    } else if (this.#world.engine.nowMs >= endMs) this.end();
  }

  #yieldTo(target: SimRedis): void {
    this.#hasYielded = true;
    this.#server.role = "replica";
    this.#server.masterId = target.id;
    this.#server.link.downAtMs = null;
    target.link.drop();
  }

  #askToTakeOver(target: SimRedis): void {
    const server = this.#server;
    if (!target.isServing || target.isLoading || this.#world.isCut(server.id, target.id)) return;
    const isAccepted = target.role === "replica" && target.replid === server.replid;
    if (!isAccepted) {
      this.end();
      return;
    }
    target.becomeMaster();
    this.forget();
    server.pause.release();
    server.link.connect();
  }

  /** FAILOVER ABORT: whoever has demoted itself is a master again. */
  end(): void {
    if (this.#target === null) return;
    const hasYielded = this.#hasYielded;
    this.forget();
    if (hasYielded) this.#server.becomeMaster();
    this.#server.pause.release();
  }

  forget(): void {
    this.#target = null;
    this.#hasYielded = false;
  }
}
