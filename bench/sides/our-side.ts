import { Resolver } from "node:dns/promises";
import type { RedisServer } from "../../lab/redis/server.ts";
import { type LoggedEvent, readEvent } from "../../lab/timeline.ts";
import { labGroup, startObservers, startWorld, type World } from "../../lab/world.ts";
import type { Address } from "../../lib/core/config.ts";
import type { Stage } from "../measurement.ts";
import type { Locator } from "./client.ts";
import { groupLines, type OurSettings, replicaPingPeriodSeconds } from "./timings.ts";
import { need } from "./waiting.ts";

/** An event of an observer, with its arrival here by performance.now(). */
export interface Heard extends LoggedEvent {
  readonly atMs: number;
}

/** A group under three observers, adopted, published and at rest. */
export interface OurSide {
  readonly world: World;
  readonly nodes: readonly RedisServer[];
  readonly heard: readonly Heard[];
  locate(): Promise<Address>;
  readonly locator: Locator;
}

export interface OurOptions extends OurSettings {
  /** What each request to the table takes longer, from when the group is at rest. */
  readonly storeMs?: number;
}

const calmLimitMs = 60_000;
const resolveTimeoutMs = 250;

export async function startOurSide(stage: Stage, options: OurOptions): Promise<OurSide> {
  const heard: Heard[] = [];
  const world = await startWorld({
    ...{ processes: stage.processes, binary: stage.binary, replicaPingPeriodSeconds },
    groupLines: groupLines(options),
    onLine: (observer, line) => {
      const event = readEvent(observer, line);
      if (event !== null) heard.push({ ...event, atMs: performance.now() });
    },
  });
  await startObservers(world);
  await need("a group at rest", () => isCalm(world), calmLimitMs);
  world.dynamo.faults.latencyMs = options.storeMs ?? 0;
  const locate = locatorOf(world);
  return { world, nodes: world.nodes, heard, locate, locator: { locate, onMoved: () => {} } };
}

/** Adopted, published, and every observer has seen it so. */
async function isCalm(world: World): Promise<boolean> {
  const stored = await world.store.readState(labGroup);
  if (!stored.ok || stored.value.kind !== "state") return false;
  const { phase, published, master } = stored.value.state;
  return phase === "steady" && master !== null && published?.node === master.node;
}

/** Asks the lab's DNS for the name; the nodes share a port where each has an address of its own. */
function locatorOf(world: World): () => Promise<Address> {
  const resolver = new Resolver({ timeout: resolveTimeoutMs, tries: 1 });
  resolver.setServers([`127.0.0.1:${world.route53.dnsPort}`]);
  return async () => {
    const [service] = await resolver.resolveSrv(`_redis._tcp.${world.dnsName}`);
    const [host] = await resolver.resolve4(world.dnsName);
    if (host === undefined || service === undefined)
      throw new Error("Expected the name to answer.");
    return { host, port: service.port };
  };
}
