import type { SimWorld } from "../simulator/world.ts";
import { fenceBoundMs } from "./bounds.ts";
import { crowd } from "./death.ts";
import type { Case, Readings } from "./measure.ts";
import {
  atRest,
  inject,
  lostOn,
  masterOf,
  pass,
  replacedFor,
  reportOf,
  startCrowd,
  until,
} from "./stage.ts";

/** Who follows the name gives a silent connection up, and has moved on before the thaw. */
const holders = { ...crowd, ttlMs: "forever" } as const;
const laggingMs = 100;

const twoMasters = "thaw to replica";
const queued = "queued meanwhile, acknowledged at the thaw and lost";
const fresh = "sent after the thaw, acknowledged and lost";
const short = "exact report short of the truth";

/** A master that stops, is replaced, and continues. */
export const thawCases: readonly Case[] = [
  {
    hole: "a hung master thaws",
    what: "ten clients hold its address, 100 writes/s",
    measures: [
      { name: twoMasters, unit: "ms", bound: fenceBoundMs },
      { name: queued, unit: "writes", bound: null },
      { name: fresh, unit: "writes", bound: null },
      { name: short, unit: "bytes", bound: null },
    ],
    run: (seed) => run(seed, "go on"),
  },
  {
    hole: "a hung master thaws",
    what: "no client holds its address",
    measures: [
      { name: twoMasters, unit: "ms", bound: fenceBoundMs },
      { name: short, unit: "bytes", bound: 0 },
    ],
    run: (seed) => run(seed, "stop"),
  },
];

async function run(seed: number, clients: "go on" | "stop"): Promise<Readings> {
  const scene = await atRest(seed);
  const { world, master: old } = scene;
  world.replicationMs = laggingMs;
  const stop = startCrowd(world, holders);
  await pass(world, 2_000);
  inject(world, `hang ${old.host}`);
  if (clients === "stop") stop();
  await replacedFor(scene);
  const atCommit = reportOf(world);
  const firstFresh = world.writes.next;
  const thawedAtMs = world.engine.nowMs;
  inject(world, `thaw ${old.host}`);
  const demotedAtMs = await until(world, "a replica", () => old.role === "replica");
  const heldBytes = old.offset - atCommit.newOffset;
  // Whoever attaches it has written the report before.
  const report = reportOf(world);
  if (report.bytes === null || report.bytes > heldBytes || (atCommit.bytes ?? 0) > heldBytes) {
    throw new Error(`seed ${seed}: ${heldBytes} bytes are lost, told is ${JSON.stringify(report)}`);
  }
  const lost = lostSince(world, firstFresh);
  return {
    [twoMasters]: demotedAtMs - thawedAtMs,
    [queued]: lost.queued,
    [fresh]: lost.fresh,
    [short]: report.certainty === "exact" ? heldBytes - report.bytes : null,
  };
}

function lostSince(world: SimWorld, firstFresh: number) {
  const lost = lostOn(world, masterOf(world));
  const fresh = lost.filter((value) => value >= firstFresh).length;
  return { fresh, queued: lost.length - fresh };
}
