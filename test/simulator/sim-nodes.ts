import type { NodeConfig } from "../../lib/core/config.ts";
import type { NodeFacts, ProbeReply, Sample } from "../../lib/core/model.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type {
  NodeSession,
  ProbeWants,
  RedisNodes,
  RoleChange,
  RoleChanged,
} from "../../lib/ports/redis.ts";
import { cancel, type Process } from "./engine.ts";
import type { Prng } from "./prng.ts";
import { greetingBy, type Question, type Refusal } from "./sim-ailments.ts";
import { placeOf } from "./sim-info.ts";
import type { RoleCommand, SimRedis } from "./sim-redis.ts";

/** The network between an observer and the nodes. */
export interface SimNetwork {
  readonly nodes: ReadonlyMap<string, SimRedis>;
  readonly prng: Prng;
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
  /** A node answered over a session, to something sent at this time of the process's clock. */
  onObserved(process: Process, observer: string, node: string, sentAtMs: number): void;
  /** A role change or a marker leaves this process for a node. */
  onEffect(
    process: Process,
    observer: string,
    change: RoleChange | { readonly kind: "mark" },
    node: string,
  ): void;
}

/** A connection: it ends with the server's process, with its CLIENT KILL, or with the network's mood. */
class SimConnection {
  readonly node: SimRedis;
  /** null: not accepted yet, for the server is stopped. */
  generation: number | null = null;
  readonly runId: string;
  /** What the server said to the greeting, and says to everything since. */
  readonly greeting: Refusal | null;
  isClosed = false;
  /** Calls off whoever waits for its end. */
  forget: () => void = () => {};
  /** The marker's writes when it was last observed; null: nothing is watched. */
  watched: number | null = null;
  /** Whether it observed a hand-over under way. */
  sawHandOver = false;

  constructor(node: SimRedis) {
    this.node = node;
    // A stopped server accepts when it thaws, in its turn: what waited before runs before, and cuts nobody it can't see.
    node.arrive(() => {
      this.generation = node.sockets.generation;
    });
    this.runId = node.runId;
    this.greeting = greetingBy(node);
  }

  refusal(question: Question): Refusal | null {
    // Whoever is one too many is told so, and hung up on.
    if (this.greeting?.code === "MAXCLIENTS") this.isClosed = true;
    return this.greeting ?? this.node.refusal(question);
  }

  get isStanding(): boolean {
    return !this.isClosed && this.node.isUp && !this.isCutByServer;
  }

  get isCutByServer(): boolean {
    const isKilled = this.generation !== null && this.generation !== this.node.sockets.generation;
    return isKilled || this.node.runId !== this.runId;
  }
}

