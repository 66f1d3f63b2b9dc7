import type { GroupConfig } from "../../lib/core/config.ts";
import { withDiscovered } from "../../lib/core/discovered.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { Routes } from "./routes.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { Troubles } from "./troubles.ts";

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

interface Routable extends Joinable {
  readonly routes: Routes;
  readonly troubles: Troubles;
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
  return () => {
    const server = world.addServer(host, port);
    // Until it has copied the group's data it has its own, whoever promotes it.
    server.stream.beganApart = true;
    server.configure(master.id);
  };
}

/** One server has two names for a while; null: nobody was found at that address, or the group is busy. */
export function route(world: Routable, from: SimRedis, to: SimRedis): (() => void) | null {
  const state = world.state();
  const isFound = state?.discovered.some(({ host }) => host === from.host) ?? false;
  const isCalm = state?.phase === "steady" && state.round.status === "closed";
  const isItself = from === to || [from.id, to.id].includes(state?.master?.node ?? "");
  if (!isFound || !isCalm || isItself || world.routes.to(from.id) !== null) return null;
  return () => {
    for (const { id } of [from, to]) world.troubles.trouble(id);
    world.routes.lead(from, to);
  };
}

export function unroute(world: Routable, from: SimRedis): (() => void) | null {
  const to = world.routes.to(from.id);
  if (to === null) return null;
  return () => {
    for (const { id } of [from, to]) world.troubles.trouble(id);
    world.routes.end(from.id);
  };
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
