import type { SimWorld } from "./world.ts";

/** What is kept of a seed that was run: plain data, a line of the ledger. */
export interface SeedRecord {
  readonly seed: number;
  readonly families: readonly string[];
  readonly virtualMs: number;
  readonly cpuMs: number;
  readonly failovers: number;
  readonly switchovers: number;
  readonly failedEpochs: number;
  /** Writes to the table whose answer was lost, or came long before the write. */
  readonly ambiguousWrites: number;
  /** Clients' writes. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly lostPerFailover: readonly number[];
  /** How often each rule decided, and each fault happened. */
  readonly rules: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly violation: { readonly invariant: string; readonly message: string } | null;
}

export function recordOf(world: SimWorld, families: readonly string[], cpuMs: number): SeedRecord {
  const { violation, checker, losses } = world;
  losses.end(world.state());
  return {
    seed: world.options.seed,
    families,
    virtualMs: Math.round(world.engine.nowMs),
    cpuMs: Math.round(cpuMs),
    failovers: checker.failovers,
    switchovers: checker.switchovers,
    failedEpochs: checker.failedEpochs,
    ambiguousWrites: world.store.ambiguous,
    acknowledged: world.writes.acknowledged.size,
    lost: losses.total,
    lostPerFailover: losses.perFailover,
    rules: Object.fromEntries(world.invocations.decided),
    faults: countFaults(world),
    violation:
      violation === null ? null : { invariant: violation.invariant, message: violation.message },
  };
}

/** A rate counts as a fault of its own: `rate store-slow`. */
function countFaults(world: SimWorld): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { fault } of world.schedule) {
    const name = fault.kind === "rate" ? `rate ${fault.of}` : fault.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
