import type { Address, NodeId } from "../../lib/core/config.ts";
import type { RoleChange } from "../../lib/ports/redis.ts";

/**
 * Redis servers without time: what of them a failover can tell apart, as plain data. The semantics are the simulator's
 * (measured on Redis 7.0); replication is one step that happens at any moment, or not at all.
 */
export interface Server {
  readonly id: NodeId;
  readonly isUp: boolean;
  /** Stopped: it accepts bytes and runs them when it continues (fault N25). */
  readonly isHung: boolean;
  readonly role: "master" | "replica";
  readonly master: NodeId | null;
  /** How often it was started: its run id. */
  readonly starts: number;
  /** How many histories it began: its own replication ids. */
  readonly histories: number;
  readonly replid: string;
  readonly replid2: string | null;
  readonly secondOffset: number;
  readonly offset: number;
  readonly data: readonly string[];
  readonly marker: number | null;
  readonly isLinked: boolean;
  readonly hasLostLink: boolean;
  /** Grows whenever all connections are cut: by a role change, or by the process's end. */
  readonly generation: number;
  /** Where a running FAILOVER hands over to. */
  readonly handingTo: NodeId | null;
  readonly queue: readonly Sent[];
}

export type Servers = readonly Server[];

/** A connection on which a node was observed: the token for changing its role (protocol F1). */
export interface Token {
  readonly generation: number;
  /** The marker as WATCHed; absent in a group that keeps none. */
  readonly watched?: number | null;
}

/** An open effect session of an invocation. */
export interface Standing {
  readonly node: NodeId;
  readonly session: number;
  readonly token: Token;
}

export type NodeCommand = RoleChange | { readonly kind: "mark"; readonly epoch: number };

/** A command under way to a node; `epoch` and `by` are for the checker alone. */
export interface Sent {
  readonly node: NodeId;
  /** null: over a connection that was opened for it, on which nothing was observed. */
  readonly token: Token | null;
  readonly command: NodeCommand;
  readonly by: string;
}

const writeBytes = 50;
/** Where a history begins that has one write. */
const firstOffset = 100;

export function newServers(ids: readonly NodeId[], marker: number | null): Servers {
  const [first = ""] = ids;
  return ids.map((id) => ({
    id,
    isUp: true,
    isHung: false,
    role: id === first ? "master" : "replica",
    master: id === first ? null : first,
    starts: 1,
    histories: 1,
    replid: `${first}-1`,
    replid2: null,
    secondOffset: -1,
    offset: firstOffset,
    data: ["x"],
    marker,
    isLinked: id !== first,
    hasLostLink: false,
    generation: 1,
    handingTo: null,
    queue: [],
  }));
}

export function serverOf(servers: Servers, id: NodeId): Server {
  const found = servers.find((one) => one.id === id);
  if (found === undefined) throw new Error(`expected a server ${id}`);
  return found;
}

export function isServing(server: Server): boolean {
  return server.isUp && !server.isHung;
}

function put(servers: Servers, id: NodeId, change: Partial<Server>): Servers {
  return servers.map((one) => (one.id === id ? { ...one, ...change } : one));
}

function unlink(server: Server): Server {
  return server.isLinked ? { ...server, isLinked: false, hasLostLink: true } : server;
}

function dropReplicasOf(servers: Servers, id: NodeId): Servers {
  return servers.map((one) => (one.master === id ? unlink(one) : one));
}

export function nodeIdOf(address: Address): NodeId {
  return `${address.host}:${address.port}`;
}

/** The process ends: links and connections end at once, what waited in its sockets is gone. */
export function kill(servers: Servers, id: NodeId): Servers {
  const server = serverOf(servers, id);
  const gone = {
    ...unlink(server),
    isUp: false,
    isHung: false,
    queue: [],
    handingTo: null,
    generation: server.generation + 1,
  };
  return dropReplicasOf(put(servers, id, gone), id);
}

export type Restart = "aof" | "rdb" | "old-rdb" | "empty";

/** What a killed server saved last: nothing yet of what was written, in the history that it is in. */
const older = { offset: firstOffset - writeBytes, data: [] };

/** Started again with its configuration as last rewritten. An AOF gives a new history at offset 0 with all data. */
export function restart(servers: Servers, id: NodeId, data: Restart): Servers {
  const server = serverOf(servers, id);
  const up = { isUp: true, starts: server.starts + 1, hasLostLink: false };
  const { offset, ...kept } = data === "old-rdb" ? older : { offset: server.offset };
  const isRdb = data === "rdb" || data === "old-rdb";
  if (isRdb && server.role === "replica") return put(servers, id, { ...up, ...kept, offset });
  const histories = server.histories + 1;
  const fresh = { ...up, histories, replid: `${id}-${histories}` };
  if (isRdb) {
    const known = { replid2: server.replid, secondOffset: offset + 1 };
    return put(servers, id, { ...fresh, ...kept, offset, ...known });
  }
  const lost = { ...fresh, replid2: null, secondOffset: -1, offset: 0 };
  return put(servers, id, data === "aof" ? lost : { ...lost, data: [], marker: null });
}

export function hang(servers: Servers, id: NodeId): Servers {
  return put(servers, id, { isHung: true });
}

/** The process continues; what waited in its sockets comes out, to be run in this order. */
export function thaw(
  servers: Servers,
  id: NodeId,
): { readonly servers: Servers; readonly queue: readonly Sent[] } {
  const { queue } = serverOf(servers, id);
  return { servers: put(servers, id, { isHung: false, queue: [] }), queue };
}

