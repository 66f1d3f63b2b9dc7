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
  /** The address that the name answers now. */
  resolve(): string | null;
}

/** The history of all clients' writes. */
export class Writes {
  next = 1;
  readonly acknowledged = new Map<number, string>();
  readonly unknown = new Set<number>();
}

/**
 * A client with a sticky connection and a TTL cache: it writes unique integers to whoever it is connected to, and
 * resolves the name again when the connection ends or is told READONLY.
 */
export function startClient(
  world: ClientWorld,
  writes: Writes,
  options: { readonly name: string; readonly everyMs: number; readonly ttlMs: number },
): { stop(): void } {
  let target: SimRedis | null = null;
  let generation = 0;
  let cachedAtMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  const reconnect = (): void => {
    target = null;
    const { nowMs } = world.engine;
    if (nowMs - cachedAtMs < options.ttlMs) return;
    cachedAtMs = nowMs;
    const host = world.resolve();
    const node = [...world.nodes.values()].find((one) => one.host === host);
    if (node === undefined || !node.isUp || world.isCut(options.name, node.id)) return;
    target = node;
    generation = node.killGeneration;
  };

  const write = (): void => {
    if (isStopped) return;
    world.engine.scheduleQuiet(options.everyMs * (0.5 + world.prng.next()), write);
    if (target === null) reconnect();
    const node = target;
    if (node === null) return;
    if (!node.isUp || node.killGeneration !== generation) {
      reconnect();
      return;
    }
    if (world.isLost(options.name, node.id)) return;
    const value = writes.next;
    writes.next += 1;
    writes.unknown.add(value);
    const sentTo = generation;
    world.engine.scheduleQuiet(1, () =>
      node.arrive(() =>
        node.onWrite(() => {
          if (node.killGeneration !== sentTo) return;
          if (!node.write(value)) {
            writes.unknown.delete(value);
            target = null;
            return;
          }
          if (world.isLost(node.id, options.name)) return;
          writes.unknown.delete(value);
          writes.acknowledged.set(value, node.id);
        }),
      ),
    );
  };
  world.engine.schedule(world.prng.next() * options.everyMs, write);
  return {
    stop: () => {
      isStopped = true;
    },
  };
}
