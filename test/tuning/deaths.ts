import { type Course, crowd, type Death, flowingMs, followDeath } from "../holes/death.ts";
import { atRest, pass, startCrowd } from "../holes/stage.ts";
import type { CalmSettings } from "../simulator/calm-seed.ts";

/** Redis's default `repl-ping-replica-period`. */
const replPingMs = 10_000;
/** Who looks once a minute may be late by a start or two. */
const withinMs = 600_000;

/** A busy master dies at a moment that the seed draws, and the group gets another one. Throws when it does not. */
export async function runDeath(seed: number, how: Death, settings: CalmSettings): Promise<Course> {
  const { world, master } = await atRest(seed, { replPingMs, ...settings });
  startCrowd(world, crowd);
  await pass(world, flowingMs);
  return followDeath(world, master, how, withinMs);
}
