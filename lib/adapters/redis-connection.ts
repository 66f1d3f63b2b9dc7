import { isIP } from "node:net";
import { Redis, type RedisOptions } from "ioredis";
import type { Address } from "../core/config.ts";
import { formatAddress } from "../core/config.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import type { RedisAccess } from "../ports/redis.ts";
import { withDeadline } from "./deadline.ts";
import type { HostAddress, NodeLookup } from "./node-lookup.ts";
import { withoutSecrets } from "./redact.ts";
import { connectorTo } from "./redis-connector.ts";
import { isLoginRefused } from "./redis-info.ts";
import { codeOf, describeThrown } from "./thrown.ts";

/** What a command was answered: a value, or the error that the server replied with. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly text: string };

/** One TCP connection that is never reconnected, never queues and never re-sends (protocol F1, rule 3). */
export interface Connection {
  readonly address: Address;
  readonly isOpen: boolean;
  /** Sends all commands at once and waits for all replies: one round trip. A failure says how the connection ended. */
  exchange(commands: readonly Args[], deadlineMs: number): Promise<Result<readonly Reply[]>>;
  /** Calls back once, when the connection ends for whatever reason. */
  onEnd(listener: () => void): void;
  close(): void;
}

export type Args = readonly [name: string, ...rest: readonly (string | number)[]];

/** INFO has kilobytes; ten thousand clients in a CLIENT LIST have three megabytes. More would fill a function (C13). */
const answersMaxMb = 16;

/** Looks names up first, within a limit of its own: a slow resolver must not count against a node (fault N26). */
export function connectBy(lookup: NodeLookup, lookupMs: number): typeof openConnection {
  return async (address, access, deadlineMs) => {
    if (isIP(address.host) !== 0) return await openConnection(address, access, deadlineMs);
    const limitMs = Math.min(lookupMs, deadlineMs / 2);
    const found = await lookup.find(address.host, limitMs);
    if (!found.ok) return found;
    return await openConnection(address, access, deadlineMs - limitMs, found.value);
  };
}

/** Opens a connection; authentication is sent along and its error surfaces with the first exchange. */
export async function openConnection(
  address: Address,
  access: RedisAccess,
  deadlineMs: number,
  addresses: readonly HostAddress[] = [],
): Promise<Result<Connection>> {
  const options = optionsFor(address, access, deadlineMs);
  const Connector = addresses.length === 0 ? undefined : connectorTo(address, addresses, options);
  const redis = new Redis({ ...options, Connector });
  let cause: Error | null = null;
  redis.on("error", (error: Error) => {
    cause = error;
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    const failed = connectFailure(address, access, cause ?? error, deadlineMs);
    if (failed.kind === "denied") access.onDenied?.();
    return failed;
  }
  return success(connectionOn(redis, address, access, () => cause));
}

function optionsFor(address: Address, access: RedisAccess, deadlineMs: number) {
  return {
    host: address.host,
    port: address.port,
    lazyConnect: true,
    connectTimeout: deadlineMs,
    // The rest of a closed socket's life is of no interest; the default would keep a process alive for 2 s.
    disconnectTimeout: 50,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2 as const,
    ...(access.tls === undefined
      ? {}
      : {
          tls: { ...access.tls, servername: access.tls.servername ?? address.host },
        }),
  } satisfies RedisOptions;
}

function connectionOn(
  redis: Redis,
  address: Address,
  access: RedisAccess,
  cause: () => Error | null,
): Connection {
  const where = formatAddress(address);
  const listeners: (() => void)[] = [];
  let hasEnded = false;
  redis.once("close", () => {
    hasEnded = true;
    for (const listener of listeners) listener();
  });
  const limit = limitAnswers(redis);
  let greeting: readonly Args[] = greetingFor(access);
  return {
    address,
    get isOpen() {
      return !hasEnded && redis.status === "ready";
    },
    exchange: async (commands, deadlineMs) => {
      if (hasEnded)
        return failure("cut", `${where}: the connection has ended: ${say(cause(), access)}`);
      const first = greeting;
      greeting = [];
      // All commands go out in one write. A second one to a server that hung up would lose what it said (fault N8).
      redis.stream.cork();
      const replies = [...first, ...commands].map((args) => send(redis, args, access));
      redis.stream.uncork();
      const whole = Promise.all(replies).then((got) => (limit.wereTooMuch() ? "too much" : got));
      const all = await withDeadline(whole, deadlineMs);
      if (all === "late") return failure("timeout", `${where}: no reply within ${deadlineMs} ms`);
      if (all === "too much") {
        return failure("malformed", `${where}: expected at most ${answersMaxMb} MB of answers`);
      }
      const turnedAway = first.length > 0 ? refusedLoginIn(all) : null;
      if (turnedAway !== null) {
        redis.disconnect();
        access.onDenied?.();
      }
      const rejection = turnedAway ?? (first.length > 0 ? rejectionIn(all) : null);
      if (rejection !== null) return success(commands.map(() => ({ ok: false, text: rejection })));
      const lost = all.find((reply) => reply.kind === "lost");
      if (lost !== undefined && first.length > 0 && isTls(codeOf(cause()), access)) {
        access.onDenied?.();
        return failure("denied", `${where}: TLS: ${say(cause(), access)}`);
      }
      if (lost !== undefined) return lostFailure(where, lost.text, say(cause(), access));
      const answers = all.flatMap((reply): Reply[] => {
        if (reply.kind === "value") return [{ ok: true, value: reply.value }];
        return reply.kind === "error" ? [{ ok: false, text: reply.text }] : [];
      });
      return success(answers.slice(first.length));
    },
    onEnd: (listener) => {
      if (hasEnded) listener();
      else listeners.push(listener);
    },
    close: () => {
      redis.disconnect();
    },
  };
}

/** Ends the connection when more has come than may be kept, counted since the last answers were complete. */
function limitAnswers(redis: Redis) {
  const mostBytes = answersMaxMb * 1024 * 1024;
  let bytes = 0;
  redis.stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) redis.stream.destroy();
  });
  return {
    wereTooMuch: (): boolean => {
      const isTooMuch = bytes > mostBytes;
      bytes = 0;
      return isTooMuch;
    },
  };
}

