import type { Server } from "node:http";
import { crc32 } from "node:zlib";
import dynalite from "dynalite";
import { inject } from "light-my-request";
import { isRecord, parseJson } from "../http-server.ts";
import { KeyLocks } from "./key-locks.ts";

/** One call of the DynamoDB API as it came over the wire. */
export type StoreRequest = Readonly<{
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  /** The name of the call, such as `PutItem`; empty for what is no API call. */
  operation: string;
  /** The parsed body, or undefined when it is not JSON. */
  body: unknown;
  rawBody: string;
}>;

export type StoreReply = Readonly<{
  status: number;
  headers: Readonly<Record<string, string>>;
  rawBody: string;
}>;

/** The tables themselves: dynalite, with what it lacks of DynamoDB's behaviour added. */
export type Store = Readonly<{
  apply(request: StoreRequest): Promise<StoreReply>;
  /** Makes a call of the stand-in's own. */
  call(operation: string, body: unknown): Promise<Readonly<{ status: number; body: unknown }>>;
  close(): Promise<void>;
}>;

const singleItemWrites: readonly string[] = ["PutItem", "UpdateItem", "DeleteItem"];

/** True for the calls that change items. */
export function isWrite(operation: string): boolean {
  return singleItemWrites.includes(operation) || operation === "BatchWriteItem";
}

/**
 * Starts an empty store in this process.
 *
 * dynalite ignores ReturnValuesOnConditionCheckFailure. The store answers it by a read after the
 * refused write, and so that the item it shows is the one that refused, a key's writes queue up:
 *
 *     writer A   |-- put refused --- read back --|
 *     writer B   .......... waits for the key ....|-- put --|
 *
 * Without the queue, B's put could land between the refusal and the read, and A would be shown an
 * item that its condition would have accepted.
 */
export function startStore(): Store {
  return new DynaliteStore(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }));
}

class DynaliteStore implements Store {
  readonly #server: Server;
  readonly #locks = new KeyLocks();
  readonly #keyNames = new Map<string, readonly string[]>();
  readonly #inFlight = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(server: Server) {
    this.#server = server;
  }

  async apply(request: StoreRequest): Promise<StoreReply> {
    if (request.operation === "DeleteTable") this.#keyNames.clear();
    if (!isWrite(request.operation)) return await this.#forward(request);
    const keys = await this.#lockKeys(request);
    return await this.#locks.runWithAll(keys, () => this.#write(request));
  }

  async call(operation: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const reply = await this.#forward({
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": "20200101T000000Z",
        // dynalite wants the form of a signature and verifies none.
        authorization:
          "AWS4-HMAC-SHA256 Credential=lab/20200101/lab/dynamodb/aws4_request, " +
          "SignedHeaders=host, Signature=0",
      },
      operation,
      body,
      rawBody: JSON.stringify(body),
    });
    return { status: reply.status, body: parseJson(reply.rawBody) };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    // It never listened, and its tables are memory: only what is under way has to end.
    await Promise.allSettled(this.#inFlight);
  }

  async #write(request: StoreRequest): Promise<StoreReply> {
    const reply = await this.#forward(request);
    const { body } = request;
    if (reply.status !== 400 || !isRecord(body)) return reply;
    if (body.ReturnValuesOnConditionCheckFailure !== "ALL_OLD") return reply;
    const failure = parseJson(reply.rawBody);
    if (!isRecord(failure) || !isConditionFailure(failure)) return reply;
    const item = await this.#read(body);
    return item === undefined ? reply : withBody(reply, { ...failure, Item: item });
  }

  async #read(written: Record<string, unknown>): Promise<unknown> {
    const { TableName } = written;
    const names = await this.#keyNamesOf(TableName);
    const source = isRecord(written.Key) ? written.Key : written.Item;
    const Key = isRecord(source) ? pick(source, names) : {};
    const found = await this.call("GetItem", { TableName, Key, ConsistentRead: true });
    return isRecord(found.body) ? found.body.Item : undefined;
  }

  async #lockKeys({ operation, body }: StoreRequest): Promise<string[]> {
    if (!isRecord(body)) return [];
    if (operation !== "BatchWriteItem") {
      return await this.#keysOf(body.TableName, [body.Key ?? body.Item]);
    }
    const tables = isRecord(body.RequestItems) ? Object.entries(body.RequestItems) : [];
    const keys = tables.map(([table, writes]) => this.#keysOf(table, batchItems(writes)));
    return (await Promise.all(keys)).flat();
  }

  async #keysOf(table: unknown, items: readonly unknown[]): Promise<string[]> {
    const names = await this.#keyNamesOf(table);
    return items.filter(isRecord).map((item) => JSON.stringify([table, pick(item, names)]));
  }

  /**
   * A table's key attributes; none for a table that does not exist, where dynalite refuses the
   * write itself.
   */
  async #keyNamesOf(table: unknown): Promise<readonly string[]> {
    if (typeof table !== "string") return [];
    const known = this.#keyNames.get(table);
    if (known !== undefined) return known;
    const { body } = await this.call("DescribeTable", { TableName: table });
    const names = keySchemaOf(body).map(([name]) => name);
    if (names.length > 0) this.#keyNames.set(table, names);
    return names;
  }

  async #forward(request: StoreRequest): Promise<StoreReply> {
    if (this.#isClosing)
      throw new Error("Expected an open store, got a closed one: start another.");
    const reply = exchange(this.#server, request);
    this.#inFlight.add(reply);
    try {
      return await reply;
    } finally {
      this.#inFlight.delete(reply);
    }
  }
}

