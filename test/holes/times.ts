import { crashBoundMs, hangAtChangeBoundMs, hangBoundMs, tripsMs } from "./bounds.ts";
import { crowd, flowingMs, followDeath, type Death as How } from "./death.ts";
import type { Case, Readings } from "./measure.ts";
import { atRest, pass, startCrowd } from "./stage.ts";

const promoted = "death to promotion";
const moved = "death to the moved name";

/** Every observer starts a shift each minute, some seconds later at most: between these times nobody does. */
const betweenStarts = { fromMs: 80_000, forMs: 20_000 };
const minuteMs = 60_000;

interface Death {
  readonly how: How;
  readonly when: "anywhere" | "in shift";
  readonly traffic: "busy" | "idle";
  /** `repl-ping-replica-period` */
  readonly pingMs: number;
  readonly boundMs: number;
}

const deaths: readonly Death[] = [
  { how: "kill", when: "anywhere", traffic: "busy", pingMs: 10_000, boundMs: crashBoundMs },
  { how: "hang", when: "in shift", traffic: "busy", pingMs: 10_000, boundMs: hangBoundMs(null) },
  { how: "hang", when: "in shift", traffic: "idle", pingMs: 1_000, boundMs: hangBoundMs(1_000) },
  { how: "hang", when: "in shift", traffic: "idle", pingMs: 10_000, boundMs: hangBoundMs(10_000) },
  { how: "hang", when: "anywhere", traffic: "busy", pingMs: 10_000, boundMs: hangAtChangeBoundMs },
  { how: "hang", when: "anywhere", traffic: "idle", pingMs: 1_000, boundMs: hangAtChangeBoundMs },
];

/** How long a group has no writable master, and how long its name says the dead one. */
export const timeCases: readonly Case[] = deaths.map((death) => ({
  hole: "no writable master",
  what: `${death.how} ${death.when}, ${death.traffic}, a ping in ${death.pingMs / 1_000} s`,
  measures: [
    { name: promoted, unit: "ms", bound: death.boundMs },
    { name: moved, unit: "ms", bound: death.boundMs + tripsMs },
  ],
  run: (seed) => run(seed, death),
}));

async function run(seed: number, { how, when, traffic, pingMs }: Death): Promise<Readings> {
  const { world, prng, master: old } = await atRest(seed, { replPingMs: pingMs });
  if (traffic === "busy") startCrowd(world, crowd);
  await pass(world, flowingMs);
  if (when === "in shift") {
    const { fromMs, forMs } = betweenStarts;
    const minutes = Math.ceil(Math.max(0, world.engine.nowMs - fromMs) / minuteMs);
    const atMs = fromMs + minutes * minuteMs + prng.next() * forMs;
    await pass(world, atMs - world.engine.nowMs);
  }
  const { promotedMs, movedMs } = await followDeath(world, old, how);
  return { [promoted]: promotedMs, [moved]: movedMs };
}
