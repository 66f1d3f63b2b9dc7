import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { RoleChange } from "../../lib/ports/redis.ts";
import { cancel, type Process } from "./engine.ts";
import { resolver } from "./network.ts";
import type { Routes } from "./routes.ts";
import { SimConnection } from "./sim-connection.ts";
import type { SimRedis } from "./sim-redis.ts";

/** The network between an observer and the nodes. */
export interface SimNetwork {
  readonly nodes: ReadonlyMap<string, SimRedis>;
  /** Addresses that lead to another server than the one that is there; none where it is absent. */
  readonly routes?: Routes;
  /** Whether the group keeps its marker key. */
  readonly hasMarker: boolean;
  /** Nothing passes between these two now; what was sent waits for the cut to heal, as TCP does. */
  isCut(observer: string, node: string): boolean;
  /** Whether what the first one sends doesn't reach the second: a cut may be one of one direction only. */
  isLost(from: string, to: string): boolean;
  /** Calls back when the cut between the two heals. */
  onHeal(observer: string, node: string, action: () => void): void;
  /** One way. */
  delayMs(observer: string, node: string): number;
  /** Whether a new request finds its connection cut by the network. */
  isConnectionCut(): boolean;
  /** What became of a probe. */
  onSample(process: Process, observer: string, sample: Sample): void;
  /** A node answered over a session. */
  onObserved(process: Process, observer: string, seen: Observed): void;
  /** A role change, a marker or the end of a script leaves this process for a node. */
  onEffect(
    process: Process,
    observer: string,
    change: RoleChange | { readonly kind: "mark" | "kill-script" | "write-probe" },
    node: string,
    seen: LastSeen,
  ): void;
}

/** What a node said of itself, to something sent at this time of the process's clock. */
export interface Observed {
  readonly node: string;
  readonly sentAtMs: number;
  readonly facts: NodeFacts;
}

/** What the session of an effect has last shown, and when that was asked by the clock of its process. */
export interface LastSeen {
  readonly askedAtMs: number;
  /** null: it has shown nothing. */
  readonly facts: NodeFacts | null;
}

export interface NodeRequest<T> {
  readonly what: string;
  readonly act: () => T;
  /** Whether it may write, so that a server holds it back while writes are paused. */
  readonly mayWrite?: boolean;
}

/** From where one process of an observer reaches the nodes: connections, requests over them, and news of their end. */
export class Vantage {
  readonly process: Process;
  readonly observer: string;
  readonly network: SimNetwork;
  /** The nodes whose addresses are known. */
  readonly #found = new Set<string>();

  constructor(process: Process, observer: string, network: SimNetwork) {
    this.process = process;
    this.observer = observer;
    this.network = network;
  }

