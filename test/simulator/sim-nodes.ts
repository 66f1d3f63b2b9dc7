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
import type { RoleCommand, SimRedis } from "./sim-redis.ts";

/** The network between an observer and the nodes. */
export interface SimNetwork {
  readonly nodes: ReadonlyMap<string, SimRedis>;
  readonly prng: Prng;
  /** Nothing passes between these two now; what was sent waits for the cut to heal, as TCP does. */
  isCut(observer: string, node: string): boolean;
  /** Calls back when the cut between the two heals. */
  onHeal(observer: string, node: string, action: () => void): void;
  /** One way. */
  delayMs(observer: string, node: string): number;
  /** Whether a new request finds its connection cut by the network. */
  isConnectionCut(): boolean;
  /** What became of a probe. */
  onSample(sample: Sample): void;
  /** A role change leaves this process for a node. */
  onEffect(process: Process, observer: string, change: RoleChange, node: string): void;
}

/** A connection: it ends with the server's process, with its CLIENT KILL, or with the network's mood. */
class SimConnection {
  readonly node: SimRedis;
  readonly generation: number;
  readonly runId: string;
  /** What the server said to the greeting, and says to everything since. */
  readonly greeting: Refusal | null;
  isClosed = false;
  /** Calls off whoever waits for its end. */
  forget: () => void = () => {};
  /** The marker as WATCHed; undefined: nothing is watched. */
  watched: number | null | undefined = undefined;

  constructor(node: SimRedis) {
    this.node = node;
    this.generation = node.killGeneration;
    this.runId = node.runId;
    this.greeting = greetingBy(node);
  }

  refusal(question: Question): Refusal | null {
    // Whoever is one too many is told so, and hung up on.
    if (this.greeting?.code === "MAXCLIENTS") this.isClosed = true;
    return this.greeting ?? this.node.refusal(question);
  }

