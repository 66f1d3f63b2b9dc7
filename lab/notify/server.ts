import type { IncomingMessage, ServerResponse } from "node:http";
import { isRecord, listen, parseJson, readBody } from "../http-server.ts";

/** A topic and an event bus on loopback: what SNS's Publish and EventBridge's PutEvents say, and how they fail. */

export type Service = "sns" | "eventbridge";

/** `refuse-entry`: an answer of 200 that says inside that the entry was not taken; SNS knows no such answer. */
export type Mode = "take" | "hang" | "fail" | "throttle" | "deny" | "refuse-entry";

/** One notification as its receivers see it. */
export interface Received {
  readonly service: Service;
  /** The ARN that it was sent to. */
  readonly to: string;
  /** The subject of a message, or the detail type of an event. */
  readonly title: string;
  /** The source of an event; a message has none. */
  readonly source: string | null;
  /** A message's attributes, by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The message, or the detail, as it was sent. */
  readonly text: string;
}

export interface NotifyStandIn {
  /** For AWS_ENDPOINT_URL_SNS and AWS_ENDPOINT_URL_EVENTBRIDGE alike. */
  readonly endpoint: string;
  /** What was taken, in the order of its arrival. */
  readonly taken: readonly Received[];
  /** Every request, whatever became of it. */
  readonly asked: readonly Received[];
  /** The requests that hang now, with their clients still waiting. */
  readonly hanging: readonly Received[];
  /** From now on the service behaves so; what hangs goes on hanging until `release`. */
  set(service: Service, mode: Mode): void;
  /** What hangs is taken now. */
  release(): void;
  close(): Promise<void>;
}

export interface NotifyOptions {
  readonly host?: string;
  readonly port?: number;
  readonly onTaken?: (received: Received) => void;
}

const bodyBytesMax = 1024 * 1024;
const keptMax = 10_000;

export async function startNotify(options: NotifyOptions = {}): Promise<NotifyStandIn> {
  const { host = "127.0.0.1", port = 0, onTaken } = options;
  const modes: Record<Service, Mode> = { sns: "take", eventbridge: "take" };
  const taken: Received[] = [];
  const asked: Received[] = [];
  const held = new Map<Received, () => void>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = readRequest(request, (await readBody(request, bodyBytesMax)).toString("utf8"));
    if (received === null) return respond(response, 400, "text/plain", "not understood");
    keep(asked, received);
    const take = (): void => {
      keep(taken, received);
      onTaken?.(received);
      accept(response, received.service);
    };
    const mode = modes[received.service];
    if (mode === "take") take();
    else if (mode === "hang") hold(response, held, received, take);
    else refuse(response, received.service, mode);
  };

  const server = await listen(
    (request, response) => {
      answer(request, response).catch(() => response.destroy());
    },
    { host, port },
  );
  return {
    endpoint: server.endpoint,
    taken,
    asked,
    get hanging() {
      return [...held.keys()];
    },
    set: (service, mode) => {
      modes[service] = mode;
    },
    release: () => {
      for (const take of [...held.values()]) take();
      held.clear();
    },
    close: () => server.close(),
  };
}

function keep(list: Received[], received: Received): void {
  list.push(received);
  if (list.length > keptMax) list.shift();
}

/** A client that gives up has not been heard. */
function hold(
  response: ServerResponse,
  held: Map<Received, () => void>,
  received: Received,
  take: () => void,
): void {
  held.set(received, take);
  response.on("close", () => held.delete(received));
}

function readRequest(request: IncomingMessage, body: string): Received | null {
  const target = request.headers["x-amz-target"];
  if (target === "AWSEvents.PutEvents") return readEvent(parseJson(body));
  const form = new URLSearchParams(body);
  return form.get("Action") === "Publish" ? readMessage(form) : null;
}

function readEvent(body: unknown): Received | null {
  const entries = isRecord(body) && Array.isArray(body.Entries) ? body.Entries : [];
  const [entry]: readonly unknown[] = entries;
  if (entries.length !== 1 || !isRecord(entry)) return null;
  return {
    service: "eventbridge",
    to: String(entry.EventBusName),
    title: String(entry.DetailType),
    source: String(entry.Source),
    attributes: {},
    text: String(entry.Detail),
  };
}

function readMessage(form: URLSearchParams): Received {
  const attributes: Record<string, string> = {};
  for (let index = 1; ; index += 1) {
    const entry = `MessageAttributes.entry.${index}`;
    const name = form.get(`${entry}.Name`);
    if (name === null) break;
    attributes[name] = form.get(`${entry}.Value.StringValue`) ?? "";
  }
  return {
    service: "sns",
    to: form.get("TopicArn") ?? "",
    title: form.get("Subject") ?? "",
    source: null,
    attributes,
    text: form.get("Message") ?? "",
  };
}

function accept(response: ServerResponse, service: Service): void {
  if (service === "sns") {
    const result = "<PublishResult><MessageId>m-1</MessageId></PublishResult>";
    const meta = "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>";
    const text = `<PublishResponse xmlns="${snsNamespace}">${result}${meta}</PublishResponse>`;
    respond(response, 200, "text/xml", text);
    return;
  }
  respondJson(response, 200, { FailedEntryCount: 0, Entries: [{ EventId: "e-1" }] });
}

const snsNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";

const refusals = {
  fail: { status: 500, sns: "InternalError", eventbridge: "InternalException" },
  throttle: { status: 400, sns: "Throttled", eventbridge: "ThrottlingException" },
  deny: { status: 403, sns: "AuthorizationError", eventbridge: "AccessDeniedException" },
} as const;

function refuse(
  response: ServerResponse,
  service: Service,
  mode: Exclude<Mode, "take" | "hang">,
): void {
  if (mode === "refuse-entry") {
    const entry = { ErrorCode: "InternalFailure", ErrorMessage: "Unexpected error." };
    respondJson(response, 200, { FailedEntryCount: 1, Entries: [entry] });
    return;
  }
  const { status, [service]: code } = refusals[mode];
  if (service === "sns") {
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>as the lab was told</Message></Error>`;
    const text = `<ErrorResponse xmlns="${snsNamespace}">${error}<RequestId>r-1</RequestId></ErrorResponse>`;
    respond(response, status, "text/xml", text);
    return;
  }
  respondJson(response, status, { __type: code, message: "as the lab was told" });
}

function respondJson(response: ServerResponse, status: number, body: unknown): void {
  respond(response, status, "application/x-amz-json-1.1", JSON.stringify(body));
}

function respond(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": type });
  response.end(text);
}