export function enqueue(servers: Servers, sent: Sent): Servers {
  const { queue } = serverOf(servers, sent.node);
  return put(servers, sent.node, { queue: [...queue, sent] });
}

export function canSync(servers: Servers, id: NodeId): boolean {
  const server = serverOf(servers, id);
  if (server.role !== "replica" || server.isLinked || !isServing(server)) return false;
  const master = servers.find((one) => one.id === server.master);
  if (master === undefined || master.id === id || !isServing(master)) return false;
  return master.role === "master" || master.isLinked;
}

/** The replica connects and catches up, by a partial or a full synchronisation. */
export function sync(servers: Servers, id: NodeId): Servers {
  const server = serverOf(servers, id);
  const master = serverOf(servers, server.master ?? "");
  const { data, marker, offset, replid } = master;
  const linked = { data, marker, offset, replid, isLinked: true, hasLostLink: false };
  const isSame = server.replid === master.replid && server.offset <= master.offset;
  const isContinued = server.replid === master.replid2 && server.offset < master.secondOffset;
  if (isSame) return put(servers, id, linked);
  if (!isContinued) return put(servers, id, { ...linked, replid2: null, secondOffset: -1 });
  const second = { replid2: server.replid, secondOffset: server.offset + 1 };
  return put(servers, id, { ...linked, ...second });
}

/** A write in the stream reaches the linked replicas in the same step. */
function append(servers: Servers, id: NodeId, change: Partial<Server>): Servers {
  const { offset } = serverOf(servers, id);
  const now = { ...change, offset: offset + writeBytes };
  return servers.map((one) =>
    one.id === id || (one.master === id && one.isLinked) ? { ...one, ...now } : one,
  );
}

/** A client's write; null: refused. */
export function write(servers: Servers, id: NodeId, value: string): Servers | null {
  const server = serverOf(servers, id);
  if (!isServing(server) || server.role !== "master" || server.handingTo !== null) return null;
  return append(servers, id, { data: [...server.data, value] });
}

/** Whether a connection still stands: no role change and no end of the process has cut it. */
export function isStanding(server: Server, token: Token | null): boolean {
  return token === null || token.generation === server.generation;
}

/** What a node does with a command that arrives over a connection. */
export interface Done {
  readonly kind: "done" | "cut" | "refused";
  readonly servers: Servers;
}

export function carryOut(servers: Servers, sent: Sent): Done {
  const { node, token, command } = sent;
  const server = serverOf(servers, node);
  if (!server.isUp || !isStanding(server, token)) return { kind: "cut", servers };
  const refused: Done = { kind: "refused", servers };
  if (command.kind === "mark") {
    if (server.role !== "master") return refused;
    return { kind: "done", servers: append(servers, node, { marker: command.epoch }) };
  }
  if (token?.watched !== undefined && token.watched !== server.marker) return refused;
  if (command.kind === "hand-over") {
    const to = nodeIdOf(command.to);
    const target = serverOf(servers, to);
    if (server.role !== "master" || target.master !== node || !target.isLinked) return refused;
    const handing = { handingTo: to, generation: server.generation + 1 };
    return { kind: "done", servers: put(servers, node, handing) };
  }
  const cut = put(servers, node, { handingTo: null, generation: server.generation + 1 });
  if (command.kind === "attach") {
    return { kind: "done", servers: follow(cut, node, nodeIdOf(command.master)) };
  }
  if (command.kind === "cut") {
    return { kind: "done", servers: put(servers, node, { generation: server.generation + 1 }) };
  }
  const master = lead(cut, node);
  const isMarking = command.kind === "promote" && token?.watched !== undefined;
  if (!isMarking) return { kind: "done", servers: master };
  return { kind: "done", servers: append(master, node, { marker: command.epoch }) };
}

/** REPLICAOF NO ONE: a history of its own that continues the old one; on a master it changes nothing. */
export function lead(servers: Servers, id: NodeId): Servers {
  const server = serverOf(servers, id);
  if (server.role === "master") return servers;
  const histories = server.histories + 1;
  return put(servers, id, {
    role: "master",
    master: null,
    histories,
    replid: `${id}-${histories}`,
    replid2: server.replid,
    secondOffset: server.offset + 1,
    isLinked: false,
    hasLostLink: false,
  });
}

/** REPLICAOF: to the same master it changes nothing. */
export function follow(servers: Servers, id: NodeId, master: NodeId): Servers {
  const server = serverOf(servers, id);
  if (server.role === "replica" && server.master === master) return servers;
  const change = { role: "replica" as const, master, isLinked: false, hasLostLink: true };
  return dropReplicasOf(put(servers, id, { ...change, handingTo: null }), id);
}

/** FAILOVER has found its target level with the master: roles change without cutting a connection (protocol F4). */
export function handOver(servers: Servers, id: NodeId): Servers | null {
  const server = serverOf(servers, id);
  const target = servers.find((one) => one.id === server.handingTo);
  if (target === undefined || !isServing(server) || !isServing(target)) return null;
  if (!target.isLinked || target.master !== id) return null;
  const led = lead(put(servers, id, { handingTo: null }), target.id);
  return follow(led, id, target.id);
}

export function endHandOver(servers: Servers, id: NodeId): Servers {
  return put(servers, id, { handingTo: null });
}
