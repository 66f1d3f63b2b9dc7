import { routeObserver } from "../../lab/observer-routes.ts";
import { ProcessRegistry } from "../../lab/processes.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import type { RouteMode, TcpRoute } from "../../lab/tcp-route.ts";
import {
  labEnvironment,
  labGroup,
  labObservers,
  startObservers,
  startWorld,
  type World,
  type WorldOptions,
} from "../../lab/world.ts";
import type { WriteState } from "../../lib/core/commands.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { Writer as StateWriter } from "../../lib/core/state.ts";
import { type HoldRequest, openHttpDoor } from "./http-door.ts";
import { type Ended, runScriptIn } from "./run-script.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { startWriter, type Writer, type WriterOptions } from "./writer.ts";

/** Fast, and yet generous enough for two slow cores that carry two worlds at once. */
const fastSettings = {
  probeIntervalMs: 200,
  probeTimeoutMs: 150,
  downAfterMs: 1_500,
  crashAfterMs: 500,
  stateReadMs: 400,
  heartbeatMs: 1_000,
  takeoverMs: 3_000,
  fenceMs: 1_500,
  fenceWaitMs: 300,
  chooseTimeoutMs: 600,
  failoverTimeoutMs: 30_000,
  cooldownMs: 0,
};

export type RigSettings = Partial<Record<keyof typeof fastSettings, number>>;

export interface RigOptions
  extends Pick<
    WorldOptions,
    | "nodeCount"
    | "persistence"
    | "replicaPingPeriodSeconds"
    | "isListingReplicas"
    | "scheduleMs"
    | "watching"
    | "onWake"
    | "serverOptions"
    | "nodeEntry"
    | "nodeWords"
    | "binary"
    | "observers"
    | "startSandbox"
  > {
  readonly settings?: RigSettings;
  /** Further lines of YAML for the group. */
  readonly groupLines?: readonly string[];
  /** Environment that every observer's function gets beside the usual. */
  readonly functionEnv?: Readonly<Record<string, string>>;
  /** Don't wait for a calm group: it is not to become one. */
  readonly isNeverCalm?: boolean;
  /** Puts a path that can be cut between each observer and each node. */
  readonly isRouted?: boolean;
  /** Sees each request to Route 53 first, and may hold it. */
  readonly holdRoute53?: HoldRequest;
  /** Runs when nodes, table and Route 53 are up and no observer is. */
  readonly prepare?: (world: World) => Promise<void>;
}