/** The nodes as one observer's process reaches them. */
export function simNodes(process: Process, observer: string, network: SimNetwork): RedisNodes {
  const probes = new Map<string, SimConnection>();
  const oldest = new Map<string, number>();
  const late = new Map<string, number>();
  const isBusy = new Set<string>();
  const listeners: ((node: string) => void)[] = [];
  let sessions = 0;

  const openWithin = (
    node: SimRedis,
    deadlineMs: number,
    keep: (connection: SimConnection) => void = () => {},
  ): Promise<Result<SimConnection>> =>
    within(process, deadlineMs, `${node.id}: no connection`, (settle) => {
      const rttMs = network.delayMs(observer, node.id) * 2;
      if (network.isCut(observer, node.id)) return;
      const opened = (): void => {
        if (!node.isUp) {
          settle(failure("unreachable", `${node.id}: refused`));
          return;
        }
        const connection = new SimConnection(node);
        keep(connection);
        settle(success(connection));
      };
      process.deliver(rttMs, opened, "connect");
    });

  const probe = async (node: NodeConfig, wants: ProbeWants): Promise<Sample> => {
    const target = must(network, node.id);
    const sentAtMs = process.now();
    isBusy.add(node.id);
    const oldestMs = oldest.get(node.id);
    if (oldestMs !== undefined && sentAtMs - oldestMs >= wants.reconnectAfterMs) {
      close(probes.get(node.id));
      probes.delete(node.id);
      oldest.delete(node.id);
    }
    let isFreshConnect = false;
    const sample = (seen: Look): Sample => {
      const lateReplyToMs = late.get(node.id);
      const receivedAtMs = process.now();
      const answer: Sample = {
        node: node.id,
        sentAtMs,
        receivedAtMs,
        isFreshConnect,
        ...seen,
      };
      const isLate = lateReplyToMs !== undefined && late.delete(node.id);
      const told = isLate ? { ...answer, lateReplyToMs } : answer;
      network.onSample(process, observer, told);
      isBusy.delete(node.id);
      return told;
    };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      let connection = probes.get(node.id);
      if (connection === undefined) {
        isFreshConnect = true;
        // Of several attempts the first that opens is kept, however late.
        const opened = await openWithin(target, wants.timeoutMs, (fresh) => {
          if (probes.has(node.id)) return;
          probes.set(node.id, fresh);
          listenOn(fresh);
        });
        if (!opened.ok) {
          const kind = opened.kind === "timeout" ? ("timeout" as const) : ("refused" as const);
          return sample({ reply: { kind } });
        }
        connection = probes.get(node.id) ?? opened.value;
      }
      oldest.set(node.id, oldest.get(node.id) ?? sentAtMs);
      const current = connection;
      const act = () => lookAt(current, wants.info, network.hasMarker);
      const request = { connection: current, what: "probe", act };
      const got = await within<Look>(process, wants.timeoutMs, "no reply", (settle) =>
        ask(process, network, observer, request, (result) => {
          const afterMs = process.now() - sentAtMs;
          const isListenedFor =
            probes.get(node.id) === current && afterMs <= wants.timeoutMs + wants.reconnectAfterMs;
          if (result.ok && isListenedFor && afterMs > wants.timeoutMs) {
            late.set(node.id, sentAtMs);
            oldest.delete(node.id);
          }
          settle(result);
        }),
      );
      if (got.ok) {
        oldest.delete(node.id);
        // A login that was refused is tried again over a new connection.
        if (current.greeting?.code === "NOAUTH") {
          close(current);
          probes.delete(node.id);
        }
        return sample(got.value);
      }
      if (got.kind === "timeout") return sample({ reply: { kind: "timeout" } });
      probes.delete(node.id);
      oldest.delete(node.id);
      if (isFreshConnect) return sample({ reply: { kind: "reset" } });
    }
    return sample({ reply: { kind: "reset" } });
  };

  /** A kept connection that the server cuts is lost one delay later, where that news gets through (DESIGN 6). */
  const listenOn = (connection: SimConnection): void => {
    const { node } = connection;
    onEnd(process, observer, network, connection, () => {
      if (probes.get(node.id) !== connection || isBusy.has(node.id)) return;
      probes.delete(node.id);
      oldest.delete(node.id);
      for (const listener of listeners) listener(node.id);
    });
  };

  const openSession = async (
    node: NodeConfig,
    deadlineMs: number,
  ): Promise<Result<NodeSession>> => {
    const opened = await openWithin(must(network, node.id), deadlineMs);
    if (!opened.ok) return opened;
    sessions += 1;
    onEnd(process, observer, network, opened.value, () => {});
    return success(sessionOn(process, network, observer, opened.value, sessions));
  };

  return {
    probe,
    openSession,
    onLost: (listener) => {
      listeners.push(listener);
    },
    close: () => {
      for (const connection of probes.values()) close(connection);
      return Promise.resolve();
    },
  };
}

/** Lets a connection hear of its end one delay after the server cut it, and then tells. */
function onEnd(
  process: Process,
  observer: string,
  network: SimNetwork,
  connection: SimConnection,
  tell: () => void,
): void {
  const { node } = connection;
  connection.forget = node.sockets.onceCut(() => {
    if (connection.isClosed || network.isLost(node.id, observer)) return;
    const hear = (): void => {
      if (connection.isClosed) return;
      // It was this connection's own role change.
      if (connection.isStanding) onEnd(process, observer, network, connection, tell);
      else {
        connection.isClosed = true;
        tell();
      }
    };
    process.deliver(network.delayMs(observer, node.id), hear, "lost");
  });
}

