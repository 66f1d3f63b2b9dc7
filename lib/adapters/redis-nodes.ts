import type { Address, NodeConfig } from "../core/config.ts";
import type { NodeFacts, ProbeReply, Sample } from "../core/model.ts";
import type { Clock } from "../ports/clock.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import type { ProbeWants, RedisAccess, RedisNodes, ResolvedSecrets } from "../ports/redis.ts";
import { withDeadline } from "./deadline.ts";
import { type Args, type Connection, openConnection, type Reply } from "./redis-connection.ts";
import { countSentinels, factsFrom, parseMarker, parseReplPing, parseRole } from "./redis-info.ts";
import { createRehearser, type RehearsalScope } from "./redis-rehearsal.ts";
import { connectReply, exchangeReply, refusalOfInfo, replyOf } from "./redis-replies.ts";
import { sessionOn } from "./redis-session.ts";

/** Asks for the secrets again, after a server refused those in use. */
export type Renew = () => Promise<Result<ResolvedSecrets>>;

/** The nodes of a group over ioredis: one kept connection a node for probing, one of its own for each effect session. */
export function createRedisNodes(
  access: RedisAccess,
  clock: Clock,
  connect: typeof openConnection = openConnection,
  renew: Renew | null = null,
): RedisNodes {
  const open = renew === null ? openWith(access, connect) : openRenewing(access, connect, renew);
  const { markerKey, killBusyScripts } = access;
  const probes = new Map<string, NodeProbe>();
  const listeners: ((node: string) => void)[] = [];
  const lost = (node: string) => {
    for (const listener of listeners) listener(node);
  };
  let sessions = 0;
  return {
    probe: (node, wants) => {
      const parts = { markerKey, killBusyScripts, clock, open, lost };
      const known = probes.get(node.id) ?? createNodeProbe(node, parts);
      probes.set(node.id, known);
      return known.probe(wants);
    },
    openSession: async (node, deadlineMs) => {
      const opened = await open(node.probe, deadlineMs);
      if (!opened.ok) return opened;
      sessions += 1;
      return success(sessionOn(opened.value, node.id, sessions, markerKey));
    },
    onLost: (listener) => {
      listeners.push(listener);
    },
    close: async () => {
      for (const probe of probes.values()) probe.close();
      probes.clear();
    },
  };
}

type Open = (address: Address, deadlineMs: number) => Promise<Result<Connection>>;

function openWith(access: RedisAccess, connect: typeof openConnection): Open {
  return (address, deadlineMs) => connect(address, access, deadlineMs);
}

/** Connections that are opened after a refusal log in with what the secrets are then (fault C12). */
function openRenewing(first: RedisAccess, connect: typeof openConnection, renew: Renew): Open {
  let current: RedisAccess = first;
  let isRenewing = false;
  const onDenied = () => {
    if (isRenewing) return;
    isRenewing = true;
    void renew().then((renewed) => {
      const { markerKey, killBusyScripts } = first;
      if (renewed.ok) current = { markerKey, killBusyScripts, ...renewed.value };
      isRenewing = false;
    });
  };
  return (address, deadlineMs) => connect(address, { ...current, onDenied }, deadlineMs);
}

interface NodeProbe {
  probe(wants: ProbeWants): Promise<Sample>;
  close(): void;
}

/** What a connection told once is not asked again over it. */
interface Told {
  replPingMs: number | null;
  sentinels: number | null;
  isAsked: boolean;
  /** Why it does not tell who it is; null while it does. */
  infoRefusal: string | null;
}

const untold: Told = { replPingMs: null, sentinels: null, isAsked: false, infoRefusal: null };

interface ProbeParts extends RehearsalScope {
  readonly clock: Clock;
  readonly open: Open;
  readonly lost: (node: string) => void;
}

/**
 * Probes of one node. A probe that gets no answer stays outstanding: its late answer still counts, and a connection that
 * opens late is there for the next probe, or a node beyond half a second would be called down although it lives (P7).
 */
