import { setTimeout as sleep } from "node:timers/promises";
import { roleOf, withNode } from "../../lab/ask.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import type { Address } from "../../lib/core/config.ts";
import type { Readings, Stage } from "../measurement.ts";
import { type Client, clientKey, type Locator, startClient } from "../sides/client.ts";
import { firstOf, needLinks, startNodes } from "../sides/nodes.ts";
import { type OurOptions, startOurSide } from "../sides/our-side.ts";
import { startProber } from "../sides/prober.ts";
import { type Sentinels, startSentinels } from "../sides/sentinels.ts";
import { pingPeriodMs } from "../sides/timings.ts";
import { waitUntil } from "../sides/waiting.ts";

/** What befalls the master, and whether anybody writes to it before. */
export interface Fault {
  readonly kind: "kill" | "hang";
  readonly master: "busy" | "idle";
}

/** One side as the measurement sees it: servers, a way to the master, and what it says of its own steps. */
interface Subject {
  readonly nodes: readonly RedisServer[];
  readonly locator: Locator;
  /** Everybody who is asked for the master, each with an own answer; null: none. */
  locateAll(): Promise<readonly (Address | null)[]>;
  /** Readings out of what it said since the fault, when the failover is over. */
  said(faultAtMs: number, writableAtMs: number | null): Readings;
}

const calmMs = 2_000;
const failoverLimitMs = 60_000;
const rejoinLimitMs = 60_000;
const watchedAfterMs = 500;

export async function measureOurs(
  stage: Stage,
  fault: Fault,
  options: OurOptions,
): Promise<Readings> {
  const { nodes, heard, locator, locate } = await startOurSide(stage, options);
  const said = (faultAtMs: number, writableAtMs: number | null): Readings => {
    const since = heard.filter((one) => one.atMs >= faultAtMs);
    const promoted = since.find((one) => one.event === "+promoted-slave");
    const elected = since.find((one) => one.event === "+elected-leader");
    const votes = since.filter(
      ({ event, message, atMs }) =>
        event === "+vote" && message.includes("votes down") && atMs <= (elected?.atMs ?? atMs),
    );
    return {
      detectedMs: after(faultAtMs, since.find((one) => one.event === "+round")?.atMs),
      agreedMs: after(faultAtMs, elected?.atMs),
      // The leader's own clock, from its own vote on; ours comes through a pipe.
      voteToWritableMs: numberOf(promoted?.durationsMs.voteToWritableMs),
      lastVoteToWritableMs: between(votes.at(-1)?.atMs ?? null, writableAtMs),
      storeTrips: numberOf(promoted?.evidence.storeTrips),
      redisTrips: numberOf(promoted?.evidence.redisTrips),
    };
  };
  const locateAll = async () => [await locate().catch(() => null)];
  return await measure(stage, fault, { nodes, locator, locateAll, said });
}

export async function measureSentinels(stage: Stage, fault: Fault): Promise<Readings> {
  const nodes = await startNodes(stage, 3);
  await needLinks(nodes);
  const master = firstOf(nodes);
  const name = "bench";
  const sentinels = await startSentinels(stage, [{ name, master, replicas: nodes.length - 1 }]);
  const said = (faultAtMs: number, writableAtMs: number | null): Readings => {
    const first = (event: string) =>
      sentinels.said.find((one) => one.event === event && one.atMs >= faultAtMs)?.atMs;
    return {
      detectedMs: after(faultAtMs, first("+sdown")),
      agreedMs: after(faultAtMs, first("+elected-leader")),
      lastVoteToWritableMs: between(first("+odown") ?? null, writableAtMs),
    };
  };
  const locateAll = () => sentinels.mastersOf(name);
  return await measure(stage, fault, {
    ...{ nodes, locateAll, said },
    locator: sentinelLocator(sentinels, name),
  });
}

/** As good clients do: any Sentinel that answers is asked, and news of a switch are listened to on all of them. */
export function sentinelLocator(sentinels: Sentinels, name: string): Locator {
  return {
    locate: async () => {
      const [first] = (await sentinels.mastersOf(name)).flatMap((one) => one ?? []);
      if (first === undefined) throw new Error("Expected a Sentinel to name the master.");
      return first;
    },
    onMoved: (listener) =>
      sentinels.onSaid(({ event, text }) => {
        if (event === "+switch-master" && text.startsWith(`${name} `)) listener();
      }),
  };
}

