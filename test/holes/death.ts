import type { SimRedis } from "../simulator/sim-redis.ts";
import type { SimWorld } from "../simulator/world.ts";
import { committed, inject, masterOf, namesOf, until } from "./stage.ts";

/** How a master dies: its process is gone, or says nothing any more. */
export type Death = "kill" | "hang";

/** Since the death of the master, ms of virtual time. */
export interface Course {
  readonly promotedMs: number;
  readonly movedMs: number;
}

/** Who makes a master busy: ten clients, a write in 100 ms each. */
export const crowd = { names: namesOf("client", 10), everyMs: 100, ttlMs: 1_000 };
/** A stream that has flowed for so long has been seen by everybody. */
export const flowingMs = 20_000;

/** The master dies now, and the group gets another one, which its name follows. Throws when it does not `withinMs`. */
export async function followDeath(
  world: SimWorld,
  old: SimRedis,
  how: Death,
  withinMs?: number,
): Promise<Course> {
  const diedAtMs = world.engine.nowMs;
  inject(world, `${how} ${old.host}`);
  const others = [...world.nodes.values()].filter((node) => node !== old);
  const isPromoted = () => others.some((node) => node.role === "master");
  const promotedAtMs = await until(world, "a promotion", isPromoted, withinMs);
  await committed(world, old);
  const { host } = masterOf(world);
  const movedAtMs = await until(world, "the moved name", () => world.recordNow() === host);
  return { promotedMs: promotedAtMs - diedAtMs, movedMs: movedAtMs - diedAtMs };
}
