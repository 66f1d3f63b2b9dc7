import { judgeHealed } from "./converged.ts";
import type { TimedFault } from "./faults.ts";
import { breakForGood, type Minority, minorities } from "./minority.ts";
import { drawSwarm, healForGood, replay, type Swarm, unleash } from "./nemesis.ts";
import { splitPrng } from "./prng.ts";
import { recordOf, type SeedRecord, unexpectedIn } from "./seed-record.ts";
import { drawShape, type Shape } from "./shape.ts";
import type { Violation } from "./violation.ts";
import type { Watching } from "./watching.ts";
import { SimWorld } from "./world.ts";

/** What a seed's world is like from its first moment on. */
export interface Setup {
  readonly scheduleJitterMs: number;
  readonly hasMarker: boolean;
  /** The usual one where it is not said. */
  readonly shape?: Shape;
  /** In a loop where it is not said. */
  readonly watching?: Watching;
  /** What stays broken when all else is healed; nothing where it is not said. */
  readonly broken?: Minority;
}

export interface SeedOptions {
  readonly seed: number;
  readonly swarm?: Swarm;
  readonly setup?: Setup;
  /** Replayed instead of what the families draw. */
  readonly schedule?: readonly TimedFault[];
  readonly safetyMs?: number;
  readonly trace?: (line: string) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly setup: Setup;
  readonly safetyMs: number;
  readonly violation: Violation | null;
  /** Whether the violation came after everything had been healed for good. */
  readonly isOfLiveness: boolean;
  /** The faults that happened, in order. */
  readonly schedule: readonly TimedFault[];
  /** The last events, one line each. */
  readonly lines: readonly string[];
  readonly record: SeedRecord;
}

/** The faults begin once the group has had time to find its master. */
export const calmMs = 12_000;
/** Once everything is healed, this long must do for everything to be in order again. */
export const healMs = 180_000;
/** The simulated hour of a seed is short; the many seeds make the hours. */
export const safetyDefaultMs = 300_000;

/** Fault C6: starts are late, sometimes by minutes. */
export function drawSetup(seed: number): Setup {
  const prng = splitPrng(seed, "run");
  const jitterMs = prng.chance(0.3) ? 30_000 : 2_000;
  const minority = splitPrng(seed, "broken");
  return {
    scheduleJitterMs: splitPrng(seed, "late starts").chance(0.05) ? 180_000 : jitterMs,
    hasMarker: !prng.chance(0.2),
    shape: drawShape(seed),
    watching: drawWatching(seed),
    ...(minority.chance(0.4) ? { broken: minority.pick(minorities) } : {}),
  };
}

/** Most stages watch in a loop; what passes forget, and hand over, is no less to be proved. */
function drawWatching(seed: number): Watching {
  const prng = splitPrng(seed, "cadence");
  const cadence = prng.chance(0.6) ? "loop" : prng.pick(["pulse", "tick"] as const);
  return { cadence, pulseMs: prng.pick([3_000, 5_000, 10_000, 30_000]) };
}

/** One seed: a safety phase with faults, then a healed phase in which everything must converge (faults.md, section 1). */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, trace, safetyMs = safetyDefaultMs } = options;
  const cpuBefore = process.cpuUsage();
  const swarm = options.swarm ?? drawSwarm(seed);
  const setup = options.setup ?? drawSetup(seed);
  const { broken, ...rest } = setup;
  const world = new SimWorld({ seed, ...rest, ...(trace === undefined ? {} : { trace }) });
  world.start();
  const endMs = calmMs + safetyMs;
  if (options.schedule !== undefined) replay(world, options.schedule);
  else world.engine.schedule(calmMs, () => unleash(world, swarm, endMs));
  await runGuarded(world, endMs);
  const isOfLiveness = world.violation === null;
  if (isOfLiveness) await runHealed(world, broken);
  const cpu = process.cpuUsage(cpuBefore);
  return {
    ...{ seed, swarm, setup, safetyMs, isOfLiveness },
    violation: world.violation,
    schedule: world.schedule,
    lines: world.trail.lines,
    record: recordOf(world, swarm.families, (cpu.user + cpu.system) / 1_000),
  };
}

/** The liveness phase: everything is healed for good, but for a minority, and the rest must be in order after `healMs`. */
async function runHealed(world: SimWorld, minority?: Minority): Promise<void> {
  healForGood(world);
  const broken = minority === undefined ? null : breakForGood(world, minority);
  await runGuarded(world, world.engine.nowMs + healMs);
  world.violation ??= judgeHealed(world, broken);
  world.violation ??= unexpectedIn(world);
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