function greetingFor(access: RedisAccess): readonly Args[] {
  const { auth } = access;
  const name: Args = ["CLIENT", "SETNAME", "lambda-sentinel"];
  if (auth === undefined) return [name];
  const login: Args =
    auth.username === undefined ? ["AUTH", auth.password] : ["AUTH", auth.username, auth.password];
  return [login, name];
}

type Sent =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "lost"; readonly text: string };

/** A reply error is an answer; every other rejection means that the connection is gone. */
async function send(redis: Redis, [name, ...rest]: Args, access: RedisAccess): Promise<Sent> {
  try {
    return { kind: "value", value: withToldErrors(await redis.call(name, ...rest), access) };
  } catch (error) {
    const { name: kind, message } = describeThrown(error);
    const text = withoutPassword(message, access);
    return { kind: kind === "ReplyError" ? "error" : "lost", text };
  }
}

/**
 * A server that does not know a command, AUTH under another name say, quotes what came with it. What it quotes is cut off,
 * because it may end in the middle of a password; the error's code stays whatever the password is.
 */
function withoutPassword(text: string, access: RedisAccess): string {
  const [said = ""] = text.split(", with args beginning with");
  const [code = "", ...words] = said.split(" ");
  return [code, tellable(words.join(" "), access)].join(" ").trimEnd();
}

function tellable(text: string, { auth, tls }: RedisAccess): string {
  return withoutSecrets(text, [auth?.password, tls?.key]);
}

/** What EXEC answers has the errors of its commands in it. */
function withToldErrors(value: unknown, access: RedisAccess): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((one: unknown) =>
    one instanceof Error ? new Error(withoutPassword(one.message, access)) : one,
  );
}

/**
 * A server that takes no more clients says why as soon as it has accepted, and hangs up: that is its answer to whatever
 * was sent (fault N8, protected mode).
 */
function rejectionIn(replies: readonly Sent[]): string | null {
  const [hail, ...rest] = replies;
  if (hail?.kind !== "error" || !rest.every((reply) => reply.kind === "lost")) return null;
  return hail.text;
}

/** Where the default user needs no password, a refused login would go on as that user, with other rights and unnoticed. */
function refusedLoginIn([hail]: readonly Sent[]): string | null {
  return hail?.kind === "error" && isLoginRefused(hail.text) ? hail.text : null;
}

/** Whoever answers in another protocol has answered: it is there, and it is no Redis. */
function lostFailure(where: string, text: string, cause: string): Failure {
  if (text.startsWith("Unknown RESP type")) {
    return failure("malformed", `${where}: expected the Redis protocol, got something else`);
  }
  return failure("cut", `${where}: ${text}: ${cause}`);
}

function connectFailure(
  address: Address,
  access: RedisAccess,
  error: unknown,
  deadlineMs: number,
): Failure {
  const where = formatAddress(address);
  const { code, message } = describeThrown(error);
  const text = tellable(message, access);
  if (code === "ECONNREFUSED") return failure("unreachable", `${where}: refused`);
  if (code === "ETIMEDOUT")
    return failure("timeout", `${where}: no connection in ${deadlineMs} ms`);
  if (code === "ECONNRESET" || code === "EPIPE") return failure("cut", `${where}: reset`);
  if (isTls(code, access)) return failure("denied", `${where}: TLS: ${text}`);
  return failure("unreachable", `${where}: ${code} ${text}`);
}

/**
 * Whatever is no error of the system is TLS's own: Node has some thirty codes for certificates, and not all of them say
 * so. One that was taken for a network's would be a vote for down (fault N20).
 */
function isTls(code: string, access: RedisAccess): boolean {
  return access.tls !== undefined && code !== "" && !/^E(?!RR_|PROTO$)[A-Z]+/.test(code);
}

function say(error: Error | null, access: RedisAccess): string {
  return error === null ? "closed by the other side" : tellable(error.message, access);
}
