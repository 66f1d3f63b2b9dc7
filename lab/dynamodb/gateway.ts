import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { isRecord, type ListeningServer, listen, parseJson, readBody } from "../http-server.ts";
import {
  isWrite,
  keySchemaOf,
  pickHeaders,
  type Store,
  type StoreReply,
  type StoreRequest,
  startStore,
} from "./store.ts";

/** What goes wrong between a client and the table. All of it may be changed while requests run. */
export type DynamoDbFaults = {
  /** How long each request waits to be applied; it is, even if its client has given up. */
  latencyMs: number;
  /** `503` answers ServiceUnavailable at once; `cut` closes each connection without an answer. */
  unavailable: "no" | "503" | "cut";
  /** Accepts requests, applies none and never answers. */
  hang: boolean;
  /** Refuses these calls, such as `PutItem`, as one that the caller has no right to. */
  denied: readonly string[];
  /** So many of the next requests are refused with `throttleError`. */
  throttleNext: number;
  throttleError:
    | "ThrottlingException"
    | "ProvisionedThroughputExceededException"
    | "TransactionConflictException"
    | "ReplicatedWriteConflictException";
  /** So many of the next writes that succeed are applied, and then the connection is cut. */
  loseReplyNext: number;
};

export type SeenRequest = Readonly<{ operation: string; body: unknown }>;
export type SeenReply = Readonly<{ status: number; body: unknown }>;

/** Where a test can hold a request. A hook that throws makes the answer a 500 with its message. */
export type DynamoDbHooks = {
  /** Awaited before the request reaches the table. */
  onRequest?: ((request: SeenRequest) => Promise<void>) | undefined;
  /** Awaited when the table has answered and the client has not yet heard of it. */
  onApplied?: ((request: SeenRequest, reply: SeenReply) => Promise<void>) | undefined;
};

export type DoorOptions = Readonly<{
  host?: string;
  port?: number;
  onRequest?: DynamoDbHooks["onRequest"];
  onApplied?: DynamoDbHooks["onApplied"];
}>;

/** One address of the store, with faults of its own: what one observer sees of DynamoDB. */
export type DynamoDbDoor = Readonly<{
  /** The value for AWS_ENDPOINT_URL_DYNAMODB. */
  endpoint: string;
  faults: DynamoDbFaults;
  hooks: DynamoDbHooks;
  /** Requests by operation, as they arrived, whatever became of them. */
  counts: Record<string, number>;
  /** Cuts what is still open, held or hanging. Safe to call twice. */
  close(): Promise<void>;
}>;

export type DynamoDbStandIn = DynamoDbDoor &
  Readonly<{
    /** Creates an on-demand table with the text keys `pk` and `sk`, unless it is there already. */
    createTable(name: string): Promise<void>;
    /** Opens another address of the same tables, so that one observer alone can lose the store. */
    openDoor(options?: DoorOptions): Promise<DynamoDbDoor>;
  }>;

/**
 * Starts DynamoDB's stand-in in this process: empty, in memory, and as unreliable as `faults` says.
 * It differs from DynamoDB in what dynalite lacks: no transactions, no UpdateTimeToLive.
 */
