import type { SimRedis } from "../simulator/sim-redis.ts";
import type { SimWorld } from "../simulator/world.ts";
import { fenceBoundMs, tripsMs } from "./bounds.ts";
import { crowd } from "./death.ts";
import type { Case, Measure, Readings } from "./measure.ts";
import {
  atRest,
  inject,
  lostOn,
  masterOf,
  namesOf,
  pass,
  replacedFor,
  reportOf,
  startCrowd,
  until,
} from "./stage.ts";

/** Everything that was written is everywhere by then. */
const quietMs = 1_000;
const awayMs = 200;
/** Whoever would undo a hold has done so by then. */
const afterwardsMs = 10_000;

const readOnly = "thaw to read-only";
const unheld = "acknowledged by it and not in what is held";
const short = "exact report short of what is held";
const answered = "the answer that proves it to replica";
const afterAnswer = "acknowledged after that answer and lost";
const served = "return to replica";
const afterReturn = "acknowledged after the return and lost";

/**
 * An old master that returns under `whenReturned: hold`. Where it says that it has more than its successor, what it takes
 * until it is read-only is held with the rest. Where it says that it has no more, nobody asks it again before the command
 * that attaches it; and of another process nobody can tell whether it has more, so an earlier proof stands.
 */
export const heldCases: readonly Case[] = [
  held("it thaws, and clients hold its address", runMore, [
    { name: readOnly, unit: "ms", bound: fenceBoundMs },
    { name: unheld, unit: "writes", bound: 0 },
    { name: short, unit: "bytes", bound: null },
  ]),
  held("it thaws and has no more, and clients write from its answer on", runNoMore, [
    { name: answered, unit: "ms", bound: tripsMs },
    { name: afterAnswer, unit: "writes", bound: null },
  ]),
  held(`it has no more, and is started again at that, away for ${awayMs / 1_000} s`, runAgain, [
    { name: served, unit: "ms", bound: fenceBoundMs },
    { name: afterReturn, unit: "writes", bound: null },
  ]),
];

function held(what: string, run: Case["run"], measures: readonly Measure[]): Case {
  return { hole: "an old master is to be held", what: `${what}, 100 writes/s`, measures, run };
}

async function runMore(seed: number): Promise<Readings> {
  const { world, old } = await replaced(seed, "go on");
  const thawedAtMs = world.engine.nowMs;
  startHolders(world, old);
  inject(world, `thaw ${old.host}`);
  const heldAtMs = await until(world, "a replica", () => old.role === "replica");
  if (!isHeld(world, old)) throw new Error(`seed ${seed}: ${old.id} is not held`);
  const report = reportOf(world);
  await pass(world, afterwardsMs);
  const kept = old.values();
  const own = [...world.writes.acknowledged].filter(([, node]) => node === old.id);
  return {
    [readOnly]: heldAtMs - thawedAtMs,
    [unheld]: own.filter(([value]) => !kept.has(value)).length,
    [short]: report.certainty === "exact" ? old.offset - (report.oldOffset ?? 0) : null,
  };
}

async function runNoMore(seed: number): Promise<Readings> {
  const { world, old } = await replaced(seed, "stop");
  const saidAtMs = noteAnswers(world, old, () => startHolders(world, old));
  const attachedBy = noteAttaching(world, old);
  inject(world, `thaw ${old.host}`);
  const attachedAtMs = await until(world, "a replica", () => old.role === "replica");
  // Another observer asked it after the first of those writes.
  if (isHeld(world, old)) return { [answered]: null, [afterAnswer]: null };
  return {
    [answered]: attachedAtMs - (saidAtMs.get(attachedBy()) ?? 0),
    [afterAnswer]: lostOn(world, masterOf(world)).length,
  };
}

async function runAgain(seed: number): Promise<Readings> {
  const { world, old } = await replaced(seed, "stop");
  inject(world, `thaw ${old.host}`);
  await until(world, "an exact report", () => reportOf(world).certainty === "exact");
  inject(world, `kill ${old.host}`);
  await pass(world, awayMs);
  const returnedAtMs = world.engine.nowMs;
  inject(world, `restart ${old.host} aof`);
  startHolders(world, old);
  const attachedAtMs = await until(world, "a replica", () => old.role === "replica");
  if (isHeld(world, old)) return { [served]: null, [afterReturn]: null };
  return {
    [served]: attachedAtMs - returnedAtMs,
    [afterReturn]: lostOn(world, masterOf(world)).length,
  };
}

/** A master that hangs and is replaced; its clients go on all the while, or stop before. */
async function replaced(seed: number, clients: "go on" | "stop") {
  const scene = await atRest(seed, { groupLines: ["whenReturned: hold"] });
  const { world, master: old } = scene;
  const stop = startCrowd(world, crowd);
  await pass(world, 2_000);
  if (clients === "stop") {
    stop();
    await pass(world, quietMs);
  }
  inject(world, `hang ${old.host}`);
  await replacedFor(scene);
  return { world, old };
}

/** Ten clients that know no other address, a write in 100 ms each. */
function startHolders(world: SimWorld, { host }: SimRedis): void {
  const names = namesOf("holder", 10);
  startCrowd(world, { ...crowd, names, ttlMs: "forever", address: host });
}

function isHeld(world: SimWorld, { id }: SimRedis): boolean {
  return world.state()?.kept.includes(id) === true;
}

/** When each observer last heard over a session that it is a master. */
function noteAnswers(world: SimWorld, { id }: SimRedis, onFirst: () => void) {
  const atMs = new Map<string, number>();
  const { judges } = world;
  const onObserved = judges.onObserved.bind(judges);
  judges.onObserved = (process, observer, seen) => {
    onObserved(process, observer, seen);
    if (seen.node !== id || seen.facts.role !== "master") return;
    if (atMs.size === 0) onFirst();
    atMs.set(observer, world.engine.nowMs);
  };
  return atMs;
}

/** Who attaches it. */
function noteAttaching(world: SimWorld, old: SimRedis): () => string {
  const { judges } = world;
  const onRoleChange = judges.onRoleChange.bind(judges);
  let by = "";
  judges.onRoleChange = (node, command, before) => {
    onRoleChange(node, command, before);
    if (node === old && command.kind === "attach") by = command.by;
  };
  return () => by;
}