function must(network: SimNetwork, id: string): SimRedis {
  const node = network.nodes.get(id);
  if (node === undefined) throw new Error(`expected a simulated node ${id}`);
  return node;
}

function close(connection: SimConnection | undefined): void {
  if (connection === undefined) return;
  connection.isClosed = true;
  connection.forget();
}

/** What a probe brings home: PING's reply, the place in the stream, and everything else where it was asked for. */
type Look = Pick<Sample, "reply" | "role" | "facts">;

function lookAt(connection: SimConnection, info: boolean, hasMarker: boolean): Look {
  const { node } = connection;
  const refusal = connection.refusal("ping");
  const reply: ProbeReply = refusal === null ? { kind: "pong" } : { kind: "error", ...refusal };
  if (connection.refusal("role") !== null) return { reply };
  const role = placeOf(node);
  if (!info || connection.refusal("info") !== null) return { reply, role };
  return { reply, role, facts: told(node.facts(), hasMarker) };
}

/** A group without a marker does not ask for one. */
function told(facts: NodeFacts, hasMarker: boolean): NodeFacts {
  if (hasMarker) return facts;
  const { marker: _unasked, ...others } = facts;
  return others;
}

/** What `begin` settles with, or a failure once the deadline has passed. */
function within<T>(
  process: Process,
  deadlineMs: number,
  what: string,
  begin: (settle: (result: Result<T>) => void) => void,
): Promise<Result<T>> {
  return new Promise((resolve) => {
    const expire = (): void => resolve(failure("timeout", `${what} in ${deadlineMs} ms`));
    const deadline = process.deliver(deadlineMs, expire, "deadline");
    begin((result) => {
      cancel(deadline);
      resolve(result);
    });
  });
}

interface NodeRequest<T> {
  readonly connection: SimConnection;
  readonly what: string;
  readonly act: () => T;
  /** Whether it may write, so that a server holds it back while writes are paused. */
  readonly mayWrite?: boolean;
}

/**
 * Sends one request over a connection. It reaches the server after the delay even if its sender is dead by then; on a
 * stopped server it waits for the thaw; across a cut it waits for the heal. Its connection may be gone when it arrives.
 */
function ask<T>(
  process: Process,
  network: SimNetwork,
  observer: string,
  request: NodeRequest<T>,
  settle: (result: Result<T>) => void,
): void {
  const { connection, what, act, mayWrite = false } = request;
  const { node } = connection;
  const isUnheard = () => network.isLost(node.id, observer);
  const reset = (): void => {
    const end = (): void => settle(failure("cut", `${node.id}: the connection has ended`));
    process.deliver(1, end, what);
  };
  if (!connection.isStanding || network.isConnectionCut()) {
    // A server that went on waiting to cut it would keep all that the connection knows.
    close(connection);
    reset();
    return;
  }
  // A server that dies while a request is under way ends the connection, where that news gets through.
  const onDeath = (): void => {
    if (!isUnheard()) reset();
  };
  const run = (): void => {
    // A plain close does not recall what was sent; a kill by the server does (measured on Redis 7.0).
    if (connection.isCutByServer) {
      reset();
      return;
    }
    const value = act();
    const reply = (): void => {
      process.deliver(network.delayMs(observer, node.id), () => settle(success(value)), what);
    };
    if (isUnheard()) network.onHeal(observer, node.id, reply);
    else reply();
  };
  const begin = (): void => {
    if (!mayWrite || !node.pause.isOn) run();
    // What is held back is forgotten with its connection.
    else
      node.pause.whenOver(() => {
        if (!connection.isClosed) run();
      });
  };
  const arrive = (): void => node.arrive(begin, onDeath);
  const depart = (): void => {
    process.send(network.delayMs(observer, node.id), arrive, what);
  };
  if (network.isLost(observer, node.id)) network.onHeal(observer, node.id, depart);
  else depart();
}