/** The key attributes of a DescribeTable reply with their kinds, `HASH` or `RANGE`. */
export function keySchemaOf(description: unknown): readonly (readonly [string, string])[] {
  const table = isRecord(description) ? description.Table : undefined;
  const schema = isRecord(table) ? table.KeySchema : undefined;
  if (!Array.isArray(schema)) return [];
  return schema
    .filter(isRecord)
    .map(({ AttributeName, KeyType }) => [String(AttributeName), String(KeyType)]);
}

function batchItems(writes: unknown): unknown[] {
  if (!Array.isArray(writes)) return [];
  return writes.filter(isRecord).map(({ PutRequest, DeleteRequest }) => {
    if (isRecord(PutRequest)) return PutRequest.Item;
    return isRecord(DeleteRequest) ? DeleteRequest.Key : undefined;
  });
}

function isConditionFailure(failure: Record<string, unknown>): boolean {
  return String(failure.__type).endsWith("#ConditionalCheckFailedException");
}

function pick(item: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, item[name]]));
}

function withBody(reply: StoreReply, body: unknown): StoreReply {
  const rawBody = JSON.stringify(body);
  return {
    status: reply.status,
    headers: { ...reply.headers, "x-amz-crc32": String(crc32(rawBody)) },
    rawBody,
  };
}

/** dynalite is an HTTP server; it is handed its requests without a socket, which took longer than its answers. */
async function exchange(server: Server, request: StoreRequest): Promise<StoreReply> {
  const { method, path, rawBody } = request;
  const reply = await inject((incoming, outgoing) => server.emit("request", incoming, outgoing), {
    ...{ method, url: path, payload: rawBody },
    headers: { ...request.headers, "content-length": String(Buffer.byteLength(rawBody)) },
  });
  return {
    status: reply.statusCode,
    headers: pickHeaders(reply.headers, replyHeaders),
    rawBody: reply.payload,
  };
}

const replyHeaders = ["content-type", "x-amzn-requestid", "x-amz-crc32"];

/** The named headers of a message, those that have one value. */
export function pickHeaders(
  headers: Readonly<Record<string, number | string | readonly string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === "string" || typeof value === "number") picked[name] = String(value);
  }
  return picked;
}
