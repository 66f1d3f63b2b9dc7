import { createDynamoStore } from "../lib/adapters/dynamo-store.ts";
import { toGroupConfig } from "../lib/config/digest.ts";
import { loadConfig } from "../lib/config/load.ts";
import type { GroupConfig } from "../lib/core/config.ts";
import type { Store } from "../lib/ports/store.ts";
import { watchBundle } from "./bundle.ts";
import { type DynamoDbStandIn, startDynamoDb } from "./dynamodb/gateway.ts";
import { type ObserverRunner, startObserverRunner } from "./lambda/runner.ts";
import type { StartSandbox } from "./lambda/sandbox.ts";
import type { ProcessRegistry } from "./processes.ts";
import { type NodeAddress, pickNodeAddresses } from "./redis/addresses.ts";
import { findRedis, type RedisBinary } from "./redis/find.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "./redis/server.ts";
import { type Route53StandIn, startRoute53 } from "./route53/server.ts";
import {
  type LabWatching,
  labRegion,
  pulsesFor,
  startWakes,
  wakingEnvironment,
  watchingEnvironment,
} from "./watching.ts";

/** A whole deployment on loopback: real Redis servers, the table, Route 53 with its DNS, and observers. */

export const labTable = "lambda-sentinel-lab";
export const labZone = "redis.test";
export const labGroup = "orders";

export interface WorldOptions {
  readonly processes: ProcessRegistry;
  readonly nodeCount?: number;
  readonly observers?: readonly string[];
  readonly persistence?: "none" | "rdb" | "aof";
  /** Lines of YAML for the group, such as `downAfterMs: 2000`. */
  readonly groupLines?: readonly string[];
  readonly replicaPingPeriodSeconds?: number;
  /** What the server of this place needs beside the usual; the first one is the master. */
  readonly serverOptions?: (index: number) => Partial<RedisServerOptions>;
  /** What the file says of the node of this place, where that is more than its address. */
  readonly nodeEntry?: (node: RedisServer, index: number) => string;
  /** What the file says of the node of this place beside its address, such as `zone: a`. */
  readonly nodeWords?: (index: number) => string;
  /** Publishes the replicas' name too, where the nodes share a port. */
  readonly isListingReplicas?: boolean;
  readonly scheduleMs?: number;
  /** How the observers watch; in a loop by default. */
  readonly watching?: LabWatching;
  readonly shiftTimeoutMs?: number;
  /** What an observer's function is given, which tells Node.js how much it may hold; what is deployed by default. */
  readonly memoryLimitMb?: number;
  readonly binary?: RedisBinary;
  /** What serves the observers' invocations; the lab's own sandboxes by default. */
  readonly startSandbox?: StartSandbox;
  /** An observer that need not be awake was woken by another one. */
  readonly onWake?: (observer: string) => void;
  /** Every line an observer's function prints. */
  readonly onLine?: (observer: string, line: string) => void;
  /** Environment that only one observer gets: a test puts a fault between it and the world here. */
  readonly observerEnv?: (observer: string) => Readonly<Record<string, string>>;
}

export interface World {
  readonly options: WorldOptions;
  readonly nodes: readonly RedisServer[];
  readonly dynamo: DynamoDbStandIn;
  readonly route53: Route53StandIn;
  readonly zoneId: string;
  readonly dnsName: string;
  /** null where none is published. */
  readonly replicasName: string | null;
  readonly configText: string;
  readonly store: Store;
  /** Runs by observer name; filled by startObservers. */
  readonly runners: Map<string, ObserverRunner>;
}

export const labObservers = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] as const;

/** Starts nodes, table and Route 53, and applies the configuration; observers are started apart. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { processes } = options;
  const [nodes, dynamo, route53] = await Promise.all([
    startNodes(options),
    startDynamoDb(),
    startRoute53({ zones: [labZone] }),
  ]);
  processes.add(closing("table", () => dynamo.close()));
  processes.add(closing("route53", () => route53.close()));
  await dynamo.createTable(labTable);
  const zoneId = route53.zoneId(labZone);
  const dnsName = `${labGroup}.${labZone}`;
  const isListing = (options.isListingReplicas ?? false) && sharedPort(nodes) !== null;
  const replicasName = isListing ? `${labGroup}-ro.${labZone}` : null;
  const configText = configFor(options, nodes, { zoneId, dnsName, replicasName });
  const store = createDynamoStore({
    table: labTable,
    deployment: labTable,
    client: await labDynamoClient(dynamo.endpoint),
  });
  const world: World = {
    options,
    nodes,
    dynamo,
    route53,
    zoneId,
    dnsName,
    replicasName,
    configText,
    store,
    runners: new Map(),
  };
  await applyConfig(world);
  return world;
}

function closing(name: string, close: () => Promise<void>) {
  return { name, stop: close, killNow: () => {} };
}

async function labDynamoClient(endpoint: string) {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  return new DynamoDBClient({ endpoint, region: "us-east-1", credentials: labCredentials });
}

export const labCredentials = { accessKeyId: "lab", secretAccessKey: "lab" };

/** A master and its replicas, each on an address of its own; an address taken meanwhile is picked again. */
async function startNodes(options: WorldOptions): Promise<readonly RedisServer[]> {
  const { processes, nodeCount = 3 } = options;
  const binary = options.binary ?? (await findRedis());
  for (let attempt = 1; ; attempt += 1) {
    const addresses = await pickNodeAddresses(nodeCount);
    const started: RedisServer[] = [];
    try {
      for (const [index, address] of addresses.entries()) {
        started.push(await startNode(options, binary, processes, { address, index, addresses }));
      }
      return started;
    } catch (error) {
      await Promise.all(started.map((node) => node.dispose()));
      if (attempt >= 3) throw error;
    }
  }
}

