import type { Fault, RateName } from "./faults.ts";
import type { Prng } from "./prng.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { SimWorld } from "./world.ts";

/** A fault that a family has drawn: so much later than the moment of drawing. */
export interface Drawn {
  readonly afterMs: number;
  readonly fault: Fault;
}

/** A family of faults: what it draws at its moments by looking at the world, and how often a moment comes. */
export interface Family {
  readonly name: string;
  readonly meanMs: number;
  readonly draw: (world: SimWorld, prng: Prng) => readonly Drawn[];
}

/** How likely a seed has a rate at all, and how high it is then. */
export type Rate = readonly [RateName, number, (prng: Prng) => number];

export function now(fault: Fault): Drawn {
  return { afterMs: 0, fault };
}

export function pickNode(world: SimWorld, prng: Prng): SimRedis {
  return prng.pick([...world.nodes.values()]);
}

/** Faults of nodes stop short of the last good copy: what dies with everybody's data is nobody's to keep. */
export function mayLose(world: SimWorld, host: string): boolean {
  const isUp = [...world.nodes.values()].some((node) => node.host === host && node.isUp);
  // One that is held has a copy of its own, which is not the group's.
  const kept = world.state()?.kept ?? [];
  const isCopy = (node: SimRedis) => node.isServing && !node.isDisplaced && !kept.includes(node.id);
  return isUp && [...world.members.values()].filter(isCopy).length > 1;
}

export function cutFor(one: string, other: string, forMs: number): readonly Drawn[] {
  return [
    now({ kind: "cut", one, other }),
    { afterMs: forMs, fault: { kind: "heal", one, other } },
  ];
}

/** A fault for a while, and what ends it. */
export function forWhile(
  afterMs: number,
  forMs: number,
  fault: Fault,
  back: readonly Fault[],
): readonly Drawn[] {
  return [{ afterMs, fault }, ...back.map((one) => ({ afterMs: afterMs + forMs, fault: one }))];
}
