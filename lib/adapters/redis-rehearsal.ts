import type { NodeOddity, Rehearsal, ReplicationSetup } from "../core/rehearsal.ts";
import type { Clock } from "../ports/clock.ts";
import type { Result } from "../ports/errors.ts";
import type { ProbeWants } from "../ports/redis.ts";
import type { Args, Connection, Reply } from "./redis-connection.ts";
import { isForbidden } from "./redis-info.ts";
import { readSetup, settingOf, setupQuestions } from "./redis-setup.ts";

/** A server that could not be rehearsed with has shown nothing odd. */
const nothingSeen: Rehearsal = { oddities: [], replication: null };

/** What the group's observers will do beside what they always do. */
export interface RehearsalScope {
  readonly markerKey: string | null;
  readonly killBusyScripts: boolean;
}

export interface Rehearser {
  /** What the last rehearsal found, after one that is due now; null: none has ended yet. Waits no longer than a probe. */
  ask(wants: Pick<ProbeWants, "rehearse" | "timeoutMs">): Promise<Rehearsal | null>;
  /** The server may be another one from now on. */
  forget(): void;
}

/** Rehearses over a connection of its own, again until nothing is odd: what somebody mends is to be seen soon. */
export function createRehearser(
  open: (deadlineMs: number) => Promise<Result<Connection>>,
  wanted: RehearsalScope,
  clock: Clock,
): Rehearser {
  let found: Rehearsal | null = null;
  let running: Promise<void> | null = null;

  const run = async (deadlineMs: number): Promise<void> => {
    const opened = await open(deadlineMs);
    found = opened.ok ? await rehearse(opened.value, wanted, deadlineMs) : nothingSeen;
    if (opened.ok) opened.value.close();
    running = null;
  };

  return {
    ask: async ({ rehearse: how, timeoutMs }) => {
      const isDue = found === null || found.oddities.length > 0 || how === "again";
      if (isDue) running ??= run(timeoutMs);
      if (running !== null) {
        const answered = new AbortController();
        await Promise.race([running, clock.sleep(timeoutMs, answered.signal)]);
        answered.abort();
      }
      return found;
    },
    forget: () => {
      found = null;
    },
  };
}

/**
 * Asks a server beforehand whether it would take part in a role change. What is queued in a MULTI is checked for its name
 * and for the right to it, and is dropped with the connection (tried on Redis 7.0.15 and Valkey 8.0.1). The connection is
 * its own, since a server whose clients are paused for writes answers the rest only afterwards; and nothing is queued
 * before MULTI itself was answered, because it would be carried out.
 */
async function rehearse(
  connection: Connection,
  wanted: RehearsalScope,
  deadlineMs: number,
): Promise<Rehearsal> {
  const questions = [...setupQuestions, ...harmlessFor(wanted.markerKey)];
  const asked = await connection.exchange(questions, deadlineMs);
  if (!asked.ok) return nothingSeen;
  const told = asked.value.slice(0, setupQuestions.length);
  const harmless = asked.value.slice(setupQuestions.length);
  const [masterauth, requirepass, tls, clients, multi, exec, ...rest] = harmless;
  const begun = rest.pop();
  const found = [
    ...oddIf("no-config-get", masterauth),
    ...oddIf("no-client-list", clients),
    ...oddIf("no-transaction", multi, exec),
    ...oddIf("no-marker", ...rest),
    ...(begun?.ok === true ? await queue(connection, wanted, deadlineMs) : []),
  ];
  return {
    oddities: [...new Set(found)],
    replication: replicationOf(masterauth, requirepass, tls),
    setup: readSetup(told),
  };
}

/** Questions and an empty transaction: what they do is nothing, in whichever of them is refused. */
function harmlessFor(markerKey: string | null): readonly Args[] {
  const watched: readonly Args[] =
    markerKey === null ? [] : [["WATCH", markerKey], ["UNWATCH"], ["GET", markerKey]];
  return [
    ["CONFIG", "GET", "masterauth"],
    ["CONFIG", "GET", "requirepass"],
    ["CONFIG", "GET", "tls-replication"],
    ["CLIENT", "LIST", "TYPE", "pubsub"],
    ["MULTI"],
    ["EXEC"],
    ...watched,
    ["MULTI"],
  ];
}

/** Each with arguments that would do nothing if it were carried out after all. */
const partsToQueue: readonly (readonly [NodeOddity, Args])[] = [
  ["no-replicaof", ["REPLICAOF", "nobody", "nowhere"]],
  ["no-failover", ["FAILOVER", "nothing"]],
  ["no-config-rewrite", ["CONFIG", "REWRITE"]],
  ["no-client-kill", ["CLIENT", "KILL", "ID", "0"]],
  ["no-client-unpause", ["CLIENT", "UNPAUSE"]],
];

/** Queued, and never carried out: a script that runs now goes on. */
const scriptParts: readonly (readonly [NodeOddity, Args])[] = [
  ["no-script-kill", ["SCRIPT", "KILL"]],
  ["no-script-kill", ["FUNCTION", "KILL"]],
];

/** A write of the marker comes last: one that a server holds back takes no word from the others. */
function markerParts(markerKey: string | null): readonly (readonly [NodeOddity, Args])[] {
  if (markerKey === null) return [];
  return [
    ["no-marker", ["EVAL", "return 1", 1, markerKey]],
    ["no-marker", ["SET", markerKey, 0]],
  ];
}

async function queue(
  connection: Connection,
  { markerKey, killBusyScripts }: RehearsalScope,
  deadlineMs: number,
): Promise<readonly NodeOddity[]> {
  const found = [
    ...partsToQueue,
    ...(killBusyScripts ? scriptParts : []),
    ...markerParts(markerKey),
  ].map(async ([oddity, args]) => {
    const queued = await connection.exchange([args], deadlineMs);
    return queued.ok ? oddIf(oddity, ...queued.value) : [];
  });
  return (await Promise.all(found)).flat();
}

function oddIf(oddity: NodeOddity, ...replies: readonly (Reply | undefined)[]) {
  return replies.some((reply) => reply !== undefined && isForbidden(reply)) ? [oddity] : [];
}

/** Passwords are looked at and left behind: nothing but whether there is one leaves this file. */
function replicationOf(...replies: readonly (Reply | undefined)[]): ReplicationSetup | null {
  const [masterauth, requirepass, tls] = replies.map(settingOf);
  if (masterauth === undefined || requirepass === undefined) return null;
  return {
    isLoginNeeded: requirepass !== "",
    isLoginSet: masterauth !== "",
    isTls: tls === "yes",
  };
}
