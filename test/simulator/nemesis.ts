import { ambushes } from "./ambush.ts";
import { applyFault } from "./apply-fault.ts";
import type { Drawn, Rate } from "./drawing.ts";
import { families } from "./families.ts";
import { nodeRates } from "./families-nodes.ts";
import { drawTableMode } from "./families-table.ts";
import type { TimedFault } from "./faults.ts";
import { splitPrng } from "./prng.ts";
import { smallData } from "./redis-world.ts";
import type { SimWorld } from "./world.ts";

/** What a seed switches on, and how hard (swarm testing: each seed is another mixture). */
export interface Swarm {
  readonly families: readonly string[];
  readonly speed: number;
}

export const familyNames = [...families, ...ambushes].map((one) => one.name);

/** How likely an ambush springs at one move of the group's item. */
const ambushChance = 0.25;

/** Once everything is healed, a held node waits for so long for people at the most. */
const inspectMs = 20_000;

/** Many families at once hide what one or two alone would show, and the other way round. */
const densities = [0.05, 0.15, 0.35] as const;

/** Each family is switched by a stream of its own, so that a new family changes nothing in the seeds without it. */
export function drawSwarm(seed: number): Swarm {
  const density = splitPrng(seed, "density").pick(densities);
  const chosen = familyNames.filter((name) => splitPrng(seed, `switch ${name}`).chance(density));
  return { families: chosen, speed: 0.5 + splitPrng(seed, "speed").next() * 2 };
}

const rates: readonly Rate[] = [
  ["store-lost-request", 0.3, (prng) => prng.next() * 0.1],
  ["store-lost-reply", 0.3, (prng) => prng.next() * 0.1],
  ["store-late-apply", 0.3, (prng) => prng.next() * 0.05],
  ["store-throttled", 0.3, (prng) => prng.next() * 0.1],
  ["store-slow", 0.3, (prng) => prng.next() * 0.1],
  ["dns-lost-reply", 0.3, (prng) => prng.next() * 0.2],
  ["dns-late", 0.3, (prng) => prng.next() * 0.2],
  ["delay-ms", 0.3, (prng) => prng.next() * 100],
  ["connection-cut", 0.2, (prng) => prng.next() * 0.1],
  ["replication-ms", 0.3, (prng) => prng.next() * 500],
  ["repl-ping-ms", 0.3, () => 10_000],
  ["start-skipped", 0.3, (prng) => prng.next() * 0.4],
  ["cold-start-ms", 0.3, (prng) => 3_000 + prng.next() * 5_000],
];

/** Of a queue that wakes passes; they mean nothing in another cadence. */
const pulseRates: readonly Rate[] = [
  ["pulse-lost", 0.5, (prng) => prng.next() * 0.3],
  ["pulse-twice", 0.5, (prng) => prng.next() * 0.2],
  ["pulse-held-up", 0.5, (prng) => prng.next() * 0.2],
];

/** Draws the rates that hold for a whole seed, and lets the families draw faults until `endMs`. */
export function unleash(world: SimWorld, swarm: Swarm, endMs: number): void {
  const { seed } = world.options;
  const prng = splitPrng(seed, "rates");
  for (const [of, probability, draw] of rates) {
    if (prng.chance(probability)) world.inject("rates", { kind: "rate", of, value: draw(prng) });
  }
  const ofPulses = world.options.watching?.cadence === "pulse" ? pulseRates : [];
  for (const [of, probability, draw] of [...nodeRates, ...ofPulses]) {
    const stream = splitPrng(seed, `rate ${of}`);
    if (!stream.chance(probability)) continue;
    world.inject("rates", { kind: "rate", of, value: draw(stream) });
  }
  for (const fault of drawTableMode(world, splitPrng(seed, "table mode")))
    world.inject("rates", fault);
  for (const family of families) {
    if (!swarm.families.includes(family.name)) continue;
    const stream = splitPrng(seed, `family ${family.name}`);
    const again = () => {
      const waitMs = stream.exp(family.meanMs / swarm.speed);
      if (world.engine.nowMs + waitMs >= endMs) return;
      world.engine.schedule(waitMs, () => {
        injectDrawn(world, family.name, family.draw(world, stream), endMs);
        again();
      });
    };
    again();
  }
  layAmbushes(world, swarm, endMs);
}

