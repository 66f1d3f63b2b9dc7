import type { Address } from "../core/config.ts";
import { isHandingOver, type NodeFacts } from "../core/model.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import type { NodeSession, RoleChange, RoleChanged } from "../ports/redis.ts";
import type { Args, Connection, Reply } from "./redis-connection.ts";
import { factsFrom, parseMarker } from "./redis-info.ts";
import { scriptKilled, textOf, writeTried } from "./redis-told.ts";

/** SET inside a script passes the queue-time check of a replica that is a master by the time it runs. */
const setMarkerScript = "return redis.call('SET', KEYS[1], ARGV[1])";

/**
 * A session for effects on one node. The connection is the token: a role change by anybody else cuts it, so whatever
 * is sent over it was decided on the role that still holds (protocol F1).
 */
export function sessionOn(
  connection: Connection,
  node: string,
  id: number,
  markerKey: string | null,
): NodeSession {
  let observed: number | null | undefined;
  let isFailingOver = false;
  return {
    id,
    node,
    get isOpen() {
      return connection.isOpen;
    },
    observe: async (deadlineMs) => {
      // What is observed again is decided on anew: a second WATCH alone does not forgive what the first one noticed.
      const watch: Args[] =
        markerKey === null ? [] : [["UNWATCH"], ["WATCH", markerKey], ["GET", markerKey]];
      const got = await connection.exchange([...watch, ["INFO"]], deadlineMs);
      if (!got.ok) return got;
      observed = markerKey === null ? undefined : parseMarker(got.value[2]);
      const facts = factsOrFailure(node, got.value.at(-1), observed);
      isFailingOver = facts.ok && isHandingOver(facts.value);
      return facts;
    },
    changeRole: (change, deadlineMs) =>
      changeRole({ connection, node, markerKey, observed, isFailingOver }, change, deadlineMs),
    setMarker: async (epoch, deadlineMs) => {
      if (markerKey === null) return success(undefined);
      const got = await connection.exchange([["SET", markerKey, epoch]], deadlineMs);
      if (!got.ok) return got;
      const [reply] = got.value;
      return reply?.ok ? success(undefined) : failure("refused", `${node}: ${textOf(reply)}`);
    },
    killScript: async (deadlineMs) => {
      const kills: Args[] = [
        ["SCRIPT", "KILL"],
        ["FUNCTION", "KILL"],
      ];
      const got = await connection.exchange(kills, deadlineMs);
      return got.ok ? success(scriptKilled(got.value)) : got;
    },
    tryWrite: async ({ key, value, ttlMs }, deadlineMs) => {
      const got = await connection.exchange([["SET", key, value, "NX", "PX", ttlMs]], deadlineMs);
      return got.ok ? success(writeTried(got.value[0])) : got;
    },
    close: () => connection.close(),
  };
}

interface Target {
  readonly connection: Connection;
  readonly node: string;
  readonly markerKey: string | null;
  /** The marker as the session observed it. */
  readonly observed: number | null | undefined;
  /** Whether the session observed a hand-over under way. */
  readonly isFailingOver: boolean;
}

interface Part {
  readonly args: Args;
  /** Left out, with a warning, when the server or the ACL refuses it. */
  readonly isOptional: boolean;
}

function required(...args: Args): Part {
  return { args, isOptional: false };
}

function optional(...args: Args): Part {
  return { args, isOptional: true };
}

const abort = optional("FAILOVER", "ABORT");
const cutNormal = optional("CLIENT", "KILL", "TYPE", "normal");
const cutPubsub = optional("CLIENT", "KILL", "TYPE", "pubsub");

/**
 * `MULTI; FAILOVER ABORT; REPLICAOF …; marker; CONFIG REWRITE; CLIENT KILL ×2; EXEC; INFO` (protocol F1, rule 4):
 * every role change cuts every connection whose observation it makes obsolete.
 */
function partsOf(change: RoleChange, markerKey: string | null): readonly Part[] {
  const tail = [optional("CONFIG", "REWRITE"), cutNormal, cutPubsub];
  switch (change.kind) {
    case "promote": {
      const mark =
        markerKey === null ? [] : [optional("EVAL", setMarkerScript, 1, markerKey, change.epoch)];
      return [abort, required("REPLICAOF", "NO", "ONE"), ...mark, ...tail];
    }
    case "attach":
      return [abort, required("REPLICAOF", ...hostPort(change.master)), ...tail];
    case "hand-over":
      return [
        abort,
        cutNormal,
        required("FAILOVER", "TO", ...hostPort(change.to), "TIMEOUT", change.timeoutMs),
      ];
    case "fence":
      return [abort, required("REPLICAOF", "NO", "ONE"), optional("CLIENT", "UNPAUSE"), cutNormal];
    case "cut":
      return [cutNormal, cutPubsub];
  }
}

function hostPort(address: Address): [string, number] {
  return [address.host, address.port];
}

/**
 * Ends a hand-over and cuts whoever saw it, for what must not wait: a server that hands over holds back every EXEC that
 * may write, a promotion with its marker too, and holds it for ever once it waits for a target that hangs.
 */
const handOverEnd: readonly Part[] = [abort, cutNormal, cutPubsub];

