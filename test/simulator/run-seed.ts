import { isOfChain } from "../../lib/core/lineage.ts";
import { isOurs } from "../../lib/core/view.ts";
import { Violation } from "./checkers.ts";
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
  if (world.violation === null && !isHeldByDesign(world)) checkConverged(world);
  return resultOf(world, swarm);
}

class Stop extends Error {}

/** Runs until the end, or until the first violation. */
async function runGuarded(world: SimWorld, endMs: number): Promise<void> {
  world.engine.afterEvent = () => {
    if (world.violation !== null) throw new Stop();
  };
  try {
    await world.engine.runUntil(endMs);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
}

/**
 * Whether the group holds by design: no node carries the recorded history any more (people moved roles by hand, or the
 * data went with its last copy), and only an operator can say which data set is right.
 */
function isHeldByDesign(world: SimWorld): boolean {
  const master = world.state()?.master;
  if (master === undefined || master === null || world.state()?.phase !== "steady") return false;
  return [...world.nodes.values()].every(
    (node) => !isOfChain(master, node.facts(world.engine.nowMs)),
  );
}

/** L3: one master, everybody replicates from it, the record names it, nothing is open. */
function checkConverged(world: SimWorld): void {
  const state = world.state();
  const fail = (invariant: string, what: string): void => {
    world.violation ??= new Violation(invariant, what);
  };
  if (state === null || state.master === null) {
    fail("L1", "no master was ever adopted");
    return;
  }
  const master = world.nodes.get(state.master.node);
  if (state.phase !== "steady") fail("L2", `still ${state.phase} at the end`);
  if (master?.role !== "master") {
    fail("L3", `${state.master.node} is ${master?.role}`);
    return;
  }
  for (const node of world.nodes.values()) {
    if (node === master) continue;
    const isFollowing = node.role === "replica" && node.masterId === master.id && node.linkUp;
    // A data set of unknown history is left alone by design, and people are paged.
    if (!isOurs(state, node.facts(world.engine.nowMs))) continue;
    const how = `${node.role} of ${node.masterId}, link ${node.linkUp}`;
    if (!isFollowing) fail("L3", `${node.id} is ${how}`);
  }
  const named = world.dns.resolveNow(world.config.dns?.name ?? "")[0];
  if (named !== master.host) fail("L3", `the record names ${named}, the master is ${master.host}`);
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