  /** Connects. `keep` is told of the connection even if it opens after the deadline. */
  open(
    id: string,
    deadlineMs: number,
    keep: (connection: SimConnection) => void = () => {},
  ): Promise<Result<SimConnection>> {
    const node = this.#node(id);
    const isKnown = this.#found.has(id);
    return this.#within(deadlineMs, `${id}: no connection`, (settle) => {
      if (!isKnown && this.network.isCut(this.observer, resolver)) {
        const late = () => settle(failure("unresolved", `${id}: the resolver does not answer`));
        this.process.deliver(deadlineMs / 2, late, "resolve");
        return;
      }
      this.#found.add(id);
      const rttMs = this.#delayMs(node) * 2;
      if (this.network.isCut(this.observer, id)) return;
      const opened = (): void => {
        if (!node.isUp) {
          settle(failure("unreachable", `${id}: refused`));
          return;
        }
        const connection = new SimConnection(node);
        keep(connection);
        settle(success(connection));
      };
      this.process.deliver(rttMs, opened, "connect");
    });
  }

  #node(id: string): SimRedis {
    const node = this.network.routes?.to(id) ?? this.network.nodes.get(id);
    if (node === undefined) throw new Error(`expected a simulated node ${id}`);
    return node;
  }

  #delayMs(node: SimRedis): number {
    return this.network.delayMs(this.observer, node.id);
  }

  /** Sends one request. `hear` is told of the answer even if it comes after the deadline. */
  ask<T>(
    connection: SimConnection,
    request: NodeRequest<T>,
    deadlineMs: number,
    hear: (result: Result<T>) => void = () => {},
  ): Promise<Result<T>> {
    return this.#within(deadlineMs, connection.node.id, (settle) =>
      this.#send(connection, request, (result) => {
        hear(result);
        settle(result);
      }),
    );
  }

  /** What `begin` settles with, or a failure once the deadline has passed. */
  #within<T>(
    deadlineMs: number,
    what: string,
    begin: (settle: (result: Result<T>) => void) => void,
  ): Promise<Result<T>> {
    return new Promise((resolve) => {
      const expire = (): void => resolve(failure("timeout", `${what} in ${deadlineMs} ms`));
      const deadline = this.process.deliver(deadlineMs, expire, "deadline");
      begin((result) => {
        cancel(deadline);
        resolve(result);
      });
    });
  }

  /**
   * A request reaches the server after the delay even if its sender is dead by then; on a stopped server it waits for
   * the thaw; across a cut it waits for the heal. Its connection may be gone when it arrives.
   */
  #send<T>(
    connection: SimConnection,
    request: NodeRequest<T>,
    settle: (result: Result<T>) => void,
  ): void {
    const { process, observer, network } = this;
    const { node } = connection;
    const reset = (): void => {
      const end = (): void => settle(failure("cut", `${node.id}: the connection has ended`));
      process.deliver(1, end, request.what);
    };
    if (!connection.isStanding || network.isConnectionCut()) {
      // A server that went on waiting to cut it would keep all that the connection knows.
      connection.close();
      reset();
      return;
    }
    // A server that dies while a request is under way ends the connection, where that news gets through.
    const onDeath = (): void => {
      if (!network.isLost(node.id, observer)) reset();
    };
    const arrive = (): void =>
      node.arrive(() => this.#run(connection, request, settle, reset), onDeath);
    const depart = (): void => process.send(this.#delayMs(node), arrive, request.what);
    if (network.isLost(observer, node.id)) network.onHeal(observer, node.id, depart);
    else depart();
  }

  /** What the server does with a request that it reads. */
  #run<T>(
    connection: SimConnection,
    { what, act, mayWrite = false }: NodeRequest<T>,
    settle: (result: Result<T>) => void,
    reset: () => void,
  ): void {
    const { process, observer, network } = this;
    const { node } = connection;
    const run = (): void => {
      // A plain close does not recall what was sent; a kill by the server does (measured on Redis 7.0).
      if (connection.isCutByServer) {
        reset();
        return;
      }
      const value = act();
      const reply = (): void => {
        process.deliver(this.#delayMs(node), () => settle(success(value)), what);
      };
      if (network.isLost(node.id, observer)) network.onHeal(observer, node.id, reply);
      else reply();
    };
    if (!mayWrite || !node.pause.isOn) run();
    // What is held back is forgotten with its connection.
    else
      node.pause.whenOver(() => {
        if (!connection.isClosed) run();
      });
  }

  /** Lets a connection hear of its end one delay after the server cut it, where that news gets through, and then tells. */
  onEnd(connection: SimConnection, tell: () => void): void {
    const { node } = connection;
    connection.onceCut(() => {
      if (connection.isClosed || this.network.isLost(node.id, this.observer)) return;
      const hear = (): void => {
        if (connection.isClosed) return;
        // It was this connection's own role change.
        if (connection.isStanding) this.onEnd(connection, tell);
        else {
          connection.isClosed = true;
          tell();
        }
      };
      this.process.deliver(this.#delayMs(node), hear, "lost");
    });
  }

  /** What a node says of itself; a group without a marker does not ask for one. */
  factsOf(node: SimRedis): NodeFacts {
    const facts = node.facts();
    if (this.network.hasMarker) return facts;
    const { marker: _unasked, ...others } = facts;
    return others;
  }
}
