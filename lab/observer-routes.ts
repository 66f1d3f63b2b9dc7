import type { ProcessRegistry } from "./processes.ts";
import { openRoute, type TcpRoute } from "./tcp-route.ts";

interface Place {
  readonly host: string;
  readonly port: number;
}

export interface ObserverRoutes {
  /** By `host:port` of the node. */
  readonly routes: ReadonlyMap<string, TcpRoute>;
  /** What the observer's function must have in its environment for its connections to take them. */
  readonly env: Readonly<Record<string, string>>;
}

/** Paths of one observer's own to each node, so that a cut concerns nobody else and needs no rights on this machine. */
export async function routeObserver(
  observer: string,
  nodes: readonly Place[],
  processes: ProcessRegistry,
): Promise<ObserverRoutes> {
  const routes = new Map<string, TcpRoute>();
  const table: Record<string, string> = {};
  for (const node of nodes) {
    const name = `${node.host}:${node.port}`;
    const route = await openRoute(node);
    processes.add({
      name: `route of ${observer} to ${name}`,
      stop: () => route.close(),
      killNow: () => {},
    });
    routes.set(name, route);
    table[name] = route.address;
  }
  const preload = new URL("./net-routes.mjs", import.meta.url).href;
  const env = { NODE_OPTIONS: `--import ${preload}`, LAB_NET_ROUTES: JSON.stringify(table) };
  return { routes, env };
}
