import type { RateName } from "./faults.ts";
import type { SimWorld } from "./world.ts";

/** What each rate is a rate of: how often something fails from now on, how long it takes, how much there is. */
const setters: Readonly<Record<RateName, (world: SimWorld, value: number) => void>> = {
  "store-lost-request": ({ store }, value) => {
    store.faults.lostRequest = value;
  },
  "store-lost-reply": ({ store }, value) => {
    store.faults.lostReply = value;
  },
  "store-late-apply": ({ store }, value) => {
    store.faults.lateApply = value;
  },
  "store-throttled": ({ store }, value) => {
    store.faults.throttled = value;
  },
  "store-slow": ({ store }, value) => {
    store.faults.slow = value;
  },
  "store-conflict": ({ store }, value) => {
    store.faults.conflict = value;
  },
  "store-write-ms": ({ store }, value) => {
    store.faults.writeMs = value;
  },
  "dns-lost-reply": ({ dns }, value) => {
    dns.faults.lostReply = value;
  },
  "dns-late": ({ dns }, value) => {
    dns.faults.late = value;
  },
  "dns-throttled": ({ dns }, value) => {
    dns.faults.throttled = value;
  },
  "delay-ms": (world, value) => {
    world.delayMs = value;
  },
  "connection-cut": (world, value) => {
    world.cutChance = value;
  },
  "replication-ms": (world, value) => {
    world.replicationMs = value;
  },
  "repl-ping-ms": ({ nodes }, value) => {
    for (const node of nodes.values()) node.replPingMs = value;
  },
  "start-skipped": ({ invocations }, value) => {
    invocations.skippedStarts = value;
  },
  "cold-start-ms": ({ invocations }, value) => {
    invocations.coldStartMs = value;
  },
  "dns-busy-ms": ({ dns }, value) => {
    dns.handlingMs = value;
  },
  "dns-appear-ms": ({ dns }, value) => {
    dns.appearAfterMs = value;
  },
  "full-sync-ms": ({ timings }, value) => {
    timings.fullSyncMs = value;
  },
  "sync-delay-ms": ({ timings }, value) => {
    timings.syncDelayMs = value;
  },
  "load-ms": ({ timings }, value) => {
    timings.loadMs = value;
  },
  "backlog-bytes": ({ timings }, value) => {
    timings.backlogBytes = value;
  },
  "wake-reach": ({ invocations }, value) => {
    invocations.wakes.reach = value;
  },
  "wake-late-ms": ({ invocations }, value) => {
    invocations.wakes.lateMs = value;
  },
  "wake-twice": ({ invocations }, value) => {
    invocations.wakes.twice = value;
  },
  "pulse-lost": ({ invocations }, value) => {
    invocations.pulses.lost = value;
  },
  "pulse-twice": ({ invocations }, value) => {
    invocations.pulses.twice = value;
  },
  "pulse-held-up": ({ invocations }, value) => {
    invocations.pulses.heldUp = value;
  },
  "dns-cache-ms": ({ dns }, value) => {
    dns.cacheMs = value;
  },
};

export function setRate(world: SimWorld, of: RateName, value: number): void {
  setters[of](world, value);
}
