import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ListeningServer, listen, readBody } from "../http-server.ts";
import { asInvocationError } from "./invocation-error.ts";

/** A function that Lambda's Invoke API can reach. */
export type InvocableFunction = Readonly<{
  functionName: string;
  region: string;
  /** Runs it and returns its result; throws an InvocationError. */
  invoke(event: unknown, requestId?: string): Promise<unknown>;
  /** Starts it and returns; failures are reported by the function, and nothing is tried again. */
  invokeAsync(event: unknown, requestId?: string): void;
}>;

export type InvokeApiOptions = Readonly<{
  /**
   * Asked at each request. Functions of the same name are told apart by the region of the request's
   * signature.
   */
  functions: () => readonly InvocableFunction[];
  host?: string;
  port?: number;
}>;

/**
 * Serves `POST /2015-03-31/functions/{name}/invocations` as AWS Lambda does, for
 * AWS_ENDPOINT_URL_LAMBDA: Event, RequestResponse and DryRun, names, partial and full ARNs.
 */
export function startInvokeApi(options: InvokeApiOptions): Promise<ListeningServer> {
  return listen((request, response) => void serve(options, request, response), {
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
  });
}

const payloadBytesMax = 6 * 1024 * 1024;
const invocationPath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const functionIdentifier =
  /^(?:arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:|\d{12}:function:)?([\w-]+)(?::[\w$-]+)?$/;
const credentialRegion = /Credential=[^/]+\/\d+\/([^/]+)\//;

async function serve(
  options: InvokeApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader("x-amzn-RequestId", requestId);
  try {
    const target = find(options.functions(), request);
    if (target === null) {
      refuse(response, 404, "ResourceNotFoundException", `Function not found: ${request.url}`);
      return;
    }
    const payload = (await readBody(request, payloadBytesMax)).toString("utf8");
    const event: unknown = payload === "" ? {} : JSON.parse(payload);
    await invoke(target, event, requestId, request, response);
  } catch (error) {
    const message = `Could not parse request body into json: ${String(error)}`;
    refuse(response, 400, "InvalidRequestContentException", message);
  }
}

async function invoke(
  target: InvocableFunction,
  event: unknown,
  requestId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const kind = request.headers["x-amz-invocation-type"] ?? "RequestResponse";
  switch (kind) {
    case "Event":
      // Accepted before it runs: the caller learns nothing of its fate, as with Lambda.
      response.writeHead(202).end();
      target.invokeAsync(event, requestId);
      return;
    case "DryRun":
      response.writeHead(204).end();
      return;
    case "RequestResponse":
      await respond(target, event, requestId, response);
      return;
    default:
      refuse(
        response,
        400,
        "InvalidParameterValueException",
        `Expected the invocation type Event, RequestResponse or DryRun, got ${String(kind)}.`,
      );
  }
}

async function respond(
  target: InvocableFunction,
  event: unknown,
  requestId: string,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("x-amz-executed-version", "$LATEST");
  try {
    const result = await target.invoke(event, requestId);
    sendJson(response, 200, result);
  } catch (thrown) {
    const error = asInvocationError(thrown);
    if (error.kind === "throttled") {
      refuse(response, 429, error.errorType, error.message);
      return;
    }
    response.setHeader("x-amz-function-error", "Unhandled");
    const trace = error.handlerStack === "" ? [] : error.handlerStack.split("\n");
    sendJson(response, 200, { errorType: error.errorType, errorMessage: error.message, trace });
  }
}

function find(
  functions: readonly InvocableFunction[],
  request: IncomingMessage,
): InvocableFunction | null {
  if (request.method !== "POST") return null;
  const path = new URL(request.url ?? "/", "http://lab").pathname;
  const encoded = invocationPath.exec(path)?.[1];
  if (encoded === undefined) return null;
  const name = functionIdentifier.exec(decodeURIComponent(encoded))?.[1];
  // A request without a signature, as of curl, reaches the function in whatever region it is.
  const region = credentialRegion.exec(request.headers.authorization ?? "")?.[1];
  return (
    functions.find(
      (each) => each.functionName === name && (region === undefined || each.region === region),
    ) ?? null
  );
}

function refuse(response: ServerResponse, status: number, name: string, message: string): void {
  response.setHeader("x-amzn-ErrorType", name);
  sendJson(response, status, { Type: "User", Message: message, message });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
