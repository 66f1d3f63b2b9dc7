import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { listen, readBody } from "../../lab/http-server.ts";
import { type InvocationError, threw } from "../../lab/lambda/invocation-error.ts";

/**
 * The HTTP interface through which a Lambda runtime gets its invocations, for one execution environment
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). One invocation at a time, as with Lambda.
 */
export interface RuntimeApi {
  /** `host:port`, the form of AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves when the runtime first asks for an invocation; rejects with what it says of a start that failed. */
  readonly ready: Promise<void>;
  /**
   * Hands over an invocation. Resolves with the JSON of the result, rejects with an InvocationError for what was thrown;
   * either when the runtime has asked for the next invocation, which is when Lambda freezes it.
   */
  invoke(invocation: Invocation): Promise<string>;
  /** Ends whatever waits: the runtime's process is gone. What it answered before counts. */
  abandon(why: InvocationError): void;
  close(): Promise<void>;
}

export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** Milliseconds since 1970. */
  readonly deadlineAtMs: number;
  readonly functionArn: string;
}

/** `onAsked` is called at each question for an invocation, before anything else happens with it. */
export async function startRuntimeApi(onAsked: () => void): Promise<RuntimeApi> {
  const state = new Conversation(onAsked);
  const server = await listen((request, response) => void serve(state, request, response), {
    host: "127.0.0.1",
    port: 0,
  });
  return {
    address: `127.0.0.1:${server.port}`,
    ready: state.ready.promise,
    invoke: (invocation) => state.invoke(invocation),
    abandon: (why) => state.abandon(why),
    close: server.close,
  };
}

const bodyBytesMax = 6 * 1024 * 1024;
const root = "/2018-06-01/runtime";

type Answer = { readonly ok: string } | { readonly error: InvocationError };

class Conversation {
  readonly ready = Promise.withResolvers<void>();
  readonly #onAsked: () => void;
  #question: ServerResponse | null = null;
  #running: (PromiseWithResolvers<string> & { readonly id: string }) | null = null;
  #answer: Answer | null = null;

  constructor(onAsked: () => void) {
    this.#onAsked = onAsked;
    // Whoever invokes awaits it too.
    this.ready.promise.catch(() => {});
  }

  invoke({ requestId, event, deadlineAtMs, functionArn }: Invocation): Promise<string> {
    const question = this.#question;
    if (question === null) {
      throw new Error("expected a runtime that asks for an invocation, got one that does not");
    }
    const running = { ...Promise.withResolvers<string>(), id: requestId };
    this.#question = null;
    this.#answer = null;
    this.#running = running;
    question.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": requestId,
      "lambda-runtime-deadline-ms": String(deadlineAtMs),
      "lambda-runtime-invoked-function-arn": functionArn,
    });
    question.end(JSON.stringify(event));
    return running.promise;
  }

  /** The runtime asks for an invocation: what it was at before is over. */
  asked(question: ServerResponse): void {
    this.#onAsked();
    this.#question = question;
    this.ready.resolve();
    this.#settle(
      threw("threw", { name: "NoAnswer", message: "asked without an answer", stack: "" }),
    );
  }

  /** False where the answer belongs to no invocation that runs. */
  answered(id: string, answer: Answer): boolean {
    if (this.#running?.id !== id) return false;
    this.#answer = answer;
    return true;
  }

  initFailed(error: InvocationError): void {
    this.ready.reject(error);
  }

  abandon(why: InvocationError): void {
    this.#question = null;
    this.ready.reject(why);
    this.#settle(why);
  }

  #settle(unanswered: InvocationError): void {
    const [running, answer] = [this.#running, this.#answer ?? { error: unanswered }];
    this.#running = null;
    this.#answer = null;
    if ("ok" in answer) running?.resolve(answer.ok);
    else running?.reject(answer.error);
  }
}

async function serve(
  state: Conversation,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = `${request.method} ${request.url}`;
  if (route === `GET ${root}/invocation/next`) {
    state.asked(response);
    return;
  }
  const body = (await readBody(request, bodyBytesMax)).toString("utf8");
  const isKnown = receive(state, route, body);
  response.writeHead(isKnown ? 202 : 400, { "content-type": "application/json" });
  response.end(JSON.stringify({ status: isKnown ? "OK" : `unexpected ${route}` }));
}

const answerPath = /^POST \/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;

/** False for what no runtime may send now. */
function receive(state: Conversation, route: string, body: string): boolean {
  if (route === `POST ${root}/init/error`) {
    state.initFailed(readError("init", body));
    return true;
  }
  const [, id = "", kind] = answerPath.exec(route) ?? [];
  if (kind === undefined) return false;
  return state.answered(
    id,
    kind === "response" ? { ok: body } : { error: readError("threw", body) },
  );
}

const errorBody = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  trace: z.array(z.string()).default([]),
});

function readError(kind: "threw" | "init", body: string): InvocationError {
  const { errorType, errorMessage, trace } = errorBody.parse(JSON.parse(body));
  return threw(kind, { name: errorType, message: errorMessage, stack: trace.join("\n") });
}