  get isStanding(): boolean {
    return (
      !this.isClosed &&
      this.node.isUp &&
      this.node.killGeneration === this.generation &&
      this.node.runId === this.runId
    );
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
    const oldestMs = oldest.get(node.id);
    if (oldestMs !== undefined && sentAtMs - oldestMs >= wants.reconnectAfterMs) {
      close(probes.get(node.id));
      probes.delete(node.id);
      oldest.delete(node.id);
    }
    let isFreshConnect = false;
    const sample = (reply: ProbeReply, seen: Omit<Look, "reply"> | null): Sample => {
      const lateReplyToMs = late.get(node.id);
      late.delete(node.id);
      const told: Sample = {
        node: node.id,
        sentAtMs,
        receivedAtMs: process.now(),
        reply,
        isFreshConnect,
        ...(lateReplyToMs === undefined ? {} : { lateReplyToMs }),
        ...seen,
      };
      network.onSample(told);
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
          return sample({ kind }, null);
        }
        connection = probes.get(node.id) ?? opened.value;
      }
      oldest.set(node.id, oldest.get(node.id) ?? sentAtMs);
      const current = connection;
      const act = () => lookAt(current, wants.info, process.engine.nowMs);
      const request = { connection: current, what: "probe", act };
      const got = await within<Look>(process, wants.timeoutMs, "no reply", (settle) =>
        ask(process, network, observer, request, (result) => {
          if (result.ok && process.now() - sentAtMs > wants.timeoutMs) {
            late.set(node.id, sentAtMs);
            oldest.delete(node.id);
          }
          settle(result);
        }),
      );
      if (got.ok) {
        oldest.delete(node.id);
        const { reply, ...seen } = got.value;
        return sample(reply, seen);
      }
      if (got.kind === "timeout") return sample({ kind: "timeout" }, null);
      probes.delete(node.id);
      oldest.delete(node.id);
      if (isFreshConnect) return sample({ kind: "reset" }, null);
    }
    return sample({ kind: "reset" }, null);
  };

  /** A kept connection that the server cuts is lost one delay later, where that news gets through (DESIGN 6). */
  const listenOn = (connection: SimConnection): void => {
    const { node } = connection;
    connection.forget = node.onceCut(() => {
      if (connection.isClosed || network.isCut(observer, node.id)) return;
      const lose = (): void => {
        if (probes.get(node.id) !== connection || isBusy.has(node.id)) return;
        probes.delete(node.id);
        oldest.delete(node.id);
        for (const listener of listeners) listener(node.id);
      };
      process.deliver(network.delayMs(observer, node.id), lose, "lost");
    });
  };

  const openSession = async (
    node: NodeConfig,
    deadlineMs: number,
  ): Promise<Result<NodeSession>> => {
    const opened = await openWithin(must(network, node.id), deadlineMs);
    if (!opened.ok) return opened;
    sessions += 1;
    return success(sessionOn(process, network, observer, opened.value, sessions));
  };

  return {
    probe: async (node, wants) => {
      isBusy.add(node.id);
      const sample = await probe(node, wants);
      isBusy.delete(node.id);
      return sample;
    },
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

function lookAt(connection: SimConnection, info: boolean, nowMs: number): Look {
  const { node } = connection;
  const refusal = connection.refusal("ping");
  const reply: ProbeReply = refusal === null ? { kind: "pong" } : { kind: "error", ...refusal };
  if (connection.refusal("role") !== null) return { reply };
  const role = node.place();
  if (!info || connection.refusal("info") !== null) return { reply, role };
  return { reply, role, facts: node.facts(nowMs) };
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
  const { connection, what, act } = request;
  const { node } = connection;
  const isCut = () => network.isCut(observer, node.id);
  const end = (): void => settle(failure("cut", `${node.id}: the connection has ended`));
  const reset = (): void => {
    process.deliver(1, end, what);
  };
  if (!connection.isStanding || network.isConnectionCut()) {
    connection.isClosed = true;
    reset();
    return;
  }
  // A server that dies while a request is under way ends the connection, where that news gets through.
  const onDeath = (): void => {
    if (!isCut()) reset();
  };
  const arrive = (): void =>
    node.arrive(() => {
      // A plain close does not recall what was sent; a kill by the server does (measured on Redis 7.0).
      const isCutByServer =
        node.killGeneration !== connection.generation || node.runId !== connection.runId;
      if (isCutByServer) {
        reset();
        return;
      }
      const value = act();
      const reply = (): void => {
        process.deliver(network.delayMs(observer, node.id), () => settle(success(value)), what);
      };
      if (isCut()) network.onHeal(observer, node.id, reply);
      else reply();
    }, onDeath);
  const depart = (): void => {
    process.send(network.delayMs(observer, node.id), arrive, what);
  };
  if (isCut()) network.onHeal(observer, node.id, depart);
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
  const nowFacts = () => node.facts(process.engine.nowMs);
  const asked = <T>(deadlineMs: number, what: string, act: () => T): Promise<Result<T>> =>
    within(process, deadlineMs, node.id, (settle) =>
      ask(process, network, observer, { connection, what, act }, settle),
    );
  return {
    id,
    node: node.id,
    get isOpen() {
      // The kill is seen one network delay later; until then the session looks open.
      return !connection.isClosed;
    },
    observe: (deadlineMs) =>
      flat(
        asked(deadlineMs, "observe", (): Result<NodeFacts> => {
          const refusal = connection.refusal("info");
          if (refusal !== null) return refused(node, refusal);
          connection.watched = node.marker();
          return success(nowFacts());
        }),
      ),
    changeRole: (change, deadlineMs) => {
      network.onEffect(process, observer, change, node.id);
      const act = (): Result<RoleChanged> => {
        const refusal = connection.refusal("change");
        // A part that is refused when queued ends the transaction.
        if (refusal !== null) return failure("denied", `${node.id}: ${refusal.text}`);
        const isWatchBroken =
          connection.watched !== undefined && connection.watched !== node.marker();
        if (isWatchBroken) return failure("refused", `${node.id}: the marker changed`);
        const done = node.changeRole(commandOf(change, observer));
        if (done === "refused") return failure("refused", `${node.id}: refused`);
        // The connection that made the change survives its own kill.
        Object.assign(connection, { generation: node.killGeneration });
        connection.watched = undefined;
        return success({ facts: nowFacts(), warnings: [] });
      };
      return flat(asked(deadlineMs, change.kind, act));
    },
    setMarker: (epoch, deadlineMs) => {
      const act = (): Result<void> => {
        const refusal = connection.refusal("write");
        if (refusal !== null) return refused(node, refusal);
        return node.setMarker(epoch)
          ? success(undefined)
          : failure("refused", `${node.id}: READONLY`);
      };
      return flat(asked(deadlineMs, "mark", act));
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

function commandOf(change: RoleChange, by: string): RoleCommand {
  const none = { epoch: 0, to: null, timeoutMs: 0, by };
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
