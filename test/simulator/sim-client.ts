import type { Engine } from "./engine.ts";
import type { Prng } from "./prng.ts";
import type { SimRedis } from "./sim-redis.ts";

/** What clients need of the world. */
export interface ClientWorld {
  readonly engine: Engine;
  readonly prng: Prng;
  readonly nodes: ReadonlyMap<string, SimRedis>;
  isCut(from: string, to: string): boolean;
  /** Whether what the first one sends doesn't reach the second. */
  isLost(from: string, to: string): boolean;
  /** The address that the client's resolver answers now. */
  resolve(): string | null;
  /** A server took a client's write; and later, it said that a replica has it too. */
  onAccepted(by: ClientKind, node: SimRedis): void;
  onConfirmed(value: number, node: SimRedis): void;
}

/** The history of all clients' writes. */
export class Writes {
  next = 1;
  readonly acknowledged = new Map<number, string>();
  readonly unknown = new Set<number>();
}

/**
 * How a client finds the master. `follows` has the habits of docs/clients.md; `waits` also asks for WAIT 1 after each
 * write; `clings` resolves the name once and keeps the address for ever, as a JVM may (fault R7).
 */
export type ClientKind = "follows" | "clings" | "waits";

export interface ClientOptions {
  readonly name: string;
  readonly kind: ClientKind;
  readonly everyMs: number;
  readonly ttlMs: number;
}

/** An answer that takes longer is none, and ends the connection of a client that follows. */
const deadlineMs = 1_000;
const waitPollMs = 20;
const waitMs = 1_000;

/**
 * A client with a sticky connection and a TTL cache: it writes unique integers to whoever it is connected to, and
 * resolves the name again when the connection ends, owes an answer for too long, or is told READONLY.
 */
export function startClient(
  world: ClientWorld,
  writes: Writes,
  options: ClientOptions,
): { stop(): void } {
  const client = new Client(world, writes, options);
  world.engine.schedule(world.prng.next() * options.everyMs, () => client.write());
  return { stop: () => client.stop() };
}

class Client {
  readonly #world: ClientWorld;
  readonly #writes: Writes;
  readonly #options: ClientOptions;
  #target: SimRedis | null = null;
  #generation = 0;
  #isStopped = false;
  #address: { readonly host: string | null; readonly atMs: number } | null = null;

  constructor(world: ClientWorld, writes: Writes, options: ClientOptions) {
    this.#world = world;
    this.#writes = writes;
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
  }

  write(): void {
    if (this.#isStopped) return;
    const { engine, prng } = this.#world;
    const { everyMs, name } = this.#options;
    engine.schedule(everyMs * (0.5 + prng.next()), () => this.write());
    if (this.#target === null) this.#connect();
    const node = this.#target;
    if (node === null) return;
    if (!node.isUp || node.sockets.generation !== this.#generation) {
      this.#connect();
      return;
    }
    if (this.#world.isLost(name, node.id)) {
      this.#expect(node, () => false);
      return;
    }
    this.#send(node);
  }

  #connect(): void {
    this.#target = null;
    const host = this.#resolve();
    const node = [...this.#world.nodes.values()].find((one) => one.host === host);
    const { name } = this.#options;
    if (node === undefined || !node.isUp || this.#world.isCut(name, node.id)) return;
    this.#target = node;
    this.#generation = node.sockets.generation;
  }

  #resolve(): string | null {
    const { kind, ttlMs } = this.#options;
    const { nowMs } = this.#world.engine;
    const known = this.#address;
    const isKept = kind === "clings" ? known?.host != null : nowMs - (known?.atMs ?? -1e9) < ttlMs;
    if (known !== null && isKept) return known.host;
    const host = this.#world.resolve();
    this.#address = { host, atMs: nowMs };
    return host;
  }

  /** Ends the connection unless the answer has come by the deadline. Who clings waits for ever. */
  #expect(node: SimRedis, isAnswered: () => boolean): void {
    if (this.#options.kind === "clings") return;
    const { generation } = node.sockets;
    this.#world.engine.schedule(deadlineMs, () => {
      if (this.#target !== node || node.sockets.generation !== generation || isAnswered()) return;
      this.#target = null;
    });
  }

  #send(node: SimRedis): void {
    const { engine } = this.#world;
    const writes = this.#writes;
    const value = writes.next;
    writes.next += 1;
    writes.unknown.add(value);
    const sentTo = this.#generation;
    this.#expect(node, () => !writes.unknown.has(value));
    engine.schedule(1, () =>
      node.arrive(() =>
        node.onWrite(() => {
          if (node.sockets.generation !== sentTo) return;
          if (node.write(value)) this.#taken(node, value);
          else {
            writes.unknown.delete(value);
            this.#target = null;
          }
        }),
      ),
    );
  }

  #taken(node: SimRedis, value: number): void {
    const { name, kind } = this.#options;
    this.#world.onAccepted(kind, node);
    if (kind === "waits") this.#await(node, value, node.offset, this.#world.engine.nowMs + waitMs);
    if (this.#world.isLost(node.id, name)) return;
    this.#writes.unknown.delete(value);
    // What another's server at the address took is nothing that the group owes (fault N18).
    const by = node.isDisplaced ? `another's server at ${node.id}` : node.id;
    this.#writes.acknowledged.set(value, by);
  }

  /** WAIT 1: told once a replica has the stream up to the write, or not at all. */
  #await(node: SimRedis, value: number, offset: number, endMs: number): void {
    const { generation } = node.sockets;
    this.#world.engine.schedule(waitPollMs, () => {
      if (!node.isServing || node.sockets.generation !== generation) return;
      if (node.replicas.hasOneAt(offset)) this.#world.onConfirmed(value, node);
      else if (this.#world.engine.nowMs < endMs) this.#await(node, value, offset, endMs);
    });
  }
}
