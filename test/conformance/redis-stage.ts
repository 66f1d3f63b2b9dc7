import type { NodeConfig } from "../../lib/core/config.ts";
import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import type { NodeSession, ProbeWants, RedisNodes } from "../../lib/ports/redis.ts";
import { gotFrom } from "../support/results.ts";
import { type Play, type Stage, until } from "./stage.ts";

/** Servers for a test, and the processes that reach them. */
export interface RedisStage extends Stage {
  /** Resolves when the server answers; a replica has its master's data by then, and the master knows. */
  start(options?: ServerOptions): Promise<StagedServer>;
  /** The nodes as one more process reaches them; every group here has a marker unless told otherwise. */
  observer(options?: { readonly hasMarker?: boolean }): RedisNodes;
}

export interface ServerOptions {
  readonly replicaOf?: StagedServer;
  /** What survives the end of its process; nothing by default. */
  readonly persistence?: "none" | "aof" | "rdb";
  /** How often it pings its replicas as a master; never within a test by default. */
  readonly pingSeconds?: number;
}

/** What a client's write came to; "unanswered": it arrived, and the server holds it back. */
export type Written = "done" | "refused" | "unanswered";

/** One server: what befalls it, and what clients and people do to it. */
export interface StagedServer {
  readonly node: NodeConfig;
  /** One more key, from a connection of its own. */
  write(): Promise<Written>;
  /** Somebody sets the marker key. */
  mark(epoch: number): Promise<void>;
  /** Somebody types SAVE: its RDB is written. */
  save(): Promise<void>;
  /** Somebody types REPLICAOF; null: NO ONE. */
  follow(master: StagedServer | null): Promise<void>;
  /** From now on it takes its time to load what a master sends. */
  loadSlowly(): Promise<void>;
  /** From now on it waits for so long before it begins a full synchronisation (`repl-diskless-sync-delay`). */
  waitToFork(forMs: number): Promise<void>;
  /** Somebody types CLIENT PAUSE … WRITE. */
  pauseWrites(forMs: number): Promise<void>;
  /** Stopped: its sockets take bytes, and nothing answers. */
  hang(): void;
  thaw(): void;
  /** Ends at once, without a word. */
  kill(): Promise<void>;
  /** Ends as it should, with its data saved where it saves any. */
  stop(): Promise<void>;
  /** Starts again at the same address, with what persistence has kept; `isEmpty`: without. */
  restart(options?: { readonly isEmpty?: boolean }): Promise<void>;
  /** Something that keeps it from answering as it should, until the returned function is called. */
  ail(ailment: Ailment): Promise<() => Promise<void>>;
}

export type Ailment =
  /** A script that does not end. */
  | "BUSY"
  /** The disk takes no data. */
  | "MISCONF"
  /** It wants a password, and we know none. */
  | "NOAUTH"
  /** As many clients as it takes. */
  | "MAXCLIENTS"
  /** It was restarted, and reads its data. */
  | "LOADING";

export type RedisPlay = Play<RedisStage>;

/** Generous: no test asserts how long anything takes. */
export const deadlineMs = 10_000;
export const patient: ProbeWants = {
  info: true,
  rehearse: "no",
  timeoutMs: deadlineMs,
  reconnectAfterMs: 60_000,
};
/** For a server that will not answer. */
export const hasty: ProbeWants = {
  info: true,
  rehearse: "no",
  timeoutMs: 250,
  reconnectAfterMs: 60_000,
};
export const hastyMs = 250;

/** A master with one key and a replica that has it. */
export async function startPair(stage: RedisStage, options: ServerOptions = {}) {
  const master = await stage.start(options);
  await master.write();
  const replica = await stage.start({ ...options, replicaOf: master });
  return { master, replica };
}

/** One INFO, over a connection of its own. */
export async function factsOf(stage: RedisStage, server: StagedServer): Promise<NodeFacts> {
  const nodes = stage.observer();
  const sample = await nodes.probe(server.node, patient);
  await nodes.close();
  return factsIn(sample);
}

export function factsIn(sample: Sample): NodeFacts {
  if (sample.facts !== undefined) return sample.facts;
  throw new Error(`expected facts of ${sample.node}, got ${JSON.stringify(sample.reply)}`);
}

/** Waits until the server's facts are so, and tells them. */
export async function seen(
  stage: RedisStage,
  server: StagedServer,
  isSo: (facts: NodeFacts) => boolean,
): Promise<NodeFacts> {
  const nodes = stage.observer();
  let facts: NodeFacts | undefined;
  await until(stage, async () => {
    facts = (await nodes.probe(server.node, patient)).facts ?? facts;
    return facts !== undefined && isSo(facts);
  });
  await nodes.close();
  if (facts === undefined) throw new Error(`expected facts of ${server.node.id}`);
  return facts;
}

/** Waits until the replica has everything that its master has now. */
export async function caughtUp(
  stage: RedisStage,
  replica: StagedServer,
  master: StagedServer,
): Promise<NodeFacts> {
  const { offset } = await factsOf(stage, master);
  return seen(stage, replica, (facts) => facts.isLinkUp && facts.offset >= offset);
}

/** A session that has observed the server. */
export async function observedOn(
  stage: RedisStage,
  server: StagedServer,
): Promise<{ readonly session: NodeSession; readonly before: NodeFacts }> {
  const session = gotFrom(await stage.observer().openSession(server.node, deadlineMs));
  return { session, before: gotFrom(await session.observe(deadlineMs)) };
}

/** Promotes it, as a failover of this epoch does. */
export async function promoteNow(stage: RedisStage, server: StagedServer, epoch: number) {
  const { session, before } = await observedOn(stage, server);
  const { facts } = gotFrom(await session.changeRole({ kind: "promote", epoch }, deadlineMs));
  session.close();
  return { before, after: facts };
}

/** Attaches it to a master, as a repair does. */
export async function attachNow(stage: RedisStage, server: StagedServer, master: StagedServer) {
  const { session, before } = await observedOn(stage, server);
  const change = { kind: "attach" as const, master: master.node.replicate };
  const { facts } = gotFrom(await session.changeRole(change, deadlineMs));
  session.close();
  return { before, after: facts };
}