async function changeRole(
  target: Target,
  change: RoleChange,
  deadlineMs: number,
): Promise<Result<RoleChanged>> {
  if (change.kind === "promote" && target.isFailingOver) {
    const ended = await carryOut(target, handOverEnd, deadlineMs);
    if (!ended.ok) return ended;
    const changed = await watchAgain(target, deadlineMs);
    if (changed !== null) return changed;
  }
  return carryOut(target, partsOf(change, target.markerKey), deadlineMs);
}

async function carryOut(
  target: Target,
  parts: readonly Part[],
  deadlineMs: number,
): Promise<Result<RoleChanged>> {
  const first = await transact(target, parts, deadlineMs);
  if (!first.ok) return first;
  const refused = first.value.refused;
  if (refused.length === 0) return finish(target, first.value, []);
  // Nothing was executed: EXEC was aborted because the ACL refused a part. Without that part, on the same connection,
  // which is still the fence.
  const fatal = refused.find((part) => !part.part.isOptional);
  if (fatal !== undefined) return refusalOf(target.node, fatal.text);
  const left = parts.filter((part) => !refused.some((one) => one.part === part));
  const changed = await watchAgain(target, deadlineMs);
  if (changed !== null) return changed;
  const second = await transact(target, left, deadlineMs);
  if (!second.ok) return second;
  const still = second.value.refused[0];
  if (still !== undefined) return refusalOf(target.node, still.text);
  return finish(
    target,
    second.value,
    refused.map((one) => one.text),
  );
}

/** The aborted transaction ended the WATCH; the marker must still be what was observed under it. */
async function watchAgain(target: Target, deadlineMs: number): Promise<Failure | null> {
  const { connection, node, markerKey, observed } = target;
  if (markerKey === null) return null;
  const commands: Args[] = [
    ["WATCH", markerKey],
    ["GET", markerKey],
  ];
  const got = await connection.exchange(commands, deadlineMs);
  if (!got.ok) return got;
  return parseMarker(got.value[1]) === observed ? null : markerChanged(node);
}

function markerChanged(node: string): Failure {
  const why = `${node}: the marker changed since it was observed; somebody newer acted`;
  return failure("refused", why);
}

interface Transaction {
  /** Parts that were refused when queued; then nothing was executed. */
  readonly refused: readonly { readonly part: Part; readonly text: string }[];
  readonly parts: readonly Part[];
  readonly exec: Reply | undefined;
  readonly info: Reply | undefined;
  readonly marker: Reply | undefined;
}

async function transact(
  target: Target,
  parts: readonly Part[],
  deadlineMs: number,
): Promise<Result<Transaction>> {
  const marker: Args[] = target.markerKey === null ? [] : [["GET", target.markerKey]];
  const commands: Args[] = [["MULTI"], ...parts.map((part) => part.args), ["EXEC"], ["INFO"]];
  const got = await target.connection.exchange([...commands, ...marker], deadlineMs);
  if (!got.ok) return got;
  const queued = got.value.slice(1, 1 + parts.length);
  const refused = parts.flatMap((part, index) => {
    const reply = queued[index];
    return reply === undefined || reply.ok ? [] : [{ part, text: reply.text }];
  });
  const after = got.value.slice(1 + parts.length);
  return success({ refused, parts, exec: after[0], info: after[1], marker: after[2] });
}

function finish(
  target: Target,
  done: Transaction,
  warnings: readonly string[],
): Result<RoleChanged> {
  const { node } = target;
  if (done.exec === undefined || !done.exec.ok) {
    return failure("refused", `${node}: ${textOf(done.exec)}`);
  }
  if (done.exec.value === null) {
    return markerChanged(node);
  }
  const results = Array.isArray(done.exec.value) ? done.exec.value : [];
  const failed = done.parts.flatMap((part, index) => {
    const result: unknown = results[index];
    return result instanceof Error ? [{ part, text: result.message }] : [];
  });
  const fatal = failed.find((one) => !one.part.isOptional);
  if (fatal !== undefined) return failure("refused", `${node}: ${fatal.text}`);
  const facts = factsOrFailure(node, done.info, parseMarker(done.marker));
  if (!facts.ok) return facts;
  // FAILOVER ABORT with nothing to abort is an error without meaning.
  const told = failed.filter((one) => one.part.args[0] !== "FAILOVER").map((one) => one.text);
  return success({ facts: facts.value, warnings: [...warnings, ...told] });
}

function factsOrFailure(
  node: string,
  reply: Reply | undefined,
  marker: number | null | undefined,
): Result<NodeFacts> {
  if (reply === undefined || !reply.ok) return refusal(node, reply);
  const facts = factsFrom(String(reply.value), {
    ...(marker === undefined ? {} : { marker }),
    replPingMs: null,
    sentinels: null,
  });
  if (facts !== null) return success(facts);
  return failure("malformed", `${node}: expected INFO with a role and a replication id`);
}

function refusal(node: string, reply: Reply | undefined): Failure {
  return refusalOf(node, textOf(reply));
}

/** A server that is busy or loading refuses as well; only the lack of a right is one. */
function refusalOf(node: string, text: string): Failure {
  const isDenied = /^(NOAUTH|WRONGPASS|NOPERM)/.test(text);
  return failure(isDenied ? "denied" : "refused", `${node}: ${text}`);
}
