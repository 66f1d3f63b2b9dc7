import type { Violation } from "./checkers.ts";
import { isHeldByDesign, notConverged } from "./converged.ts";
import type { TimedFault } from "./faults.ts";
import { drawSwarm, healForGood, replay, type Swarm, unleash } from "./nemesis.ts";
import { splitPrng } from "./prng.ts";
import { SimWorld } from "./world.ts";

export interface SeedOptions {
  readonly seed: number;
  readonly swarm?: Swarm;
  /** Replayed instead of what the families draw. */
  readonly schedule?: readonly TimedFault[];
  readonly safetyMs?: number;
  readonly trace?: (line: string) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly violation: Violation | null;
  /** The faults that happened, in order. */
  readonly schedule: readonly TimedFault[];
  readonly lines: readonly string[];
  readonly virtualMs: number;
  readonly events: number;
  readonly failovers: number;
  readonly switchovers: number;
  readonly failedEpochs: number;
  readonly ambiguousWrites: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly rules: ReadonlyMap<string, number>;
}

const calmMs = 12_000;
const healMs = 180_000;
/** The simulated hour of a seed is short; the many seeds make the hours. */
const safetyDefaultMs = 300_000;

/** One seed: a safety phase with faults, then a healed phase in which everything must converge (faults.md, section 1). */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, trace, safetyMs = safetyDefaultMs } = options;
  const swarm = options.swarm ?? drawSwarm(seed);
  const prng = splitPrng(seed, "run");
  const world = new SimWorld({
    seed,
    scheduleJitterMs: prng.chance(0.3) ? 30_000 : 2_000,
    hasMarker: !prng.chance(0.2),
    ...(trace === undefined ? {} : { trace }),
  });
  world.start();
  const endMs = calmMs + safetyMs;
  if (options.schedule !== undefined) replay(world, options.schedule);
  else world.engine.schedule(calmMs, () => unleash(world, swarm, endMs));
  await runGuarded(world, endMs);
  if (world.violation === null) {
    healForGood(world);
    await runGuarded(world, endMs + healMs);
  }
  if (world.violation === null && !isHeldByDesign(world)) world.violation = notConverged(world);
  return resultOf(world, swarm);
}

class Stop extends Error {}

/** Runs until the end, or until the first violation. */
export async function runGuarded(world: SimWorld, endMs: number): Promise<void> {
  world.engine.afterEvent = () => {
    if (world.violation !== null) throw new Stop();
  };
  try {
    await world.engine.runUntil(endMs);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
}

function resultOf(world: SimWorld, swarm: Swarm): SeedResult {
  const state = world.state();
  const master =
    state?.master === null || state === null ? undefined : world.nodes.get(state.master.node);
  const kept = master?.values() ?? new Set<number>();
  let lost = 0;
  for (const value of world.writes.acknowledged.keys()) if (!kept.has(value)) lost += 1;
  return {
    seed: world.options.seed,
    swarm,
    violation: world.violation,
    schedule: world.schedule,
    lines: world.lines,
    virtualMs: world.engine.nowMs,
    events: world.engine.events,
    failovers: world.checker.failovers,
    switchovers: world.checker.switchovers,
    failedEpochs: world.checker.failedEpochs,
    ambiguousWrites: world.store.ambiguous,
    acknowledged: world.writes.acknowledged.size,
    lost,
    rules: world.firedRules,
  };
}
