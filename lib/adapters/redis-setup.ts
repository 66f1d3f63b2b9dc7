import type { NodeSetup } from "../core/rehearsal.ts";
import type { Args, Reply } from "./redis-connection.ts";
import { countSentinels, parseInfo, parseReplPing } from "./redis-info.ts";

/** What a server is asked about itself with a rehearsal, and never more often: `doctor` is shown it (lib/cli/doctor). */

export const setupQuestions: readonly Args[] = [
  ["INFO"],
  ["CLIENT", "LIST", "TYPE", "pubsub"],
  ["CONFIG", "GET", "repl-ping-replica-period"],
  ["CONFIG", "GET", "save"],
  ["CONFIG", "GET", "min-replicas-to-write"],
  ["CONFIG", "GET", "min-replicas-max-lag"],
  ["CONFIG", "GET", "replica-announce-ip"],
  ["CONFIG", "GET", "replica-announce-port"],
  ["CONFIG", "GET", "maxclients"],
];

/** Reads the answers to `setupQuestions`, in their order. What was refused or is not known there is null. */
export function readSetup(replies: readonly Reply[]): NodeSetup {
  const [infoReply, clients, ping, save, minReplicas, minLag, host, port, clientsMax] = replies;
  const info = parseInfo(infoReply?.ok ? String(infoReply.value) : "");
  const saved = settingOf(save);
  const lagSeconds = wholeOf(settingOf(minLag));
  const forkUs = wholeOf(info.get("latest_fork_usec"));
  return {
    version: info.get("valkey_version") ?? info.get("redis_version") ?? null,
    isSaving: saved === undefined ? null : saved !== "",
    isAppending: flagOf(info.get("aof_enabled")),
    supervisor: info.get("process_supervised") ?? null,
    minReplicas: wholeOf(settingOf(minReplicas)),
    minReplicasMaxLagMs: lagSeconds === null ? null : lagSeconds * 1_000,
    pingPeriodMs: parseReplPing(ping),
    announced: announcedBy(settingOf(host), wholeOf(settingOf(port))),
    clients: wholeOf(info.get("connected_clients")),
    clientsMax: wholeOf(settingOf(clientsMax)),
    forkMs: forkUs === null ? null : Math.round(forkUs / 1_000),
    sentinels: countSentinels(clients),
  };
}

/** Port 0 and an empty address are Redis's own words for "nothing to announce". */
function announcedBy(host: string | undefined, port: number | null): NodeSetup["announced"] {
  const announced = {
    host: host === undefined || host === "" ? null : host.toLowerCase(),
    port: port === 0 ? null : port,
  };
  return announced.host === null && announced.port === null ? null : announced;
}

/** The value of a `CONFIG GET`; undefined when it was refused or isn't known. */
export function settingOf(reply: Reply | undefined): string | undefined {
  if (reply === undefined || !reply.ok || !Array.isArray(reply.value)) return undefined;
  const [, value] = reply.value;
  return typeof value === "string" ? value : undefined;
}

function wholeOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function flagOf(text: string | undefined): boolean | null {
  return text === undefined ? null : text === "1";
}
