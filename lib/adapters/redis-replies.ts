import type { ProbeReply } from "../core/model.ts";
import type { Failure } from "../ports/errors.ts";
import type { Reply } from "./redis-connection.ts";
import { errorCode, isForbidden, isSentinel } from "./redis-info.ts";

/** What answers and failures of the wire mean as the answer to a probe. */

function pingReply(reply: Reply | undefined): ProbeReply {
  if (reply === undefined) return { kind: "reset" };
  if (reply.ok) {
    if (reply.value === "PONG") return { kind: "pong" };
    return { kind: "error", code: "PROTOCOL", text: `PING was answered ${String(reply.value)}` };
  }
  return { kind: "error", code: errorCode(reply.text), text: reply.text };
}

/** A server that answers PING and does not say who it is can't be watched: that is an answer, and no death (N19). */
export function replyOf(
  ping: Reply | undefined,
  role: Reply | undefined,
  infoRefusal: string | null,
): ProbeReply {
  const reply = pingReply(ping);
  if (reply.kind !== "pong") return reply;
  if (isSentinel(role)) {
    return { kind: "error", code: "PROTOCOL", text: "a Redis Sentinel listens here, no server" };
  }
  if (infoRefusal === null) return reply;
  return { kind: "error", code: "NOPERM", text: infoRefusal };
}

export function refusalOfInfo(info: Reply | undefined): string | null {
  return info?.ok === false && isForbidden(info) ? `INFO is refused: ${info.text}` : null;
}

export function exchangeReply(failed: Failure): ProbeReply {
  if (failed.kind === "malformed") return { kind: "error", code: "PROTOCOL", text: failed.why };
  // With TLS 1.3 a server refuses a certificate when the client believes that the handshake is over.
  if (failed.kind === "denied") return { kind: "error", code: "TLS", text: failed.why };
  return failed.kind === "timeout" ? { kind: "timeout" } : { kind: "reset" };
}

export function connectReply(failed: Failure): ProbeReply {
  if (failed.kind === "timeout") return { kind: "timeout" };
  if (failed.kind === "cut") return { kind: "reset" };
  if (failed.kind === "unresolved") return { kind: "unresolved", text: failed.why };
  if (failed.kind === "denied") return { kind: "error", code: "TLS", text: failed.why };
  if (failed.why.endsWith("refused")) return { kind: "refused" };
  return { kind: "unreachable", text: failed.why };
}