function createNodeProbe(node: NodeConfig, parts: ProbeParts): NodeProbe {
  const { markerKey, clock, lost } = parts;
  const open = (deadlineMs: number) => parts.open(node.probe, deadlineMs);
  const rehearser = createRehearser(open, parts, clock);
  let connection: Connection | null = null;
  let told: Told = untold;
  let lateReplyToMs: number | null = null;
  let oldestOpenMs: number | null = null;
  let isBusy = false;
  let isClosed = false;

  const drop = () => {
    connection?.close();
    connection = null;
    oldestOpenMs = null;
  };

  const reconnect = async (wants: ProbeWants): Promise<Failure | null> => {
    const attempt = open(longestMs(wants)).then(adopt);
    const got = await withDeadline(attempt, wants.timeoutMs);
    return got === "late" ? failure("timeout", `${node.id}: no connection yet`) : got;
  };

  /** Of several attempts the first that opens is kept. */
  const adopt = (opened: Result<Connection>): Failure | null => {
    if (!opened.ok) return opened;
    const fresh = opened.value;
    if (isClosed || connection !== null) {
      fresh.close();
      return null;
    }
    connection = fresh;
    told = { ...untold, replPingMs: told.replPingMs };
    rehearser.forget();
    fresh.onEnd(() => {
      if (connection !== fresh) return;
      connection = null;
      oldestOpenMs = null;
      if (!isBusy && !isClosed) lost(node.id);
    });
    return null;
  };

  const ask = async (sentAtMs: number, wants: ProbeWants): Promise<Outcome> => {
    const current = connection;
    if (current === null) return { kind: "failed", reply: { kind: "reset" } };
    oldestOpenMs ??= sentAtMs;
    const commands = commandsFor(wants, markerKey, told);
    const exchange = current.exchange(commands, longestMs(wants));
    const got = await withDeadline(exchange, wants.timeoutMs);
    if (got === "late") {
      void exchange.then((answer) => {
        if (answer.ok && connection === current) lateReplyToMs = sentAtMs;
        if (answer.ok) oldestOpenMs = null;
      });
      return { kind: "failed", reply: { kind: "timeout" } };
    }
    if (!got.ok) {
      if (connection === current) drop();
      return { kind: "failed", reply: exchangeReply(got) };
    }
    oldestOpenMs = null;
    return { kind: "answered", replies: got.value };
  };

  const probe = async (wanted: ProbeWants): Promise<Sample> => {
    let wants = wanted;
    const sentAtMs = clock.nowMs();
    isBusy = true;
    try {
      if (oldestOpenMs !== null && sentAtMs - oldestOpenMs >= wants.reconnectAfterMs) drop();
      let isFreshConnect = false;
      // A connection that turns out to be dead is no evidence: reconnect once, now (DESIGN 6, "a reset means").
      for (let attempt = 0; attempt < 2; attempt += 1) {
        if (connection === null) {
          isFreshConnect = true;
          // Another server may be at the address since, or another run of ours (faults N3, N18).
          wants = { ...wanted, info: true };
          const failed = await reconnect(wants);
          if (failed !== null) return sample(sentAtMs, isFreshConnect, connectReply(failed));
        }
        const outcome = await ask(sentAtMs, wants);
        if (outcome.kind === "answered") {
          const answer = read(sentAtMs, isFreshConnect, wants, outcome.replies);
          return await withRehearsal(answer, wants);
        }
        if (outcome.reply.kind !== "reset" || isFreshConnect) {
          return sample(sentAtMs, isFreshConnect, outcome.reply);
        }
      }
      return sample(sentAtMs, isFreshConnect, { kind: "reset" });
    } finally {
      isBusy = false;
    }
  };

  const withRehearsal = async (answer: Sample, wants: ProbeWants): Promise<Sample> => {
    if (wants.rehearse === "no" || answer.facts === undefined) return answer;
    const rehearsal = await rehearser.ask(wants);
    return rehearsal === null ? answer : { ...answer, rehearsal };
  };

  const sample = (sentAtMs: number, isFreshConnect: boolean, reply: ProbeReply): Sample => {
    const late = lateReplyToMs;
    lateReplyToMs = null;
    return {
      node: node.id,
      sentAtMs,
      receivedAtMs: clock.nowMs(),
      reply,
      isFreshConnect,
      ...(late === null ? {} : { lateReplyToMs: late }),
    };
  };

  const read = (
    sentAtMs: number,
    isFreshConnect: boolean,
    wants: ProbeWants,
    replies: readonly Reply[],
  ): Sample => {
    const [ping, role, info, marker, clients, replPing] = replies;
    if (wants.info) told = { ...told, infoRefusal: refusalOfInfo(info) };
    const base = sample(sentAtMs, isFreshConnect, replyOf(ping, role, told.infoRefusal));
    // A login is sent once a connection: whoever was turned away has to knock again (fault N9).
    if (isTurnedAway(base.reply)) drop();
    const where = role?.ok ? parseRole(role.value) : null;
    if (wants.info && clients !== undefined) {
      const replPingMs = parseReplPing(replPing) ?? told.replPingMs;
      told = { ...told, replPingMs, sentinels: countSentinels(clients), isAsked: true };
    }
    const facts = wants.info && info?.ok ? factsOf(String(info.value), parseMarker(marker)) : null;
    return {
      ...base,
      ...(where === null ? {} : { role: where }),
      ...(facts === null ? {} : { facts }),
    };
  };

  const factsOf = (text: string, marker: number | null | undefined): NodeFacts | null =>
    factsFrom(text, {
      ...(marker === undefined ? {} : { marker }),
      replPingMs: told.replPingMs,
      sentinels: told.sentinels,
    });

  return {
    probe,
    close: () => {
      isClosed = true;
      drop();
    },
  };
}

type Outcome =
  | { readonly kind: "answered"; readonly replies: readonly Reply[] }
  | { readonly kind: "failed"; readonly reply: ProbeReply };

function isTurnedAway(reply: ProbeReply): boolean {
  return reply.kind === "error" && (reply.code === "NOAUTH" || reply.code === "WRONGPASS");
}

/** PING and ROLE with every probe; INFO and marker when asked; what never changes once for each connection. */
function commandsFor(wants: ProbeWants, markerKey: string | null, told: Told): readonly Args[] {
  const base: Args[] = [["PING"], ["ROLE"]];
  if (!wants.info) return base;
  // What stands in the marker's place for a group without one is no epoch, and needs no right of its own.
  const marker: Args = markerKey === null ? ["PING"] : ["GET", markerKey];
  // Sentinels are waited for until they are gone.
  const isOpen = !told.isAsked || (told.sentinels ?? 0) > 0;
  const clients: Args[] = isOpen ? [["CLIENT", "LIST", "TYPE", "pubsub"]] : [];
  const once: Args[] = told.isAsked ? [] : [["CONFIG", "GET", "repl-ping-replica-period"]];
  return [...base, ["INFO"], marker, ...clients, ...once];
}

/** An outstanding probe is listened for until its connection is replaced. */
function longestMs(wants: ProbeWants): number {
  return wants.timeoutMs + wants.reconnectAfterMs;
}