export async function startDynamoDb(options: DoorOptions = {}): Promise<DynamoDbStandIn> {
  const store = startStore();
  const doors: Door[] = [];
  const openDoor = async (doorOptions: DoorOptions = {}): Promise<Door> => {
    const door = new Door(store, doorOptions);
    await door.open(doorOptions);
    doors.push(door);
    return door;
  };
  let closing: Promise<void> | null = null;
  const closeAll = async () => {
    await Promise.all(doors.map((door) => door.close()));
    await store.close();
  };
  try {
    const { endpoint, faults, hooks, counts } = await openDoor(options);
    return {
      endpoint,
      faults,
      hooks,
      counts,
      createTable: (name) => createTable(store, name),
      openDoor,
      close: () => {
        closing ??= closeAll();
        return closing;
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const requestBytesMax = 16 * 1024 * 1024;

class Door implements DynamoDbDoor {
  readonly faults: DynamoDbFaults = {
    latencyMs: 0,
    unavailable: "no",
    hang: false,
    denied: [],
    throttleNext: 0,
    throttleError: "ThrottlingException",
    loseReplyNext: 0,
  };
  readonly hooks: DynamoDbHooks;
  readonly counts: Record<string, number> = {};
  readonly #store: Store;
  readonly #closing = new AbortController();
  #server: ListeningServer | null = null;

  constructor(store: Store, { onRequest, onApplied }: DoorOptions) {
    this.#store = store;
    this.hooks = { onRequest, onApplied };
  }

  get endpoint(): string {
    return this.#server?.endpoint ?? "";
  }

  async open({ host = "127.0.0.1", port = 0 }: DoorOptions): Promise<void> {
    this.#server = await listen((request, response) => void this.#serve(request, response), {
      host,
      port,
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server?.close();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await readRequest(incoming);
      const reply = await this.#answer(request);
      if (reply === "never") return;
      if (reply === "cut") incoming.socket.destroy();
      else send(response, reply);
    } catch (error) {
      // A client that went away, or a door that closes, has nobody left to answer.
      if (this.#closing.signal.aborted || response.destroyed) return;
      send(response, refusal(500, "InternalServerError", String(error)));
    }
  }

  async #answer(request: StoreRequest): Promise<StoreReply | "never" | "cut"> {
    const { operation, body } = request;
    if (operation !== "") this.counts[operation] = (this.counts[operation] ?? 0) + 1;
    const refused = this.#refuse(operation);
    if (refused !== null) return refused;
    if (this.faults.latencyMs > 0) {
      await delay(this.faults.latencyMs, undefined, { signal: this.#closing.signal });
    }
    await this.hooks.onRequest?.({ operation, body });
    const reply = await this.#store.apply(request);
    await this.hooks.onApplied?.(
      { operation, body },
      { status: reply.status, body: parseJson(reply.rawBody) },
    );
    const isLost = this.faults.loseReplyNext > 0 && reply.status === 200 && isWrite(operation);
    if (isLost) this.faults.loseReplyNext -= 1;
    return isLost ? "cut" : reply;
  }

  #refuse(operation: string): StoreReply | "never" | "cut" | null {
    const { faults } = this;
    if (faults.unavailable === "cut") return "cut";
    if (faults.unavailable === "503") {
      return refusal(503, "ServiceUnavailable", "The service is unavailable: a fault of the lab.");
    }
    if (faults.hang) return "never";
    if (faults.denied.includes(operation)) {
      return refusal(400, "AccessDeniedException", `No right to ${operation}: a fault of the lab.`);
    }
    if (faults.throttleNext <= 0) return null;
    faults.throttleNext -= 1;
    return refusal(400, faults.throttleError, "Rate of requests exceeded: a fault of the lab.");
  }
}

async function readRequest(incoming: IncomingMessage): Promise<StoreRequest> {
  const rawBody = (await readBody(incoming, requestBytesMax)).toString("utf8");
  const target = incoming.headers["x-amz-target"];
  return {
    method: incoming.method ?? "GET",
    path: incoming.url ?? "/",
    headers: pickHeaders(incoming.headers, requestHeaders),
    operation: typeof target === "string" ? (target.split(".")[1] ?? "") : "",
    body: parseJson(rawBody),
    rawBody,
  };
}

const requestHeaders = ["content-type", "x-amz-target", "x-amz-date", "authorization"];

function refusal(status: number, name: string, message: string): StoreReply {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0" },
    rawBody: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message }),
  };
}

function send(response: ServerResponse, reply: StoreReply): void {
  response.writeHead(reply.status, {
    ...reply.headers,
    "content-length": Buffer.byteLength(reply.rawBody),
  });
  response.end(reply.rawBody);
}

const describeAttempts = 100;
const describePauseMs = 10;

async function createTable(store: Store, name: string): Promise<void> {
  const created = await store.call("CreateTable", {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
  });
  if (created.status !== 200 && !isAlreadyThere(created.body)) {
    throw new Error(
      `Expected to create the table "${name}", got ${JSON.stringify(created.body)}: ` +
        "check its name.",
    );
  }
  for (let attempt = 0; attempt < describeAttempts; attempt += 1) {
    const { body } = await store.call("DescribeTable", { TableName: name });
    const table = isRecord(body) ? body.Table : undefined;
    if (isRecord(table) && table.TableStatus === "ACTIVE") return expectKeys(name, body);
    await delay(describePauseMs);
  }
  throw new Error(`Expected the table "${name}" to become ACTIVE, got no end: start a new store.`);
}

function isAlreadyThere(body: unknown): boolean {
  return isRecord(body) && String(body.__type).endsWith("#ResourceInUseException");
}

function expectKeys(name: string, description: unknown): void {
  const keys = keySchemaOf(description).map(([attribute, kind]) => `${attribute} ${kind}`);
  if (keys.join(", ") === "pk HASH, sk RANGE") return;
  throw new Error(
    `Expected the table "${name}" with the keys pk HASH, sk RANGE, got ${keys.join(", ")}: ` +
      "another program made it; choose another name.",
  );
}
