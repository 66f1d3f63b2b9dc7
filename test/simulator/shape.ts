import { drawPlaces, type Places } from "./placement.ts";
import { splitPrng } from "./prng.ts";
import type { ClientKind } from "./sim-client.ts";

/** How big a seed's group is, how its servers are set up, and who writes to it. */
export interface Shape {
  readonly nodes: number;
  readonly observers: number;
  /** Each server's replica-priority, in the order of the nodes. */
  readonly priorities: readonly number[];
  /** Where they stand; absent: the file says nothing of it. */
  readonly places?: Places;
  /** What the group's file says of masters that answer and are of no use. */
  readonly policies?: readonly string[];
  /** Each server's min-replicas-to-write. */
  readonly minReplicas: number;
  readonly clients: readonly ClientKind[];
}

export const usualShape: Shape = {
  nodes: 3,
  observers: 3,
  priorities: [],
  minReplicas: 0,
  clients: ["follows", "follows"],
};

/** Most groups have three nodes of equal rank, as most that run do. */
export function drawShape(seed: number): Shape {
  const prng = splitPrng(seed, "shape");
  const nodes = prng.chance(0.7) ? 3 : prng.pick([2, 4]);
  const observers = prng.chance(0.8) ? 3 : 5;
  const minReplicas = prng.chance(0.2) ? 1 : 0;
  const isRanked = prng.chance(0.25);
  const priorities = Array.from({ length: isRanked ? nodes : 0 }, () => prng.pick([10, 100]));
  // One node that must never lead: a second one would leave a group that nobody can save.
  if (isRanked && prng.chance(0.5)) priorities[prng.int(0, nodes - 1)] = 0;
  const others: readonly ClientKind[] = ["clings", "waits"];
  const clients = [...usualShape.clients, ...others.filter(() => prng.chance(0.5))];
  const isPlaced = splitPrng(seed, "is-placed").chance(0.2);
  const places = isPlaced ? { places: drawPlaces(seed, priorities, nodes) } : {};
  const policies = drawPolicies(seed);
  return { nodes, observers, priorities, ...places, policies, minReplicas, clients };
}

function drawPolicies(seed: number): readonly string[] {
  const prng = splitPrng(seed, "policies");
  const reboot = prng.chance(0.3) ? [`rebootDownAfterMs: ${prng.pick([8_000, 20_000])}`] : [];
  const others = ["whenUnwritable: failover", "killBusyScripts: true", "writeProbeKey: health"];
  return [...reboot, ...others.filter(() => prng.chance(0.3))];
}

export function hostsOf({ nodes }: Shape): readonly string[] {
  return Array.from({ length: nodes }, (_, index) => `10.0.0.${index + 1}`);
}
