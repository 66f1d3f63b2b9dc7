import { assertNever } from "../../lib/core/assert-never.ts";
import { nameOf } from "../ask.ts";
import type { DynamoDbDoor } from "../dynamodb/gateway.ts";
import type { RedisServer } from "../redis/server.ts";
import type { TcpRoute } from "../tcp-route.ts";
import { labEnvironment, startObservers, type World } from "../world.ts";
import type { Acknowledged, Writer } from "../writer.ts";
import {
  type ClientStanding,
  type NodeAction,
  type NodeStanding,
  nodeActions,
  type ObserverAction,
  type ObserverStanding,
  type Outcome,
  observerActions,
  type Play,
  type Said,
  type Standing,
} from "./play.ts";

/** How one observer reaches the rest of the world, where that can be cut. */
export interface Paths {
  /** By `host:port` of the node. */
  readonly routes: ReadonlyMap<string, TcpRoute>;
  readonly door: DynamoDbDoor;
}

export interface WorldPlayOptions {
  readonly world: World;
  readonly observers: readonly string[];
  /** By observer; empty where the observers reach everything directly. */
  readonly paths: ReadonlyMap<string, Paths>;
  readonly writer: Writer | null;
}

const saidMax = 60;

/** Processes of a world, and the ways in which one makes them fail. */
export class WorldPlay implements Play {
  readonly #options: WorldPlayOptions;
  readonly #hung = new Set<string>();
  readonly #cutNodes = new Set<string>();
  readonly #cutObservers = new Set<string>();
  /** The processes of a shift that were stopped, by observer. */
  readonly #frozen = new Map<string, readonly number[]>();
  readonly #said: Said[] = [];
  #lastWrite: Acknowledged | null = null;

  constructor(options: WorldPlayOptions) {
    this.#options = options;
    options.writer?.onAcknowledged((write) => {
      this.#lastWrite = write;
    });
  }

  /** Notes what somebody said, for the page to show. */
  say(who: string, text: string): void {
    this.#said.unshift({ at: new Date().toISOString(), who, text });
    this.#said.length = Math.min(this.#said.length, saidMax);
  }

  standing(): Standing {
    const { world, observers } = this.#options;
    return {
      nodes: world.nodes.map((node) => this.#nodeStanding(node)),
      observers: observers.map((name) => this.#observerStanding(name)),
      client: this.#clientStanding(),
      said: this.#said,
      environment: Object.entries(labEnvironment(world)).map(
        ([name, value]) => `export ${name}=${value}`,
      ),
    };
  }

  async actOnNode(id: string, wanted: string): Promise<Outcome> {
    const node = this.#options.world.nodes.find((one) => nameOf(one) === id);
    if (node === undefined) return { kind: "unknown", why: `expected a node, got ${id}` };
    const standing = this.#nodeStanding(node);
    const action = nodeActions(standing).find((one) => one === wanted);
    if (action === undefined) return refusal(id, standing.process, wanted);
    this.say("you", `${action} ${id}`);
    await this.#doToNode(node, action);
    return { kind: "done" };
  }

  async actOnObserver(name: string, wanted: string): Promise<Outcome> {
    if (!this.#options.observers.includes(name)) {
      return { kind: "unknown", why: `expected an observer, got ${name}` };
    }
    const standing = this.#observerStanding(name);
    const action = observerActions(standing).find((one) => one === wanted);
    if (action === undefined) return refusal(name, standing.process, wanted);
    this.say("you", `${action} ${name}`);
    await this.#doToObserver(name, action);
    return { kind: "done" };
  }

  #nodeStanding(node: RedisServer): NodeStanding {
    const id = nameOf(node);
    const isHung = node.isRunning && this.#hung.has(id);
    return {
      id,
      process: isHung ? "hung" : node.isRunning ? "running" : "dead",
      isCut: this.#options.paths.size === 0 ? null : this.#cutNodes.has(id),
    };
  }

  #observerStanding(name: string): ObserverStanding {
    const { world, paths } = this.#options;
    const own = paths.get(name);
    const isThere = world.runners.has(name);
    return {
      name,
      process: !isThere ? "dead" : this.#frozen.has(name) ? "frozen" : "running",
      isCut: own === undefined ? null : this.#cutObservers.has(name),
      isTableCut: own === undefined ? null : own.door.faults.unavailable !== "no",
    };
  }

