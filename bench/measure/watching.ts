import { setTimeout as sleep } from "node:timers/promises";
import type { Readings, Stage } from "../measurement.ts";
import { startManyGroups } from "../sides/many-groups.ts";
import { startSentinels } from "../sides/sentinels.ts";
import { cpuNs, memoryMiB } from "./process-cost.ts";

const nodesEach = 3;
const restLimitMs = 300_000;
const warmUpMs = 10_000;
const windowMs = 20_000;
/** One shift for the whole measurement: what a change of shifts costs is the table's calls, counted elsewhere. */
const shiftMs = 840_000;
/** Of both sides: a probe a second, INFO with every tenth. The default settings say the same. */
const intervals = { downAfterMs: 5_000, pingPeriodMs: 1_000 };

/** The smallest function that there is. */
const memoryLimitMb = 128;

/** One observer of so many healthy nodes. */
export async function watchOurs(stage: Stage, nodes: number): Promise<Readings> {
  const groups = await stage.pairServers.start(nodes / nodesEach, nodesEach);
  const observer = "eu-west-1a";
  const world = await startManyGroups(stage, groups, {
    ...{ observers: [observer], lines: [], limitMs: restLimitMs, scheduleMs: shiftMs },
    memoryLimitMb,
  });
  const pid = world.runners.get(observer)?.sandboxes[0]?.pid;
  if (pid === undefined) throw new Error("Expected the observer to run.");
  // The lab's own group is one node more.
  return await measure([pid], nodes + 1);
}

/** Three Sentinels of the same nodes: what one of them costs. */
export async function watchSentinels(stage: Stage, nodes: number): Promise<Readings> {
  const groups = await stage.pairServers.start(nodes / nodesEach, nodesEach);
  const watched = groups.flatMap(({ name, nodes: [master, ...replicas] }) =>
    master === undefined ? [] : [{ name, master, replicas: replicas.length }],
  );
  const sentinels = await startSentinels(stage, watched, intervals);
  return await measure(sentinels.pids, nodes);
}

async function measure(pids: readonly number[], nodes: number): Promise<Readings> {
  await sleep(warmUpMs);
  const before = await Promise.all(pids.map(cpuNs));
  const startedAtMs = performance.now();
  await sleep(windowMs);
  const after = await Promise.all(pids.map(cpuNs));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const memory = await Promise.all(pids.map(memoryMiB));
  const used = pids.map((_, index) => difference(before[index], after[index]));
  const cpu = mean(used);
  return {
    cpuUsPerNodeSecond: cpu === null ? null : cpu / 1_000 / nodes / seconds,
    rssMiB: mean(memory.map((one) => one?.now ?? null)),
    rssPeakMiB: mean(memory.map((one) => one?.peak ?? null)),
  };
}

function difference(before: number | null | undefined, after: number | null | undefined) {
  return before == null || after == null ? null : after - before;
}

/** null where one of them is not known. */
function mean(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((one) => one ?? []);
  if (known.length === 0 || known.length < values.length) return null;
  return known.reduce((sum, one) => sum + one, 0) / known.length;
}
