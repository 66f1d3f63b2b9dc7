import type { RedisErrorCode } from "../../lib/core/model.ts";
import type { WriteAnswer } from "../../lib/core/spells.ts";
import type { ScriptKilled } from "../../lib/ports/redis.ts";

/**
 * Conditions in which a server is alive and yet of no use: it runs a script, one that has written or one that has not, can't save, is full, doesn't know our password any
 * more, takes no more clients (faults N7 to N10), forbids us to change its role (N19), or runs without a file that could
 * keep the role (protocol F8). Loading is one of its own, because it ends by itself (N6).
 */
export const ailments = [
  "busy",
  "unkillable",
  "misconf",
  "oom",
  "denied",
  "full",
  "forbidden",
  "fileless",
] as const;
export type Ailment = (typeof ailments)[number];

/** What may be asked of a server, as far as ailments tell questions apart. */
export type Question = "ping" | "role" | "info" | "get" | "write" | "change" | "replicate";

/** An error reply. */
export interface Refusal {
  readonly code: RedisErrorCode;
  readonly text: string;
}

const loading: Refusal = {
  code: "LOADING",
  text: "LOADING Redis is loading the dataset in memory",
};
const busy: Refusal = { code: "BUSY", text: "BUSY Redis is busy running a script" };
const misconf: Refusal = { code: "MISCONF", text: "MISCONF Redis is configured to save snapshots" };
const oom: Refusal = {
  code: "OTHER",
  text: "OOM command not allowed when used memory > 'maxmemory'.",
};
const denied: Refusal = { code: "NOAUTH", text: "NOAUTH Authentication required." };
const forbidden: Refusal = { code: "NOPERM", text: "NOPERM this user has no permissions" };
const full: Refusal = { code: "MAXCLIENTS", text: "ERR max number of clients reached" };

/** A script runs, whether it may be stopped or has written and may not. */
export function isBusy(ailments: ReadonlySet<Ailment>): boolean {
  return ailments.has("busy") || ailments.has("unkillable");
}

/** SCRIPT KILL (tried on Redis 7.0). */
export function stopScript(ailing: Set<Ailment>): ScriptKilled {
  if (ailing.has("unkillable")) return { answer: "unkillable", text: "UNKILLABLE" };
  return ailing.delete("busy")
    ? { answer: "killed", text: "OK" }
    : { answer: "gone", text: "NOTBUSY" };
}

/** What a refusal says of writes. */
export function writeAnswerOf({ code }: Refusal): WriteAnswer {
  if (code === "BUSY" || code === "LOADING") return "moot";
  return code === "NOAUTH" || code === "NOPERM" ? "denied" : "refused";
}

/** How a server that ails answers a question over a connection that stands (tried on Redis 7.0). */
export function refusalBy(
  server: {
    readonly isLoading: boolean;
    readonly role: "master" | "replica";
    readonly ailments: ReadonlySet<Ailment>;
  },
  question: Question,
): Refusal | null {
  if (server.isLoading) return question === "info" || question === "role" ? null : loading;
  if (isBusy(server.ailments)) return busy;
  const isWrite = question === "write" || question === "ping";
  if (server.ailments.has("misconf") && server.role === "master" && isWrite) return misconf;
  const isChange = question === "write" || question === "change";
  if (server.ailments.has("oom") && server.role === "master" && isChange) return oom;
  if (server.ailments.has("forbidden") && question === "change") return forbidden;
  return question === "replicate" && server.ailments.has("full") ? full : null;
}

/** How a server greets a new connection of ours; connections that stand already are not asked again. */
export function greetingBy(server: { readonly ailments: ReadonlySet<Ailment> }): Refusal | null {
  if (server.ailments.has("full")) return full;
  return server.ailments.has("denied") ? denied : null;
}
