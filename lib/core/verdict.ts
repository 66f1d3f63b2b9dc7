import { assertNever } from "./assert-never.ts";
import type { Settings } from "./config.ts";
import {
  isAnswer,
  isLoadingTooLong,
  isRefusedTooLong,
  isSilentTooLong,
  type NodeMemory,
} from "./detector.ts";
import type { RedisErrorCode, Verdict } from "./model.ts";
import { isMemoryFull, writeRefusal } from "./spells.ts";

/**
 * What this observer concludes of a node, from its own probes alone. Role and lineage of the committed master are
 * judged in situation.ts; `blind` is about the whole group (no node answered) and is judged there too.
 */
export function verdictOf(memory: NodeMemory, settings: Settings, nowMs: number): Verdict {
  const reply = memory.lastReply;
  if (reply === null) return { kind: "slow" };
  if (isSilentTooLong(memory, settings, nowMs)) {
    return { kind: "down", of: memory.refusedSinceMs === null ? "silent" : "refused" };
  }
  if (isRefusedTooLong(memory, settings, nowMs)) return { kind: "down", of: "refused" };
  if (reply.kind === "unresolved") return { kind: "unresolved" };
  // A server that loads answers in the pauses of its work: a probe that it misses makes it no better.
  if (isLoadingTooLong(memory, settings, nowMs)) return { kind: "down", of: "loading" };
  if (!isAnswer(reply)) return { kind: "slow" };
  if (reply.kind === "error") return verdictOfError(reply.code, reply.text);
  if (memory.facts?.isLoading) return { kind: "loading" };
  const isRefusing = isMemoryFull(memory.facts) || writeRefusal(memory, settings, nowMs) !== null;
  if (memory.role === "master" && isRefusing) return { kind: "degraded" };
  return { kind: "up" };
}

/** Every error is an answer: the node is alive, and the error says what is wrong with it (faults N6 to N10). */
function verdictOfError(code: RedisErrorCode, text: string): Verdict {
  switch (code) {
    case "LOADING":
      return { kind: "loading" };
    case "BUSY":
      return { kind: "busy" };
    case "MAXCLIENTS":
      return { kind: "full" };
    case "MISCONF":
      return { kind: "degraded" };
    case "MASTERDOWN":
      return { kind: "up" };
    case "NOAUTH":
    case "WRONGPASS":
    case "NOPERM":
    case "TLS":
      return { kind: "denied" };
    case "PROTOCOL":
      return { kind: "foreign", why: `it does not speak the Redis protocol: ${text}` };
    case "OTHER":
      return { kind: "degraded" };
    default:
      return assertNever(code);
  }
}

/** The verdict as one word for logs and tables: `down(silent)`, `up`. */
export function formatVerdict(verdict: Verdict): string {
  return verdict.kind === "down" ? `down(${verdict.of})` : verdict.kind;
}
