import type { Cadence } from "../../lib/core/cadence.ts";
import type { DynamoDbDoor } from "../dynamodb/gateway.ts";
import { routeObserver } from "../observer-routes.ts";
import type { ProcessRegistry } from "../processes.ts";
import { findRedis, installRedis } from "../redis/find.ts";
import { readEvent } from "../timeline.ts";
import { watchingBy } from "../watching.ts";
import {
  labEnvironment,
  labGroup,
  labObservers,
  sharedPort,
  startObservers,
  startWorld,
  type World,
} from "../world.ts";
import { startWriter, type Writer } from "../writer.ts";
import { startSite } from "./site.ts";
import { type Paths, WorldPlay } from "./world-play.ts";

export interface UpOptions {
  /** Of the page, on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** How the observers watch. */
  readonly cadence: Cadence;
  readonly processes: ProcessRegistry;
  readonly print: (line: string) => void;
}

/** What the page shows is what observers last reported: here they report every second. */
const groupLines = ["heartbeatMs: 1000"];
const writeEveryMs = 50;

/** Starts a world to play with and its page. Returns when everything is there; the caller stops it. */
export async function startUp(options: UpOptions): Promise<void> {
  const { port, cadence, processes, print } = options;
  // It takes some seconds until there is a page.
  print("starting servers, observers, their table, zone and DNS");
  const binary = await findRedis().catch(() => installRedis(print));
  const environments = new Map<string, Readonly<Record<string, string>>>();
  const play: { current: WorldPlay | null } = { current: null };
  const world = await startWorld({
    processes,
    binary,
    groupLines,
    watching: watchingBy(cadence),
    onWake: (observer) => play.current?.say(observer, "is woken by another observer"),
    observerEnv: (observer) => environments.get(observer) ?? {},
    onLine: (observer, line) => {
      const event = readEvent(observer, line);
      if (event !== null) play.current?.say(observer, `${event.event} ${event.message}`);
    },
  });
  const paths = new Map<string, Paths>();
  for (const observer of labObservers) {
    const door = await world.dynamo.openDoor();
    const { routes, env } = await routeObserver(observer, world.nodes, processes);
    paths.set(observer, { routes, door });
    environments.set(observer, { ...env, ...throughDoor(door) });
  }
  const writer = startClient(world);
  play.current = new WorldPlay({ world, observers: labObservers, paths, writer });
  // The page first: what the observers do from their first moment on is to be seen.
  const site = await startSite(world, play.current, port);
  await startObservers(world);
  print(
    `${binary.kind} ${binary.version}, three servers, three observers that watch by ${cadence}`,
  );
  print(`the page is at ${site.endpoint}/, until Ctrl-C; in another terminal:`);
  print("");
  for (const [name, value] of Object.entries(labEnvironment(world)))
    print(`  export ${name}=${value}`);
  print("");
  print(`  npx lambda-sentinel status ${labGroup} --watch`);
  print(`  npx lambda-sentinel explain ${labGroup}`);
}

function throughDoor({ endpoint }: DynamoDbDoor): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL_DYNAMODB: endpoint };
}

function startClient(world: World): Writer {
  const writer = startWriter({
    dnsServer: `127.0.0.1:${world.route53.dnsPort}`,
    name: world.dnsName,
    port: sharedPort(world.nodes),
    key: "playground:writes",
    pauseMs: writeEveryMs,
  });
  const { processes } = world.options;
  processes.add({ name: "client", stop: () => writer.stop(), killNow: () => {} });
  return writer;
}