function sessionOn(
  process: Process,
  network: SimNetwork,
  observer: string,
  connection: SimConnection,
  id: number,
): NodeSession {
  const { node } = connection;
  // Sessions don't ask for what never changes.
  const nowFacts = (): NodeFacts => ({
    ...told(node.facts(), network.hasMarker),
    replPingMs: null,
    sentinels: 0,
  });
  const asked = <T>(
    deadlineMs: number,
    what: string,
    act: () => T,
    mayWrite = false,
  ): Promise<Result<T>> =>
    within(process, deadlineMs, node.id, (settle) =>
      ask(process, network, observer, { connection, what, act, mayWrite }, settle),
    );
  return {
    id,
    node: node.id,
    get isOpen() {
      // The kill is seen one network delay later; until then the session looks open.
      return !connection.isClosed;
    },
    observe: async (deadlineMs) => {
      const sentAtMs = process.now();
      const got = await flat(
        asked(deadlineMs, "observe", (): Result<NodeFacts> => {
          const refusal = connection.refusal("info");
          if (refusal !== null) return refused(node, refusal);
          if (network.hasMarker) connection.watched = node.stream.markerWrites;
          connection.sawHandOver = node.handOver.isUnderWay;
          return success(nowFacts());
        }),
      );
      if (got.ok) network.onObserved(process, observer, node.id, sentAtMs);
      return got;
    },
    changeRole: (change, deadlineMs) => {
      network.onEffect(process, observer, change, node.id);
      const act = (): Result<RoleChanged> => {
        const refusal = connection.refusal("change");
        if (refusal !== null) return refused(node, refusal);
        const isWatchBroken =
          connection.watched !== null && connection.watched !== node.stream.markerWrites;
        connection.watched = null;
        if (isWatchBroken) return failure("refused", `${node.id}: the marker changed`);
        const done = node.changeRole(commandOf(change, observer, network.hasMarker));
        // The connection that made the change survives its own kill.
        connection.generation = node.sockets.generation;
        if (done === "refused") return failure("refused", `${node.id}: refused`);
        return success({ facts: nowFacts(), warnings: [] });
      };
      // Only what carries the marker may write; a hand-over that was seen is ended before.
      const mayWrite = change.kind === "promote" && network.hasMarker && !connection.sawHandOver;
      return flat(asked(deadlineMs, change.kind, act, mayWrite));
    },
    setMarker: (epoch, deadlineMs) => {
      const act = (): Result<void> => {
        const refusal = connection.refusal("write");
        if (refusal !== null) return refused(node, refusal);
        return node.setMarker(epoch)
          ? success(undefined)
          : failure("refused", `${node.id}: READONLY`);
      };
      if (!network.hasMarker) return Promise.resolve(success(undefined));
      network.onEffect(process, observer, { kind: "mark" }, node.id);
      return flat(asked(deadlineMs, "mark", act, node.role === "master"));
    },
    close: () => close(connection),
  };
}

/** An answer that is a refusal is a failure as much as no answer. */
async function flat<T>(answer: Promise<Result<Result<T>>>): Promise<Result<T>> {
  const got = await answer;
  return got.ok ? got.value : got;
}

function refused(node: SimRedis, refusal: Refusal) {
  return failure(refusal.code === "NOAUTH" ? "denied" : "refused", `${node.id}: ${refusal.text}`);
}

function commandOf(change: RoleChange, by: string, marks: boolean): RoleCommand {
  const none = { epoch: 0, to: null, timeoutMs: 0, marks, by };
  switch (change.kind) {
    case "promote":
      return { ...none, kind: "promote", epoch: change.epoch };
    case "attach":
      return { ...none, kind: "attach", to: `${change.master.host}:${change.master.port}` };
    case "hand-over":
      return {
        ...none,
        kind: "hand-over",
        to: `${change.to.host}:${change.to.port}`,
        timeoutMs: change.timeoutMs,
      };
    case "fence":
      return { ...none, kind: "fence" };
  }
}
