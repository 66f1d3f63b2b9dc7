import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readEvent } from "../../lab/timeline.ts";
import { labObservers, labZone, type World } from "../../lab/world.ts";
import type { Readings, Stage } from "../measurement.ts";
import { dnsNameOf, startManyGroups } from "../sides/many-groups.ts";
import { type Prober, startProber } from "../sides/prober.ts";
import { groupNames, type ServerGroup, startGroups } from "../sides/quiet-servers.ts";
import { startSentinels } from "../sides/sentinels.ts";
import { groupLines, groupsLimitMs } from "../sides/timings.ts";
import { waitUntil } from "../sides/waiting.ts";
import { median } from "../statistics.ts";

const nodesEach = 2;
const calmMs = 3_000;
const restLimitMs = 180_000;
/** No shift ends while the groups of a run are looked at: who takes its place would be a second fault. */
const shiftMs = 600_000;
const pollMs = 50;
/** Hundreds of servers are asked by one process: seldom enough not to slow what is measured, all of them 800 times a second. */
const probeEveryMs = (groups: number): number => 1.25 * groups;

/** All masters are killed at once: when each group is writable again, and when its name says so. */
export async function failGroupsOurs(stage: Stage, count: number): Promise<Readings> {
  const groups = await startGroups(stage, groupNames(count), nodesEach);
  let epochs = 0;
  const world = await startManyGroups(stage, groups, {
    ...{ observers: labObservers, lines: groupLines({ crashAfterMs: 0 }) },
    ...{ limitMs: restLimitMs, scheduleMs: shiftMs },
    onLine: (line) => {
      if (readEvent("", line)?.event === "+promoted-slave") epochs += 1;
    },
  });
  await sleep(calmMs);
  const requestsBefore = world.route53.access.length;
  const learning = (fault: Fault) => watchNames(world, groups, fault);
  const readings = await measure(stage, groups, learning);
  const during = world.route53.access.slice(requestsBefore);
  return {
    ...readings,
    epochs,
    route53Requests: during.length,
    route53Refused: during.filter(({ code }) => code !== undefined).length,
    route53PerSecondMax: busiestSecond(during.map(({ time }) => time)),
  };
}

export async function failGroupsSentinels(stage: Stage, count: number): Promise<Readings> {
  const groups = await startGroups(stage, groupNames(count), nodesEach);
  const watched = groups.flatMap(({ name, nodes: [master, ...replicas] }) =>
    master === undefined ? [] : [{ name, master, replicas: replicas.length }],
  );
  const sentinels = await startSentinels(stage, watched);
  await sleep(calmMs);
  // Whoever leads answers with the new address from its promotion on, and tells of it later.
  const learning = ({ learned }: Fault) => {
    sentinels.onSaid(({ event, text, atMs }) => {
      const name = event === "+switch-master" ? text.split(" ")[0] : undefined;
      if (name !== undefined && !learned.has(name)) learned.set(name, atMs);
    });
  };
  return await measure(stage, groups, learning);
}

interface Fault {
  readonly signal: AbortSignal;
  /** When each group's clients could learn of the new master. */
  readonly learned: Map<string, number>;
}

async function measure(
  { processes }: Stage,
  groups: readonly ServerGroup[],
  learning: (fault: Fault) => void,
): Promise<Readings> {
  const probers = groups.flatMap(({ nodes: [, replica] }): Prober[] =>
    replica === undefined ? [] : [startProber(replica, probeEveryMs(groups.length))],
  );
  const ending = new AbortController();
  const stop = async (): Promise<void> => {
    ending.abort();
    await Promise.all(probers.map((one) => one.stop()));
  };
  processes.add({ name: "probers", stop, killNow: () => {} });
  await sleep(calmMs / 3);
  const learned = new Map<string, number>();
  learning({ signal: ending.signal, learned });
  const faultAtMs = performance.now();
  await Promise.all(groups.map(({ nodes: [master] }) => master?.kill()));
  const writable = () => probers.flatMap(({ seen }) => seen.acceptedAtMs ?? []);
  const isOver = () => writable().length === groups.length && learned.size === groups.length;
  const isDone = await waitUntil(isOver, groupsLimitMs, pollMs);
  await stop();
  const from = (times: readonly number[]) => times.map((atMs) => atMs - faultAtMs);
  return {
    ...spread("writable", from(writable()), groups.length),
    ...spread("learned", from([...learned.values()]), groups.length),
    unfinished: isDone ? 0 : groups.length - Math.min(writable().length, learned.size),
  };
}

/** First, median and last. Where not all came, the last one takes the whole limit at least; `latest` is the last that came. */
function spread(name: string, times: readonly number[], count: number): Readings {
  if (times.length === 0) return { [`${name}MedianMs`]: null, [`${name}LastMs`]: groupsLimitMs };
  const latest = Math.max(...times);
  return {
    [`${name}FirstMs`]: Math.min(...times),
    [`${name}MedianMs`]: median(times),
    [`${name}LatestMs`]: latest,
    [`${name}LastMs`]: times.length === count ? latest : groupsLimitMs,
  };
}

/** Two hundred names asked for by DNS all the time would be most of what is measured: each is, once the zone has moved it. */
function watchNames(
  world: World,
  groups: readonly ServerGroup[],
  { signal, learned }: Fault,
): void {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${world.route53.dnsPort}`]);
  const zone = world.route53.zone(labZone);
  const isMoved = ({ name, nodes: [master] }: ServerGroup): boolean => {
    const values = zone.find(dnsNameOf(name), "A")?.values ?? [];
    return values.some((value) => value !== master?.host);
  };
  const ask = async ({ name, nodes: [master] }: ServerGroup): Promise<void> => {
    const [host] = await resolver.resolve4(dnsNameOf(name)).catch(() => []);
    if (host !== undefined && host !== master?.host) learned.set(name, performance.now());
  };
  const poll = async (): Promise<void> => {
    while (!signal.aborted) {
      const left = groups.filter(({ name }) => !learned.has(name));
      await Promise.all(left.filter(isMoved).map(ask));
      await sleep(pollMs);
    }
  };
  void poll();
}

const secondMs = 1_000;

/** The most that fell into any one second. */
export function busiestSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  let begin = 0;
  for (const [end, atMs] of sorted.entries()) {
    while (atMs - (sorted[begin] ?? atMs) >= secondMs) begin += 1;
    most = Math.max(most, end - begin + 1);
  }
  return most;
}