interface Place {
  readonly address: NodeAddress;
  readonly index: number;
  readonly addresses: readonly NodeAddress[];
}

function startNode(
  options: WorldOptions,
  binary: RedisBinary,
  processes: ProcessRegistry,
  { address, index, addresses }: Place,
): Promise<RedisServer> {
  const [master] = addresses;
  return startRedis({
    ...address,
    binary,
    processes,
    persistence: options.persistence ?? "aof",
    replicaPingPeriodSeconds: options.replicaPingPeriodSeconds ?? 1,
    ...(index === 0 || master === undefined ? {} : { replicaOf: master }),
    ...options.serverOptions?.(index),
  });
}

/** On Linux all nodes share a port, so that the A record alone tells them apart; elsewhere SRV does. */
export function sharedPort(nodes: readonly NodeAddress[]): number | null {
  const ports = new Set(nodes.map((node) => node.port));
  const [port] = ports;
  return ports.size === 1 && port !== undefined ? port : null;
}

function configFor(
  options: WorldOptions,
  nodes: readonly RedisServer[],
  { zoneId, dnsName, replicasName }: Pick<World, "zoneId" | "dnsName" | "replicasName">,
): string {
  const replicas = replicasName === null ? "" : `, replicas: ${replicasName}`;
  const observers = options.observers ?? labObservers;
  const listed = nodes.map((node, index) => {
    const address = `"${node.host}:${node.port}"`;
    if (options.nodeEntry !== undefined) return options.nodeEntry(node, index);
    const words = options.nodeWords?.(index);
    return words === undefined ? address : `{ probe: ${address}, ${words} }`;
  });
  const lines = (options.groupLines ?? []).map((line) => `    ${line}`);
  return [
    `observers: [${observers.join(", ")}]`,
    "groups:",
    `  - name: ${labGroup}`,
    `    nodes: [${listed.join(", ")}]`,
    `    dns: { zoneId: ${zoneId}, name: ${dnsName}, ttl: 1, srv: true${replicas} }`,
    ...lines,
    "",
  ].join("\n");
}

/** The groups as the table has them from the start. */
export function labConfigs({ configText }: Pick<World, "configText">): readonly GroupConfig[] {
  const loaded = loadConfig(configText, "lab.yml");
  if (!loaded.ok)
    throw new Error(`the lab's own configuration is refused: ${JSON.stringify(loaded)}`);
  return loaded.groups.map((draft) => toGroupConfig(draft, 1));
}

async function applyConfig(world: World): Promise<void> {
  for (const config of labConfigs(world)) {
    for (const node of config.nodes) await world.store.claimNode(node.id, config.name);
    const put = await world.store.putConfig(config);
    if (!put.ok) throw new Error(put.why);
  }
}

/** What a function needs to know of the lab: the SDK's own endpoint variables, and names. */
export function labEnvironment(world: World): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: world.dynamo.endpoint,
    AWS_ENDPOINT_URL_ROUTE_53: world.route53.endpoint,
    AWS_ACCESS_KEY_ID: labCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: labCredentials.secretAccessKey,
    AWS_REGION: "us-east-1",
    LAMBDA_SENTINEL_TABLE: labTable,
    LAMBDA_SENTINEL_DNS_SERVERS: `127.0.0.1:${world.route53.dnsPort}`,
  };
}

/** Starts observers; all of those configured unless named. */
export async function startObservers(world: World, names?: readonly string[]): Promise<void> {
  const { options } = world;
  const bundle = await watchBundle();
  const observers = options.observers ?? labObservers;
  const wanted = names ?? observers;
  const wakes = await wakesOf(world);
  await Promise.all(
    wanted.map(async (observer) => {
      const scheduleMs = options.scheduleMs ?? 60_000;
      const runner = await startObserverRunner({
        bundle,
        observer,
        region: labRegion,
        env: {
          ...labEnvironment(world),
          LAMBDA_SENTINEL_OBSERVER: observer,
          LAMBDA_SENTINEL_SHIFT_MS: String(scheduleMs),
          ...watchingEnvironment(options.watching),
          ...(wakes === null ? {} : wakingEnvironment(wakes, observer, observers)),
          ...options.observerEnv?.(observer),
        },
        scheduleMs,
        ...pulsesFor(options.watching),
        shiftTimeoutMs: options.shiftTimeoutMs ?? 300_000,
        ...(options.memoryLimitMb === undefined ? {} : { memoryLimitMb: options.memoryLimitMb }),
        processes: options.processes,
        onLine: (line) => options.onLine?.(observer, line),
        ...(options.startSandbox === undefined ? {} : { startSandbox: options.startSandbox }),
      });
      world.runners.set(observer, runner);
      options.processes.add({
        name: `observer ${observer}`,
        stop: () => runner.stop({ graceful: true }),
        killNow: () => {},
      });
    }),
  );
}

/** The endpoint by which observers that sleep are woken; null where all of them watch in a loop. */
async function wakesOf({ options, runners }: World): Promise<string | null> {
  if (options.watching === undefined || options.watching.cadence === "loop") return null;
  const { endpoint, close } = await startWakes(runners, options.onWake ?? (() => {}));
  options.processes.add(closing("wakes", close));
  return endpoint;
}
