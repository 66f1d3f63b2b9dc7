import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Account } from "./account.ts";
import { ApiError, throttling } from "./api-error.ts";
import { type Answer, perform, type Timings } from "./operations.ts";
import type { Change } from "./record-set.ts";
import { renderError } from "./responses.ts";
import { matchRoute, type Route } from "./routes.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** Misbehaviour to switch on and off while the stand-in runs. */
export interface Faults {
  /** Every request is answered 503. */
  unavailable?: boolean;
  /** Requests are accepted and never answered; nothing of them is applied. */
  hang?: boolean;
  /** Every request is answered Throttling. */
  throttled?: boolean;
  /** Changes of records are answered AccessDenied. */
  denied?: boolean;
  /** So many of the next accepted change batches are applied and their connection is cut. */
  dropReplyOnce?: number;
}

/** One request, as it ended. */
export interface AccessEntry {
  /** When it arrived, in milliseconds of the stand-in's clock. */
  readonly time: number;
  readonly method: string;
  /** The operation, or undefined when the request line named none. */
  readonly action: Route["action"] | undefined;
  readonly zoneId: string | undefined;
  /** The HTTP status, or undefined when no answer was sent. */
  readonly status: number | undefined;
  /** The error code, `Hang` or `ReplyDropped` for those faults, or undefined for success. */
  readonly code: string | undefined;
  /** From arrival to answer, in milliseconds of the stand-in's clock. */
  readonly ms: number;
  /** What a change batch asked for, refused or not. */
  readonly changes: readonly Change[];
}

/** What the API server works on. */
export interface ApiOptions {
  readonly account: Account;
  readonly timings: Timings;
  readonly faults: Faults;
  readonly bucket: TokenBucket;
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the stand-in is being closed. */
  readonly wait: (durationMs: number) => Promise<void>;
  readonly onAccess: (entry: AccessEntry) => void;
}

/** How a request ends: with an answer, a refusal, or no word at all. */
type Ending =
  | { readonly kind: "answered"; readonly answer: Answer }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: "silent"; readonly code: "Hang" | "ReplyDropped" };

/** What became known about a request on the way, for the access log. */
interface Trace {
  route: Route | undefined;
  changes: readonly Change[];
}

const bodyBytesMax = 1024 * 1024;
/** What is read of an oversized body, and thrown away, before its connection is cut. */
const drainedBytesMax = 16 * bodyBytesMax;

/**
 * Creates the HTTP server of the API, not yet listening. Signatures are not verified. No request
 * can end the server: what is not foreseen is answered 500 InternalFailure.
 */
export function createApiServer(options: ApiOptions): Server {
  let requestsSeen = 0;
  const server = createServer((request, response) => {
    requestsSeen += 1;
    const requestId = `route53-${requestsSeen}`;
    void serve(request, response, requestId, options);
  });
  server.on("clientError", (_error, socket) => {
    // What is not HTTP gets a plain refusal; there is no request to log or to answer in XML.
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  options: ApiOptions,
): Promise<void> {
  const { now, onAccess } = options;
  const time = now();
  const trace: Trace = { route: undefined, changes: [] };
  const ending = await settle(request, trace, options);
  onAccess({
    time,
    method: request.method ?? "",
    action: trace.route?.action,
    zoneId: trace.route !== undefined && "zoneId" in trace.route ? trace.route.zoneId : undefined,
    status: statusOf(ending),
    code: ending.kind === "answered" ? undefined : ending.code,
    ms: now() - time,
    changes: trace.changes,
  });
  send(ending, request, response, requestId);
}

async function settle(
  request: IncomingMessage,
  trace: Trace,
  options: ApiOptions,
): Promise<Ending> {
  try {
    return await handle(request, trace, options);
  } catch (error) {
    if (error instanceof ApiError) {
      return { kind: "refused", status: error.status, code: error.code, message: error.message };
    }
    return { kind: "refused", status: 500, code: "InternalFailure", message: String(error) };
  }
}

async function handle(
  request: IncomingMessage,
  trace: Trace,
  options: ApiOptions,
): Promise<Ending> {
  const { faults, bucket, now } = options;
  // The route comes first so that the log can name what met a fault.
  const route = matchRoute(request.method ?? "", request.url ?? "");
  trace.route = route;
  if (faults.hang === true) return { kind: "silent", code: "Hang" };
  if (faults.unavailable === true) {
    throw new ApiError(503, "ServiceUnavailable", "The service is switched off");
  }
  if (faults.throttled === true || !bucket.take(now())) throw throttling();
  if (faults.denied === true && route.action === "ChangeResourceRecordSets") {
    throw new ApiError(403, "AccessDenied", "The caller has no right to change records");
  }
  const body = await readBody(request);
  const onChanges = (changes: readonly Change[]): void => {
    trace.changes = changes;
  };
  const answer = await perform(route, body, { ...options, onChanges });
  const repliesToDrop = faults.dropReplyOnce ?? 0;
  if (route.action === "ChangeResourceRecordSets" && repliesToDrop > 0) {
    faults.dropReplyOnce = repliesToDrop - 1;
    return { kind: "silent", code: "ReplyDropped" };
  }
  return { kind: "answered", answer };
}

/**
 * Reads the whole body. An oversized one is read to its end without being kept, because a refusal
 * sent into the middle of it would be lost with the connection.
 */
async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  return await new Promise<string>((resolve, reject) => {
    request.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes <= bodyBytesMax) parts.push(part);
      else if (bytes > drainedBytesMax) request.destroy();
    });
    request.on("end", () => {
      if (bytes <= bodyBytesMax) resolve(Buffer.concat(parts).toString("utf8"));
      else reject(tooLarge(bytes));
    });
    request.on("close", () =>
      reject(new ApiError(400, "RequestAborted", "Expected a whole body, got part of one")),
    );
    // The reason is of no use here: what matters, that the body is incomplete, comes with close.
    request.on("error", () => undefined);
  });
}

function tooLarge(bytes: number): ApiError {
  return new ApiError(
    413,
    "RequestEntityTooLarge",
    `Expected a body up to ${bodyBytesMax} bytes, got ${bytes}`,
  );
}

function send(
  ending: Ending,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): void {
  if (ending.kind === "silent") {
    // A hanging connection stays open until its client or the closing of the stand-in ends it.
    if (ending.code === "ReplyDropped") request.socket.destroy();
    return;
  }
  const isRefused = ending.kind === "refused";
  const status = isRefused ? ending.status : ending.answer.status;
  const body = isRefused
    ? renderError(status, ending.code, ending.message, requestId)
    : ending.answer.body;
  const location = isRefused ? undefined : ending.answer.location;
  response.writeHead(status, {
    "Content-Type": "text/xml",
    "Content-Length": Buffer.byteLength(body),
    "x-amzn-RequestId": requestId,
    ...(location === undefined ? {} : { Location: location }),
  });
  response.end(body);
}

function statusOf(ending: Ending): number | undefined {
  if (ending.kind === "silent") return undefined;
  return ending.kind === "refused" ? ending.status : ending.answer.status;
}