  #clientStanding(): ClientStanding | null {
    const { writer } = this.#options;
    if (writer === null) return null;
    const last = this.#lastWrite;
    return {
      acknowledged: writer.acknowledged.length,
      unanswered: writer.unknown.size,
      last: last === null ? null : { node: nameOf(last), agoMs: performance.now() - last.atMs },
    };
  }

  async #doToNode(node: RedisServer, action: NodeAction): Promise<void> {
    const id = nameOf(node);
    switch (action) {
      case "kill":
        this.#hung.delete(id);
        await node.kill();
        return this.#setRoutes();
      case "hang":
        this.#hung.add(id);
        return node.pause();
      case "wake":
        this.#hung.delete(id);
        return node.resume();
      case "start":
      case "start-empty":
        // It may have been killed from elsewhere while it hung.
        this.#hung.delete(id);
        await node.restart({ empty: action === "start-empty" });
        return this.#setRoutes();
      case "cut":
        this.#cutNodes.add(id);
        return this.#setRoutes();
      case "heal":
        this.#cutNodes.delete(id);
        return this.#setRoutes();
      default:
        return assertNever(action);
    }
  }

  async #doToObserver(name: string, action: ObserverAction): Promise<void> {
    const { world, paths } = this.#options;
    switch (action) {
      case "kill":
        return this.#killObserver(name);
      case "freeze":
        return this.#freeze(name);
      case "thaw":
        return this.#thaw(name);
      case "start":
        return startObservers(world, [name]);
      case "cut":
        this.#cutObservers.add(name);
        return this.#setRoutes();
      case "heal":
        this.#cutObservers.delete(name);
        return this.#setRoutes();
      case "cut-table":
        return setDoor(paths.get(name), "cut");
      case "heal-table":
        return setDoor(paths.get(name), "no");
      default:
        return assertNever(action);
    }
  }

  async #killObserver(name: string): Promise<void> {
    const { runners } = this.#options.world;
    const runner = runners.get(name);
    runners.delete(name);
    this.#frozen.delete(name);
    await runner?.stop({ graceful: false });
  }

  /** The shift that runs; the schedule starts the next one all the same, as it does for a sandbox that hangs. */
  #freeze(name: string): void {
    const sandboxes = this.#options.world.runners.get(name)?.sandboxes ?? [];
    const pids = sandboxes.filter(({ busy }) => busy).map(({ pid }) => pid);
    for (const pid of pids) signal(pid, "SIGSTOP");
    this.#frozen.set(name, pids);
  }

  #thaw(name: string): void {
    const sandboxes = this.#options.world.runners.get(name)?.sandboxes ?? [];
    const alive = new Set(sandboxes.map(({ pid }) => pid));
    // A process that was ended meanwhile may have left its number to somebody else.
    for (const pid of this.#frozen.get(name) ?? []) if (alive.has(pid)) signal(pid, "SIGCONT");
    this.#frozen.delete(name);
  }

  /** A port that nobody listens at refuses, and so must the route to it: a crash is told from silence by that. */
  async #setRoutes(): Promise<void> {
    const { world, paths } = this.#options;
    const dead = new Set(world.nodes.filter(({ isRunning }) => !isRunning).map(nameOf));
    for (const [observer, { routes }] of paths) {
      for (const [node, route] of routes) {
        const isCut = this.#cutNodes.has(node) || this.#cutObservers.has(observer);
        await route.set(isCut ? "silent" : dead.has(node) ? "refusing" : "open");
      }
    }
  }
}

function refusal(who: string, process: string, wanted: string): Outcome {
  return {
    kind: "refused",
    why: `expected something that can be done to ${who}, which is ${process}, got ${wanted}`,
  };
}

function setDoor(
  paths: Paths | undefined,
  unavailable: DynamoDbDoor["faults"]["unavailable"],
): void {
  if (paths !== undefined) paths.door.faults.unavailable = unavailable;
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended just now.
  }
}