async function measure(stage: Stage, fault: Fault, subject: Subject): Promise<Readings> {
  const { processes } = stage;
  const [old, ...others] = [firstOf(subject.nodes), ...subject.nodes.slice(1)];
  if (old === undefined) throw new Error("Expected a master.");
  const probers = others.map((node) => startProber(node));
  for (const prober of probers) processes.add(closing("prober", prober.stop));
  const begin = (): Client => {
    const client = startClient(subject.locator);
    processes.add(closing("client", client.stop));
    return client;
  };
  const early = fault.master === "busy" ? begin() : null;
  // A fault falls anywhere between two probes.
  await sleep(calmMs + Math.random() * pingPeriodMs);
  const faultAtMs = performance.now();
  if (fault.kind === "kill") await old.kill();
  else old.pause();
  const client = early ?? begin();
  const watch = watchName(subject, old, faultAtMs);
  const isOver = () => firstElsewhere(client, old) !== undefined && watch.isOver();
  const isDone = await waitUntil(isOver, failoverLimitMs);
  await sleep(watchedAfterMs);
  watch.stop();
  if (!isDone) throw new Error(`Expected a failover within ${failoverLimitMs} ms, got none.`);
  const promoted = probers.find((one) => one.seen.acceptedAtMs !== null);
  const writableAtMs = promoted?.seen.acceptedAtMs ?? null;
  const readings = {
    writableMs: after(faultAtMs, writableAtMs ?? undefined),
    nameMs: after(faultAtMs, watch.firstAtMs() ?? undefined),
    nameAllMs: after(faultAtMs, watch.allAtMs() ?? undefined),
    writableToNameMs: between(writableAtMs, watch.firstAtMs()),
    firstWriteMs: after(faultAtMs, firstElsewhere(client, old)?.atMs),
    ...subject.said(faultAtMs, writableAtMs),
  };
  await Promise.all([client.stop(), ...probers.map((one) => one.stop())]);
  const lostWrites = promoted === undefined ? null : await countLost(client, promoted.at);
  return { ...readings, lostWrites, ...(await comeBack(fault, old)) };
}

/** When whoever is asked for the master names another one: the first of them, and all. */
function watchName(subject: Subject, old: Address, faultAtMs: number) {
  const firstSaid: (number | null)[] = [];
  const stopping = new AbortController();
  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const answers = await subject.locateAll();
      const nowMs = performance.now();
      for (const [index, answer] of answers.entries()) {
        const isMoved = answer !== null && answer.host !== old.host;
        firstSaid[index] ??= isMoved ? nowMs : null;
      }
      await sleep(5);
    }
  };
  void poll();
  const times = () => firstSaid.flatMap((one) => one ?? []);
  return {
    isOver: () => firstSaid.length > 0 && times().length === firstSaid.length,
    firstAtMs: () => (times().length === 0 ? null : Math.max(faultAtMs, Math.min(...times()))),
    allAtMs: () => (times().length < firstSaid.length ? null : Math.max(...times())),
    stop: () => stopping.abort(),
  };
}

/** How long the old master takes writes when it is there again, and when it follows the new one. */
async function comeBack({ kind }: Fault, old: RedisServer): Promise<Readings> {
  const prober = startProber(old);
  const backAtMs = performance.now();
  if (kind === "kill") await old.restart();
  else old.resume();
  const isBack = await waitUntil(
    async () => (await roleOf(old)).startsWith("replica of"),
    rejoinLimitMs,
  );
  const rejoinedMs = isBack ? performance.now() - backAtMs : null;
  await sleep(watchedAfterMs);
  await prober.stop();
  const { answeredAtMs, lastAcceptedAtMs } = prober.seen;
  const acceptedMs =
    answeredAtMs === null || lastAcceptedAtMs === null ? 0 : lastAcceptedAtMs - answeredAtMs;
  return { rejoinedMs, oldAcceptedMs: isBack ? acceptedMs : null };
}

async function countLost(client: Client, at: Address): Promise<number> {
  const kept = await withNode(at, (redis) => redis.smembers(clientKey));
  const values = new Set(kept.map(Number));
  return client.acknowledged.filter(({ value }) => !values.has(value)).length;
}

function firstElsewhere(client: Client, old: Address) {
  return client.acknowledged.find(({ at }) => at.host !== old.host);
}

function closing(name: string, stop: () => Promise<void>) {
  return { name, stop, killNow: () => {} };
}

function after(fromMs: number, atMs: number | undefined): number | null {
  return atMs === undefined ? null : atMs - fromMs;
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : toMs - fromMs;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
