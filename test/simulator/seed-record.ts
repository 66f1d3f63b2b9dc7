import { checkSet, type WriteSet } from "./set-checker.ts";
import { Violation } from "./violation.ts";
import type { DualWriters } from "./windows.ts";
import type { SimWorld } from "./world.ts";

/** What is kept of a seed that was run: plain data, a line of the ledger. */
export interface SeedRecord {
  readonly seed: number;
  readonly families: readonly string[];
  readonly virtualMs: number;
  readonly cpuMs: number;
  readonly failovers: number;
  /** Those that came within the cool-down of another, by `whenFlapping: failover`. */
  readonly earlyFailovers: number;
  readonly switchovers: number;
  readonly failedEpochs: number;
  /** Writes to the table whose answer was lost, or came long before the write. */
  readonly ambiguousWrites: number;
  /** Clients' writes. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly lostPerFailover: readonly number[];
  /** How long old masters took writes beside new ones (S11). */
  readonly dualWriters: readonly DualWriters[];
  /** The longest that a second master was one while every observer could see and fence it (S9). */
  readonly secondMasterMs: number;
  /** All clients' writes, held against the data set that is left at the end. */
  readonly set: WriteSet;
  /** How often each rule decided, and each fault happened. */
  readonly rules: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly violation: { readonly invariant: string; readonly message: string } | null;
}

export function recordOf(world: SimWorld, families: readonly string[], cpuMs: number): SeedRecord {
  const { violation } = world;
  const { checker, losses, windows } = world.judges;
  const { decisions } = world.invocations;
  losses.end(world.state());
  return {
    seed: world.options.seed,
    families,
    virtualMs: Math.round(world.engine.nowMs),
    cpuMs: Math.round(cpuMs),
    failovers: checker.failovers,
    earlyFailovers: checker.earlyFailovers,
    switchovers: checker.switchovers,
    failedEpochs: checker.failedEpochs,
    ambiguousWrites: world.store.ambiguous,
    acknowledged: world.writes.acknowledged.size,
    lost: losses.total,
    lostPerFailover: losses.perFailover,
    dualWriters: windows.perFailover,
    secondMasterMs: Math.round(world.fencing.longestMs),
    set: setOf(world),
    // L440 decides nothing: a shift that ends writes by it.
    rules: { ...countOf("L440", world.store.written), ...Object.fromEntries(decisions.counts) },
    faults: countFaults(world),
    violation:
      violation === null ? null : { invariant: violation.invariant, message: violation.message },
  };
}

export function setOf(world: SimWorld): WriteSet {
  const master = world.nodes.get(world.state()?.master?.node ?? "");
  // Below zero is what another's server brought along that stood at the address of one of the group's.
  const ofClients = [...(master?.values() ?? [])].filter((value) => value > 0);
  return checkSet(world.writes, new Set(ofClients));
}

/** S10: a server that holds what it refused, or what nobody sent, breaks more than a failover can. */
export function unexpectedIn(world: SimWorld): Violation | null {
  const [first] = setOf(world).unexpected;
  if (first === undefined) return null;
  const master = world.state()?.master?.node;
  return new Violation("S10", `${master} holds ${first}, which was refused or never written`);
}

function countOf(rule: string, counts: ReadonlyMap<string, number>): Record<string, number> {
  const count = counts.get(rule);
  return count === undefined ? {} : { [rule]: count };
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