function layAmbushes(world: SimWorld, swarm: Swarm, endMs: number): void {
  for (const ambush of ambushes) {
    if (!swarm.families.includes(ambush.name)) continue;
    const stream = splitPrng(world.options.seed, `ambush ${ambush.name}`);
    world.onMoment.push((moment) => {
      if (world.engine.nowMs >= endMs || !stream.chance(ambushChance)) return;
      // What springs comes as an event of its own, never inside the write that it waited for.
      const drawn = ambush.draw(moment, world, stream);
      injectDrawn(
        world,
        ambush.name,
        drawn.map((one) => ({ ...one, afterMs: one.afterMs + 1 })),
        endMs,
      );
    });
  }
}

/**
 * What comes at one moment is one event, so that a replay of the recorded schedule runs the same. Nothing comes once
 * everything was healed for good.
 */
function injectDrawn(world: SimWorld, by: string, all: readonly Drawn[], endMs: number): void {
  for (const [afterMs, drawn] of Map.groupBy(all, at)) {
    if (world.engine.nowMs + afterMs >= endMs) continue;
    const act = () => injectAll(world, by, drawn);
    if (afterMs === 0) act();
    else world.engine.schedule(afterMs, act);
  }
}

function at(drawn: Drawn): number {
  return drawn.afterMs;
}

function injectAll(world: SimWorld, by: string, drawn: readonly Drawn[]): void {
  for (const { fault } of drawn) world.inject(by, fault);
}

/** Lets a recorded schedule happen again in a world that has just been started, each fault at its time. */
export function replay(world: SimWorld, schedule: readonly TimedFault[]): void {
  for (const [atMs, faults] of Map.groupBy(schedule, (one) => one.atMs)) {
    world.engine.schedule(atMs, () => {
      for (const { by, fault } of faults) world.inject(by, fault);
    });
  }
}

/** Ends every fault for good: what is left must converge. */
export function healForGood(world: SimWorld): void {
  world.note("nemesis", { kind: "line", text: "everything is healed for good" });
  world.store.heal();
  world.dns.heal();
  applyFault(world, { kind: "dns-return" });
  world.delayMs = 1;
  world.cutChance = 0;
  world.replicationMs = 2;
  Object.assign(world.timings, smallData());
  world.healAll();
  world.operators.giveBack()?.();
  world.operators.unedit()?.();
  world.routes.endAll();
  world.operators.resume()?.();
  world.operators.applyAgain()?.();
  inspectHeld(world);
  world.invocations.heal();
  for (const node of world.nodes.values()) {
    if (!node.isServing || node.isDisplaced) world.troubles.trouble(node.id);
    node.thaw();
    node.ailments.clear();
    node.sentinels.clear();
    node.reclaim();
    node.restart(world.hasMarker ? "aof" : "rdb");
  }
  for (const observer of world.config.observers) {
    for (const process of world.processes.get(observer) ?? []) {
      process.crashAtAwait = Number.POSITIVE_INFINITY;
      process.endsAtAwait = Number.POSITIVE_INFINITY;
      process.lateMs = 0;
      process.thaw();
    }
    // Old code can't read what new code writes, now or later: people finish the upgrade.
    const upgrade = world.invocations.machines.isUpgrading
      ? world.invocations.machines.upgrade(observer)
      : null;
    upgrade?.();
    if (upgrade !== null || (world.processes.get(observer)?.size ?? 0) === 0)
      world.invocations.invoke(observer);
  }
}

/** People look at whoever is held, again and again: an old master may come back, and be held, only now. */
function inspectHeld(world: SimWorld): void {
  world.operators.releaseAll();
  world.engine.schedule(inspectMs, () => inspectHeld(world));
}