/** A world of real processes, what its observers say, and the ways to disturb it. */
export interface Rig {
  readonly world: World;
  readonly timeline: Timeline;
  /** When the observers' schedules began, by performance.now(). */
  readonly startedAtMs: number;
  /** The node with this id, which is its `host:port`. */
  node(id: string): RedisServer;
  /** The nodes other than this one. */
  others(id: string): readonly RedisServer[];
  /** STATE, read strongly. */
  state(group?: string): Promise<GroupState>;
  /** Changes STATE as an operator does: by compare-and-swap, once more when somebody was faster. */
  operate(change: (state: GroupState, writer: StateWriter) => WriteState): Promise<void>;
  /** Sets the paths between these observers and these nodes; needs `isRouted`. */
  route(
    observers: readonly string[],
    nodes: readonly RedisServer[],
    mode: RouteMode,
  ): Promise<void>;
  /** Sends a signal to the process of the shift that this observer runs now; waits for its end after SIGKILL. */
  signalShift(observer: string, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** Runs the command line as people do, against the rig's table and zone. */
  cli(...args: readonly string[]): Promise<Ended>;
  startWriter(options?: Pick<WriterOptions, "everyMs" | "key">): Writer;
  stop(): Promise<void>;
}

const rigs = new Set<Rig>();

/** For afterEach: ends whatever the tests of a file have started. */
export async function stopRigs(): Promise<void> {
  const running = [...rigs];
  rigs.clear();
  for (const rig of running) await rig.stop();
}

/** Starts a world with its observers; resolves when the group is adopted, published and calm. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const processes = new ProcessRegistry();
  try {
    const rig = await startWorldOf(options, processes);
    await startObservers(rig.world);
    if (options.isNeverCalm !== true) await expectCalm(rig);
    return rig;
  } catch (error) {
    await processes.stopAll();
    throw error;
  }
}

async function startWorldOf(options: RigOptions, processes: ProcessRegistry): Promise<Rig> {
  const {
    settings,
    groupLines,
    isRouted = false,
    holdRoute53,
    prepare,
    functionEnv,
    ...rest
  } = options;
  const timeline = createTimeline();
  const routes: Routes = new Map();
  const environments = new Map<string, Readonly<Record<string, string>>>();
  const world = await startWorld({
    ...rest,
    processes,
    groupLines: [...settingLines(settings), ...(groupLines ?? [])],
    onLine: (observer, line) => timeline.add(observer, line),
    observerEnv: (observer) => environments.get(observer) ?? {},
  });
  const door = holdRoute53 === undefined ? {} : await doorOfRoute53(world, processes, holdRoute53);
  for (const observer of rest.observers ?? labObservers) {
    const routed = isRouted ? await routedEnv(observer, world, { routes, processes }) : {};
    environments.set(observer, { ...functionEnv, ...door, ...routed });
  }
  await prepare?.(world);
  const rig = createRig(world, timeline, { routes, processes });
  rigs.add(rig);
  return rig;
}

/** Lines of YAML for a group with the rig's fast settings. */
export function settingLines(settings: RigSettings = {}): string[] {
  return Object.entries({ ...fastSettings, ...settings }).map(
    ([name, value]) => `${name}: ${value}`,
  );
}

async function expectCalm(rig: Rig): Promise<void> {
  await rig.timeline.until("a calm group with a published master", async () => {
    const { phase, published, master } = await rig.state();
    if (phase === "steady" && master !== null && published?.node === master.node) return;
    throw new Error(`phase ${phase}, master ${master?.node}, published ${published?.node}`);
  });
}

type Routes = Map<string, TcpRoute>;

interface Wires {
  readonly routes: Routes;
  readonly processes: ProcessRegistry;
}

async function doorOfRoute53(world: World, processes: ProcessRegistry, hold: HoldRequest) {
  const door = await openHttpDoor(world.route53.endpoint, hold);
  processes.add({ name: "door of Route 53", stop: () => door.close(), killNow: () => {} });
  return { AWS_ENDPOINT_URL_ROUTE_53: door.endpoint };
}

/** The environment of an observer whose connections to the nodes go over routes of its own. */
async function routedEnv(observer: string, world: World, { routes, processes }: Wires) {
  const routed = await routeObserver(observer, world.nodes, processes);
  for (const [node, route] of routed.routes) routes.set(`${observer} ${node}`, route);
  return routed.env;
}

function createRig(world: World, timeline: Timeline, { routes, processes }: Wires): Rig {
  const state = async (group = labGroup): Promise<GroupState> => {
    const read = await world.store.readState(group);
    if (read.ok && read.value.kind === "state") return read.value.state;
    throw new Error(`expected STATE of ${group}, got ${JSON.stringify(read)}`);
  };
  let operations = 0;
  return {
    world,
    timeline,
    startedAtMs: performance.now(),
    node: (id) => {
      const found = world.nodes.find((node) => idOf(node) === id);
      if (found === undefined) throw new Error(`expected a node of the world, got ${id}`);
      return found;
    },
    others: (id) => world.nodes.filter((node) => idOf(node) !== id),
    state,
    operate: (change) =>
      timeline.until("an operator's write", async () => {
        operations += 1;
        const attempt = `operator#${operations}`;
        const writer = { attempt, shift: "operator", rule: "test", why: "asked by the test" };
        const { base, next } = change(await state(), writer);
        const swap = await world.store.writeState(base, next, attempt);
        if (!swap.ok || !swap.value.isWon) throw new Error("somebody was faster");
      }),
    route: async (observers, nodes, mode) => {
      timeline.note(`${observers.join(", ")} to ${nodes.map(idOf).join(", ")}: ${mode}`);
      for (const observer of observers) {
        for (const node of nodes) {
          const route = routes.get(`${observer} ${idOf(node)}`);
          if (route === undefined) throw new Error(`expected a rig that is routed`);
          await route.set(mode);
        }
      }
    },
    signalShift: async (observer, signal) => {
      timeline.note(`${signal} to the shift of ${observer}`);
      const busy = () => world.runners.get(observer)?.sandboxes.find((sandbox) => sandbox.busy);
      const pid = busy()?.pid;
      if (pid === undefined) throw new Error(`expected a shift of ${observer}, got none`);
      process.kill(pid, signal);
      if (signal !== "SIGKILL") return;
      await timeline.until(`the end of process ${pid}`, () => {
        if (busy()?.pid === pid) throw new Error("it is still there");
      });
    },
    cli: (...args) =>
      runScriptIn(
        labEnvironment(world),
        new URL("../../bin/lambda-sentinel.js", import.meta.url),
        ...args,
      ),
    startWriter: (options) => {
      const { dnsName: name, route53 } = world;
      const writer = startWriter({ dnsPort: route53.dnsPort, name, ...options });
      processes.add({ name: "writer", stop: () => writer.stop(), killNow: () => {} });
      return writer;
    },
    stop: () => processes.stopAll(),
  };
}

/** The name of a node: the `host:port` at which it is probed. */
export function idOf(node: Pick<RedisServer, "host" | "port">): string {
  return `${node.host}:${node.port}`;
}
