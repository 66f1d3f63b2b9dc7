import type { GroupConfig } from "../../lib/core/config.ts";
import { withDiscovered } from "../../lib/core/discovered.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { SimRedis } from "./sim-redis.ts";

/** Servers that no file names: they follow the master as any replica does, and whether they belong to the group STATE says. */

export function attachReplicas(servers: Iterable<SimRedis>): void {
  const [master, ...replicas] = servers;
  if (master === undefined) return;
  master.configure(null);
  for (const replica of replicas) replica.configure(master.id);
}

interface Joinable {
  readonly nodes: ReadonlyMap<string, SimRedis>;
  state(): GroupState | null;
  addServer(host: string, port: number): SimRedis;
}

const port = 6379;
/** Where servers come that no file names. */
export const joinHosts: readonly string[] = ["10.0.0.7", "10.0.0.8"];

/** What befalls a server that has not come is nothing. */
export function isYetToCome({ nodes }: Pick<Joinable, "nodes">, host: string): boolean {
  return joinHosts.includes(host) && !nodes.has(`${host}:${port}`);
}

/** Somebody starts a new server as a replica of whoever is the master; null: it is there, or there is none. */
export function join(world: Joinable, host: string): (() => void) | null {
  const master = world.nodes.get(world.state()?.master?.node ?? "");
  if (world.nodes.has(`${host}:${port}`) || master?.role !== "master") return null;
  return () => world.addServer(host, port).configure(master.id);
}

/** The group's own: whom no observer watches, nobody is bound to choose or to put right. */
export function membersOf(
  nodes: ReadonlyMap<string, SimRedis>,
  config: GroupConfig,
  state: GroupState | null,
): ReadonlyMap<string, SimRedis> {
  const own = withDiscovered(config, state).nodes.map((node) => node.id);
  if (nodes.size === own.length) return nodes;
  return new Map([...nodes].filter(([id]) => own.includes(id)));
}
