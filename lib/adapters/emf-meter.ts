import type { Values } from "../core/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Beat, Meter, WatchedGroup } from "../ports/meter.ts";
import type { Heartbeat, Store } from "../ports/store.ts";
import type { AwsCallCounter } from "./aws-call-counter.ts";
import type { Emf } from "./emf.ts";
import type { LoopDelay } from "./loop-delay.ts";
import { createObserverWatch, type OtherObserver } from "./observer-watch.ts";

export interface EmfMeterOptions {
  readonly emf: Emf;
  readonly observer: string;
  readonly store: Pick<Store, "readHeartbeat">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly calls: AwsCallCounter;
  readonly loopDelay: LoopDelay;
}

/** Heartbeats come with every change as well; metrics are aggregated by the minute. */
const restMs = 10_000;
/** How often the others' heartbeats are read: one strong read for each of them. */
const othersReadMs = 30_000;
const loopDelayMinMs = 200;

/** The numbers of a shift as EMF lines: four metrics by observer in calm, and by group what is not as it should be. */
export function createEmfMeter(options: EmfMeterOptions): Meter {
  const { emf, clock, loopDelay } = options;
  const compare = createComparison(options);
  const pending = new Set<Promise<void>>();
  let heartbeats = 0;
  let groupsWatched = 0;
  let gap: { readonly ShiftGap?: number } = {};
  let publishedAtMs = Number.NEGATIVE_INFINITY;
  let comparedAtMs = Number.NEGATIVE_INFINITY;

  const publishCalm = (): void => {
    const own = { Heartbeats: heartbeats, GroupsWatched: groupsWatched, ...gap };
    publishOwn(options, own);
    heartbeats = 0;
    gap = {};
  };

  return {
    begin: (gapMs) => {
      gap = gapMs === null ? {} : { ShiftGap: Math.round(gapMs) };
      publishedAtMs = Number.NEGATIVE_INFINITY;
      // A process that was frozen between two shifts was not late for anything.
      loopDelay.takeMs();
    },
    beat: (beat) => {
      heartbeats += 1;
      groupsWatched = beat.groups.length;
      const nowMs = clock.nowMs();
      if (nowMs - publishedAtMs >= restMs) {
        publishedAtMs = nowMs;
        publishCalm();
        for (const { name, troubles } of beat.groups) {
          emf.publish("group", troubles, { group: name });
        }
      }
      if (nowMs - comparedAtMs < othersReadMs) return;
      comparedAtMs = nowMs;
      const task = compare(beat).finally(() => pending.delete(task));
      pending.add(task);
    },
    flush: async () => {
      await Promise.all(pending);
      if (heartbeats > 0) publishCalm();
    },
  };
}

function publishOwn({ emf, calls, loopDelay }: EmfMeterOptions, own: Values<"observer">): void {
  const counted = calls.take();
  const sum = Object.values(counted).reduce((total, one) => total + one, 0);
  const delayMs = loopDelay.takeMs();
  const late = delayMs < loopDelayMinMs ? {} : { LoopDelay: Math.round(delayMs) };
  const beside = { calls: sayCalls(counted) };
  emf.publish("observer", { ...own, AwsCalls: sum, ...late }, { beside });
}

/** Reads the other observers' heartbeats, and publishes what they say of themselves and of the groups. */
function createComparison({ emf, store, clock, observer }: EmfMeterOptions) {
  const readOthers = createObserverWatch(store, clock);
  return async ({ heartbeat, groups }: Beat): Promise<void> => {
    const names = groups.flatMap((group) => group.observers).filter((name) => name !== observer);
    const others = await readOthers(names);
    const silent = [...others.values()].filter((one) => one.isSilent).length;
    if (silent > 0) emf.publish("observer", { ObserversSilent: silent });
    for (const group of groups) {
      emf.publish("group", compareGroup(group, heartbeat, others), { group: group.name });
    }
  };
}

/** `dynamodb 40, route-53 1`: for queries, which take it apart again. */
function sayCalls(calls: Readonly<Record<string, number>>): string {
  return Object.entries(calls)
    .map(([service, count]) => `${service} ${count}`)
    .sort()
    .join(", ");
}

/** What the others' heartbeats say of one group: who is missing, and who works by another configuration. */
function compareGroup(
  { name, observers, votesNeeded }: WatchedGroup,
  own: Heartbeat,
  others: ReadonlyMap<string, OtherObserver>,
): Values<"group"> {
  const heard = observers.filter((one) => others.get(one)?.isSilent !== true);
  const missing = votesNeeded - heard.length;
  const version = own.groups[name]?.configVersion;
  const differing = observers.filter((one) => {
    const other = others.get(one);
    if (other === undefined || other.isSilent) return false;
    const theirs = other.heartbeat?.groups[name]?.configVersion;
    return theirs !== undefined && theirs !== version;
  }).length;
  return {
    ...(missing > 0 ? { QuorumMissing: missing } : {}),
    ...(differing > 0 ? { ConfigurationDiffers: differing } : {}),
  };
}
