import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import {
  type DynamoDbDoor,
  type DynamoDbStandIn,
  startDynamoDb,
} from "../../lab/dynamodb/gateway.ts";
import { limitedHandler } from "../../lib/adapters/aws-client.ts";
import { createDynamoStore } from "../../lib/adapters/dynamo-store.ts";
import { describeThrown } from "../../lib/adapters/thrown.ts";
import type { Store } from "../../lib/ports/store.ts";

export const table = "lambda-sentinel";

interface StoreChange {
  readonly deployment?: string;
  /** The door through which this store reaches the table. */
  readonly door?: DynamoDbDoor;
  /** Time limit of a request; generous unless the test waits for it. */
  readonly timeoutMs?: number;
  readonly onUnreadable?: (why: string) => void;
}

/** A table of its own for each test, and stores that reach it as observers do. */
export class DynamoLab {
  readonly standIn: DynamoDbStandIn;
  readonly #clients: DynamoDBClient[] = [];

  private constructor(standIn: DynamoDbStandIn) {
    this.standIn = standIn;
  }

  static async start(): Promise<DynamoLab> {
    const standIn = await startDynamoDb();
    await standIn.createTable(table);
    return new DynamoLab(standIn);
  }

  store({ deployment = "prod", door, timeoutMs = 10_000, onUnreadable }: StoreChange = {}): Store {
    const client = this.client((door ?? this.standIn).endpoint, timeoutMs);
    const told = onUnreadable === undefined ? {} : { onUnreadable };
    return createDynamoStore({ table, deployment, client, ...told });
  }

  /** As the store makes it, but for endpoint and credentials. */
  client(endpoint = this.standIn.endpoint, timeoutMs = 10_000): DynamoDBClient {
    const client = new DynamoDBClient({
      endpoint,
      region: "eu-central-1",
      credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
      requestHandler: withOwnErrors(limitedHandler(timeoutMs)),
      maxAttempts: 2,
    });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.standIn.close();
  }
}

/**
 * Node's own errors are no instances of the sandbox's Error, and the SDK wraps what is none, so that its code is lost.
 * Nothing of that happens outside of jest.
 */
function withOwnErrors(handler: NodeHttpHandler): NodeHttpHandler {
  const handle = handler.handle.bind(handler);
  handler.handle = (request, options) =>
    handle(request, options).catch((error: unknown) => {
      throw Object.assign(new Error(), describeThrown(error));
    });
  return handler;
}
