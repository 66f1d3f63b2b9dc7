import type { LossReport } from "../../lib/core/model.ts";
import { notConverged } from "../simulator/converged.ts";
import { parseFault } from "../simulator/faults.ts";
import { type Prng, splitPrng } from "../simulator/prng.ts";
import { startClient } from "../simulator/sim-client.ts";
import type { SimRedis } from "../simulator/sim-redis.ts";
import { inALoop, type Watching } from "../simulator/watching.ts";
import { SimWorld } from "../simulator/world.ts";

/** By then the group has found its master, whoever starts when. */
const calmMs = 30_000;
/** What happens, happens anywhere between two starts of every observer: a shift that has just begun knows less. */
const spreadMs = 60_000;

/** A group at rest under its default settings, at a moment that the seed draws. */
export interface Scene {
  readonly world: SimWorld;
  readonly prng: Prng;
  readonly master: SimRedis;
  readonly replicas: readonly SimRedis[];
}

class Stop extends Error {}

export interface Surroundings {
  /** `repl-ping-replica-period`, which the simulator's servers have at one second, as is advised. */
  readonly replPingMs?: number;
  /** Lines of YAML for the group. */
  readonly groupLines?: readonly string[];
  readonly watching?: Watching;
}

export async function atRest(
  seed: number,
  { replPingMs = 1_000, groupLines = [], watching = inALoop }: Surroundings = {},
): Promise<Scene> {
  const prng = splitPrng(seed, "holes");
  const world = new SimWorld({ clientCount: 0, seed, groupLines, watching });
  for (const node of world.nodes.values()) node.replPingMs = replPingMs;
  world.start();
  await world.engine.runUntil(calmMs + prng.next() * spreadMs);
  const wrong = world.violation ?? notConverged(world);
  if (wrong !== null) throw new Error(`seed ${seed}: expected a group at rest, got ${wrong}`);
  const master = masterOf(world);
  const replicas = [...world.nodes.values()].filter((node) => node !== master);
  return { world, prng, master, replicas };
}

/** The node that STATE names. */
export function masterOf(world: SimWorld): SimRedis {
  const node = world.nodes.get(world.state()?.master?.node ?? "");
  if (node === undefined) throw new Error("expected a master");
  return node;
}

/** The node that is to be promoted in the open epoch. */
export function candidateOf(world: SimWorld): SimRedis | null {
  return world.nodes.get(world.state()?.candidate?.node ?? "") ?? null;
}

/** The observer that leads the open epoch; empty: nobody does. */
export function leaderOf(world: SimWorld): string {
  return world.state()?.leader?.split("/")[0] ?? "";
}

/** Every shift of an observer dies. */
export function crash(world: SimWorld, observer: string): void {
  for (const process of world.processes.get(observer) ?? []) process.crash();
}

/** A fault in the words of the transcripts. */
export function inject(world: SimWorld, ...lines: readonly string[]): void {
  for (const line of lines) world.inject("holes", parseFault(line));
}

/** Runs until it is so, after any event; returns the time. Throws when it has not come `withinMs`. */
export async function until(
  world: SimWorld,
  what: string,
  isSo: () => boolean,
  withinMs = 120_000,
): Promise<number> {
  const { engine } = world;
  engine.afterEvent = () => {
    if (world.violation !== null || isSo()) throw new Stop();
  };
  try {
    if (!isSo()) await engine.runUntil(engine.nowMs + withinMs);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  } finally {
    engine.afterEvent = () => {};
  }
  if (world.violation !== null) throw world.violation;
  if (!isSo()) {
    const told = world.trail.lines.slice(-20).join("\n");
    throw new Error(`expected ${what} within ${withinMs} ms; it did not come\n${told}`);
  }
  return engine.nowMs;
}

export async function pass(world: SimWorld, forMs: number): Promise<void> {
  await world.engine.runUntil(world.engine.nowMs + forMs);
  if (world.violation !== null) throw world.violation;
}

/** Runs until STATE names another master; returns the time. */
export function committed(world: SimWorld, before: SimRedis): Promise<number> {
  const node = before.id;
  const isSo = () => {
    const master = world.state()?.master?.node;
    return master !== undefined && master !== node;
  };
  return until(world, `a commit over ${node}`, isSo);
}

/** The longest that a hung master stays away after its successor has settled. */
const stoppedMaxMs = 20_000;

/** Runs until a hung master has been replaced, and on to a moment that the seed draws. */
export async function replacedFor({ world, prng, master }: Scene): Promise<void> {
  await committed(world, master);
  await until(world, "steady", () => world.state()?.phase === "steady");
  await pass(world, prng.next() * stoppedMaxMs);
}

export interface Crowd {
  readonly names: readonly string[];
  readonly everyMs: number;
  /** How long an answer to the name is kept. `forever`: the first one is never asked for again. */
  readonly ttlMs: number | "forever";
  /** The only address that they know, instead of the name's. */
  readonly address?: string;
}

/** Clients with connections of their own, all writing from now on. Returns how to stop them. */
export function startCrowd(world: SimWorld, crowd: Crowd): () => void {
  const name = world.config.dns?.name ?? "";
  const { names, everyMs, ttlMs, address } = crowd;
  const clients = names.map((client) => {
    const around = {
      engine: world.engine,
      prng: splitPrng(world.options.seed, client),
      nodes: world.nodes,
      isCut: (from: string, to: string) => world.isCut(from, to),
      isLost: (from: string, to: string) => world.cuts.isLost(from, to),
      resolve: () => address ?? world.dns.resolveNow(name)[0] ?? null,
      onAccepted: () => {},
      onConfirmed: () => {},
    };
    const kind = ttlMs === "forever" ? ("clings" as const) : ("follows" as const);
    const options = { name: client, kind, everyMs, ttlMs: ttlMs === "forever" ? 0 : ttlMs };
    return startClient(around, world.writes, options);
  });
  return () => {
    for (const client of clients) client.stop();
  };
}

export function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** When each write is acknowledged from now on. */
export function noteAcks(world: SimWorld): ReadonlyMap<number, number> {
  const atMs = new Map<number, number>();
  const { acknowledged } = world.writes;
  const set = acknowledged.set.bind(acknowledged);
  acknowledged.set = (value, node) => {
    atMs.set(value, world.engine.nowMs);
    return set(value, node);
  };
  return atMs;
}

/** What STATE says of the last failover's loss. */
export function reportOf(world: SimWorld): LossReport {
  const loss = world.state()?.lastEpoch?.loss;
  if (loss === undefined || loss === null) throw new Error("expected a loss report");
  return loss;
}

/** Acknowledged writes that a node does not hold. */
export function lostOn(world: SimWorld, node: SimRedis): readonly number[] {
  const held = node.values();
  return [...world.writes.acknowledged.keys()].filter((value) => !held.has(value));
}
