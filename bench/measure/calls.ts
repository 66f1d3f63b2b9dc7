import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  labEnvironment,
  labGroup,
  labTable,
  startObservers,
  startWorld,
  type World,
} from "../../lab/world.ts";
import { createDynamoStore } from "../../lib/adapters/dynamo-store.ts";
import type { Store } from "../../lib/ports/store.ts";
import type { Readings, Stage } from "../measurement.ts";
import { firstOf } from "../sides/nodes.ts";
import { replicaPingPeriodSeconds } from "../sides/timings.ts";
import { need } from "../sides/waiting.ts";

const settleLimitMs = 90_000;
/** Whole periods of the schedule, from anywhere in one: each has one change of shifts for each observer. */
const periodMs = 60_000;
const periods = 3;
const hourMs = 3_600_000;
const afterMs = 5_000;

/** Requests by what they are for, such as `PutItem OBSERVER`, and the capacity that they need. */
type Counts = Map<string, number>;

/** What three observers of one group with default settings ask of AWS: in an hour of calm, and for one failover. */
export async function countCalls({ processes, binary }: Stage): Promise<Readings> {
  const world = await startWorld({
    ...{ processes, binary, replicaPingPeriodSeconds, groupLines: ["cooldownMs: 0"] },
    scheduleMs: periodMs,
  });
  const counts: Counts = new Map();
  countTable(world, counts);
  const store = await openOwnStore(world);
  await startObservers(world);
  await need("a group at rest", () => isSettled(store), settleLimitMs);
  await sleep(afterMs);
  const calm = await during(world, counts, () => sleep(periods * periodMs));
  const perMs = mapped(calm.counts, (count) => count / calm.tookMs);
  const failover = await during(world, counts, async () => {
    const master = firstOf(world.nodes);
    await master.kill();
    const isOver = async () => (await isSettled(store)) && (await masterOf(store)) !== idOf(master);
    await need("the end of a failover", isOver, settleLimitMs);
    await sleep(afterMs);
  });
  const beyond = mapped(failover.counts, (count, name) =>
    Math.max(0, count - (perMs.get(name) ?? 0) * failover.tookMs),
  );
  return {
    ...named(
      "hour",
      mapped(perMs, (count) => count * hourMs),
    ),
    ...named("failover", beyond),
    failoverTookMs: failover.tookMs - afterMs,
  };
}

/** What was asked while this went on. */
async function during(world: World, counts: Counts, run: () => Promise<void>) {
  const before = new Map(counts);
  const accessBefore = world.route53.access.length;
  const startedAtMs = performance.now();
  await run();
  const tookMs = performance.now() - startedAtMs;
  const asked = mapped(counts, (count, name) => count - (before.get(name) ?? 0));
  for (const { action } of world.route53.access.slice(accessBefore)) {
    add(asked, `Route53 ${action ?? "unknown"}`, 1);
  }
  return { counts: asked, tookMs };
}

/** Counts requests, and units of capacity by the JSON of the items, which is longer than what DynamoDB counts. */
function countTable(world: World, counts: Counts): void {
  world.dynamo.hooks.onApplied = async ({ operation, body }, reply) => {
    const text = JSON.stringify(body);
    const kind = /"(STATE|VOTE|OBSERVER|EVENT|CONFIG|NODE)\b/.exec(text)?.[1] ?? "table";
    add(counts, `${operation} ${kind}`, 1);
    if (/^(Put|Update|Delete)Item$/.test(operation)) {
      add(counts, "write units", Math.max(1, Math.ceil(text.length / 1_024)));
    } else if (/^(GetItem|BatchGetItem|Query)$/.test(operation)) {
      const units = Math.max(1, Math.ceil(JSON.stringify(reply.body).length / 4_096));
      add(counts, "read units", text.includes('"ConsistentRead":true') ? units : units / 2);
    }
  };
}

function add(counts: Counts, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function mapped(counts: Counts, change: (count: number, name: string) => number): Counts {
  return new Map([...counts].map(([name, count]) => [name, change(count, name)]));
}

function named(prefix: string, counts: Counts): Readings {
  return Object.fromEntries(
    [...counts]
      .filter(([, count]) => count > 0)
      .map(([name, count]) => [`${prefix}: ${name}`, Math.round(count * 10) / 10]),
  );
}

/** The benchmark's own reading of STATE goes by another door, or it would be counted. */
async function openOwnStore(world: World): Promise<Store> {
  const { endpoint } = await world.dynamo.openDoor();
  const { AWS_REGION: region = "", ...env } = labEnvironment(world);
  const [accessKeyId = "", secretAccessKey = ""] = [
    env.AWS_ACCESS_KEY_ID,
    env.AWS_SECRET_ACCESS_KEY,
  ];
  const client = new DynamoDBClient({
    ...{ endpoint, region, credentials: { accessKeyId, secretAccessKey } },
  });
  return createDynamoStore({ table: labTable, deployment: labTable, client });
}

async function stateOf(store: Store) {
  const stored = await store.readState(labGroup);
  return stored.ok && stored.value.kind === "state" ? stored.value.state : null;
}

async function isSettled(store: Store): Promise<boolean> {
  const state = await stateOf(store);
  return (
    state?.phase === "steady" &&
    state.master !== null &&
    state.published?.node === state.master.node
  );
}

async function masterOf(store: Store): Promise<string | null> {
  return (await stateOf(store))?.master?.node ?? null;
}

function idOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`;
}
