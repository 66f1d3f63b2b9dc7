import {
  atRest,
  committed,
  inject,
  masterOf,
  namesOf,
  pass,
  startCrowd,
  until,
} from "../holes/stage.ts";
import type { CalmSettings } from "../simulator/calm-seed.ts";

export type Death = "kill" | "hang";

/** Since the death of the master, ms of virtual time. */
export interface Course {
  readonly promotedMs: number;
  readonly movedMs: number;
}

/** Ten clients, a write in 100 ms each. */
const crowd = { names: namesOf("client", 10), everyMs: 100, ttlMs: 1_000 };
/** A stream that has flowed for so long has been seen by everybody. */
const flowingMs = 20_000;
/** Redis's default `repl-ping-replica-period`. */
const replPingMs = 10_000;

/** A busy master dies at a moment that the seed draws, and the group gets another one. Throws when it does not. */
export async function runDeath(seed: number, how: Death, settings: CalmSettings): Promise<Course> {
  const { world, master: old } = await atRest(seed, { replPingMs, ...settings });
  startCrowd(world, crowd);
  await pass(world, flowingMs);
  const diedAtMs = world.engine.nowMs;
  inject(world, `${how} ${old.host}`);
  const others = [...world.nodes.values()].filter((node) => node !== old);
  const promotedAtMs = await until(
    world,
    "a promotion",
    () => others.some((node) => node.role === "master"),
    600_000,
  );
  await committed(world, old);
  const { host } = masterOf(world);
  const movedAtMs = await until(world, "the moved name", () => world.recordNow() === host);
  return { promotedMs: promotedAtMs - diedAtMs, movedMs: movedAtMs - diedAtMs };
}
