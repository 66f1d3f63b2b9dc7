import type { GroupConfig } from "../../lib/core/config.ts";
import { type Prng, splitPrng } from "./prng.ts";
import { hostsOf, type Shape } from "./shape.ts";
import type { SimRedis } from "./sim-redis.ts";

/** Where a seed's servers stand, as lines of YAML: what follows a node's address, and the group's placement. */
export interface Places {
  /** In the order of the nodes; empty where nothing is said. */
  readonly nodes: readonly string[];
  readonly group: readonly string[];
}

/** One node at the most stands where no master may live: a second one would leave a group that nobody can save. */
export function drawPlaces(seed: number, priorities: readonly number[], nodes: number): Places {
  const prng = splitPrng(seed, "places");
  const never = priorities.indexOf(0);
  const far = never < 0 ? prng.int(0, nodes - 1) : never;
  return prng.chance(0.5) ? drawZones(prng, nodes) : drawRegions(prng, nodes, far);
}

function drawZones(prng: Prng, nodes: number): Places {
  const own = prng.int(0, 2 * nodes);
  const words = Array.from({ length: nodes }, (_, index) => {
    const priority = index === own ? `, priority: ${prng.pick([5, 15])}` : "";
    return `zone: ${["a", "b"][index % 2]}${priority}`;
  });
  return {
    nodes: words,
    group: [`placement: { zones: { a: ${prng.pick([10, 20, 30])}, b: 20 } }`],
  };
}

function drawRegions(prng: Prng, nodes: number, far: number): Places {
  const words = Array.from(
    { length: nodes },
    (_, index) => `region: ${index === far ? "far" : "near"}`,
  );
  const rule = prng.pick(["masterRegions: [near]", "regions: { far: 0 }", "regions: { near: 10 }"]);
  return { nodes: words, group: [`placement: { ${rule} }`] };
}

/** The node as the file writes it. */
function writeNode(address: string, words: string | undefined): string {
  return words === undefined ? `"${address}"` : `{ probe: "${address}", ${words} }`;
}

/** How much a server is wanted as master, 0: never; in words of its own, as everything that judges. */
export function trueRank({ nodes, placement = nowhere }: GroupConfig, server: SimRedis): number {
  const { zone = "", region = "", priority } = nodes.find(({ id }) => id === server.id) ?? {};
  const { zones, regions, masterRegions = [region] } = placement;
  if (!masterRegions.includes(region)) return 0;
  const said = [priority, zones[zone], regions[region], server.priority];
  if (said.includes(0)) return 0;
  return said.find((one) => one !== undefined) ?? server.priority;
}

const nowhere = { zones: {}, regions: {} };

/** The group's nodes, their places and its policies, as lines of YAML. */
export function writeGroup(shape: Shape): readonly string[] {
  const { places, policies = [] } = shape;
  const nodes = hostsOf(shape).map((host, index) =>
    writeNode(`${host}:6379`, places?.nodes[index]),
  );
  return [`nodes: [${nodes.join(", ")}]`, ...(places?.group ?? []), ...policies];
}
