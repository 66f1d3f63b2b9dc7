import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type DynamoDbStandIn, startDynamoDb } from "../../lab/dynamodb/gateway.ts";

let dynamo: DynamoDbStandIn;
let clients: DynamoDBClient[];

/** One attempt and a deadline by default: what these tests show must not be hidden by a retry. */
function client(endpoint = dynamo.endpoint, maxAttempts = 1, requestTimeoutMs = 10_000) {
  const made = new DynamoDBClient({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
    maxAttempts,
    requestHandler: new NodeHttpHandler({
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    }),
  });
  clients.push(made);
  return made;
}

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: "group" } });
const put = (pk: string, owner: string) =>
  new PutItemCommand({
    TableName: "table",
    Item: { ...key(pk), owner: { S: owner } },
    ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
const updateOwner = (pk: string, owner: string) =>
  new UpdateItemCommand({
    TableName: "table",
    Key: key(pk),
    UpdateExpression: "SET #o = :o",
    ConditionExpression: "#o = :o",
    ExpressionAttributeNames: { "#o": "owner" },
    ExpressionAttributeValues: { ":o": { S: owner } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
const deleteAbsent = (pk: string) =>
  new DeleteItemCommand({
    TableName: "table",
    Key: key(pk),
    ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
const get = (pk: string) =>
  new GetItemCommand({ TableName: "table", Key: key(pk), ConsistentRead: true });

async function conditionFailure(work: Promise<unknown>): Promise<ConditionalCheckFailedException> {
  const error = await work.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConditionalCheckFailedException) return error;
  throw new Error(`Expected a failed condition, got ${String(error)}.`);
}

beforeEach(async () => {
  clients = [];
  dynamo = await startDynamoDb();
  await dynamo.createTable("table");
});

afterEach(async () => {
  for (const each of clients) each.destroy();
  await dynamo.close();
});

describe("DynamoDB stand-in: what DynamoDB promises", () => {
  test("createTable is idempotent and makes an on-demand table with pk and sk", async () => {
    await client().send(put("a", "first"));

    await dynamo.createTable("table");

    const { Table } = await client().send(new DescribeTableCommand({ TableName: "table" }));
    expect(Table?.BillingModeSummary?.BillingMode).toBe("PAY_PER_REQUEST");
    expect(Table?.TableStatus).toBe("ACTIVE");
    expect((await client().send(get("a"))).Item?.owner).toEqual({ S: "first" });
  });

  test("createTable says what is wrong with a name that DynamoDB refuses", async () => {
    await expect(dynamo.createTable("a")).rejects.toThrow(/Expected to create the table "a", got/);
  });

  test.each([
    ["PutItem", () => client().send(put("a", "second"))],
    ["UpdateItem", () => client().send(updateOwner("a", "second"))],
    ["DeleteItem", () => client().send(deleteAbsent("a"))],
  ])("a refused %s shows the item that refused it", async (_name, write) => {
    await client().send(put("a", "first"));

    const error = await conditionFailure(write());

    expect(error.Item).toEqual({ ...key("a"), owner: { S: "first" } });
  });

  test("a refused write shows no item unless asked, nor where there is none", async () => {
    const sender = client();
    const update = (pk: string, asked: "ALL_OLD" | "NONE") =>
      new UpdateItemCommand({
        TableName: "table",
        Key: key(pk),
        UpdateExpression: "SET rev = :r",
        ConditionExpression: "rev = :r",
        ExpressionAttributeValues: { ":r": { N: "1" } },
        ReturnValuesOnConditionCheckFailure: asked,
      });
    await sender.send(put("a", "first"));

    const unasked = await conditionFailure(sender.send(update("a", "NONE")));
    const absent = await conditionFailure(sender.send(update("absent", "ALL_OLD")));

    expect(unasked.Item).toBeUndefined();
    expect(absent.Item).toBeUndefined();
  });

  test("of 50 concurrent conditional puts one wins, and 49 are shown the winner", async () => {
    const sender = client();

    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => sender.send(put("election", `writer-${index}`))),
    );

    const losers = results.filter((result) => result.status === "rejected");
    expect(losers).toHaveLength(49);
    const winner = (await sender.send(get("election"))).Item?.owner;
    for (const { reason } of losers) {
      expect(reason).toBeInstanceOf(ConditionalCheckFailedException);
      expect(reason.Item.owner).toEqual(winner);
    }
  });
});

describe("DynamoDB stand-in: faults", () => {
  test("a lost reply leaves the write applied: the SDK's retry meets its own item", async () => {
    dynamo.faults.loseReplyNext = 1;
    const sender = client(dynamo.endpoint, 3);
    await sender.send(get("a"));

    const error = await conditionFailure(sender.send(put("a", "mine")));

    expect(error.Item?.owner).toEqual({ S: "mine" });
    expect(dynamo.counts.PutItem).toBe(2);
    expect(dynamo.faults.loseReplyNext).toBe(0);
  });

  test("a hanging store answers nothing and applies nothing", async () => {
    dynamo.faults.hang = true;
    await expect(client(dynamo.endpoint, 1, 200).send(put("a", "mine"))).rejects.toThrow(
      /timeout|timed out|did not/i,
    );

    dynamo.faults.hang = false;
    expect((await client().send(get("a"))).Item).toBeUndefined();
  });

  test("throttles as often as asked, with either of DynamoDB's errors", async () => {
    dynamo.faults.throttleNext = 1;
    await expect(client().send(get("a"))).rejects.toMatchObject({ name: "ThrottlingException" });

    dynamo.faults.throttleNext = 1;
    dynamo.faults.throttleError = "ProvisionedThroughputExceededException";
    await expect(client().send(get("a"))).rejects.toMatchObject({
      name: "ProvisionedThroughputExceededException",
    });

    await expect(client().send(get("a"))).resolves.toBeDefined();
  });

  test("is unavailable with a 503 or with cut connections, and comes back", async () => {
    dynamo.faults.unavailable = "503";
    await expect(client().send(get("a"))).rejects.toMatchObject({
      name: "ServiceUnavailable",
      $metadata: { httpStatusCode: 503 },
    });

    dynamo.faults.unavailable = "cut";
    await expect(client().send(get("a"))).rejects.toThrow(/socket hang up|ECONNRESET/);

    dynamo.faults.unavailable = "no";
    await expect(client().send(get("a"))).resolves.toBeDefined();
  });

  test("a slow store applies even what its client no longer waits for", async () => {
    const { promise: applied, resolve } = Promise.withResolvers<void>();
    dynamo.hooks.onApplied = async () => resolve();
    dynamo.faults.latencyMs = 400;

    await expect(client(dynamo.endpoint, 1, 100).send(put("a", "late"))).rejects.toThrow();
    await applied;

    dynamo.hooks.onApplied = undefined;
    dynamo.faults.latencyMs = 0;
    expect((await client().send(get("a"))).Item?.owner).toEqual({ S: "late" });
  });

  test("another door has its own faults and counts over the same tables", async () => {
    const door = await dynamo.openDoor();
    door.faults.unavailable = "cut";

    await expect(client(door.endpoint).send(get("a"))).rejects.toThrow();
    await client().send(put("a", "seen by both"));
    door.faults.unavailable = "no";

    const seen = await client(door.endpoint).send(get("a"));
    expect(seen.Item?.owner).toEqual({ S: "seen by both" });
    expect(door.counts).toEqual({ GetItem: 2 });
    expect(dynamo.counts).toEqual({ PutItem: 1 });
  });
});

describe("DynamoDB stand-in: hooks", () => {
  test("onRequest holds a write before it is applied", async () => {
    const held = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<unknown>();
    dynamo.hooks.onRequest = async ({ operation, body }) => {
      if (operation !== "PutItem") return;
      arrived.resolve(body);
      await held.promise;
    };

    const writing = client().send(put("a", "held"));
    expect(await arrived.promise).toMatchObject({ TableName: "table" });
    const during = await client().send(get("a"));
    held.resolve();
    await writing;

    expect(during.Item).toBeUndefined();
    expect((await client().send(get("a"))).Item?.owner).toEqual({ S: "held" });
  });

  test("onApplied holds the reply of a write that others see, and blocks no writer", async () => {
    const held = Promise.withResolvers<void>();
    const applied = Promise.withResolvers<number>();
    dynamo.hooks.onApplied = async ({ operation }, { status }) => {
      if (operation !== "PutItem" || status !== 200) return;
      applied.resolve(status);
      await held.promise;
    };

    const writer = client();
    const writing = writer.send(put("a", "held")).catch((error: Error) => error.name);
    expect(await applied.promise).toBe(200);
    const refused = await conditionFailure(client().send(put("a", "other")));
    writer.destroy();
    held.resolve();
    await writing;

    expect(refused.Item?.owner).toEqual({ S: "held" });
  });

  test("a hook that throws is answered with its message", async () => {
    dynamo.hooks.onRequest = async () => {
      throw new Error("the test is wrong");
    };

    await expect(client().send(get("a"))).rejects.toThrow(/the test is wrong/);
  });

  test("close cuts what hangs, and closing twice is safe", async () => {
    const arrived = Promise.withResolvers<void>();
    dynamo.hooks.onRequest = () => {
      arrived.resolve();
      return new Promise(() => {});
    };
    const hanging = client()
      .send(get("a"))
      .catch((error: Error) => error);
    await arrived.promise;

    await Promise.all([dynamo.close(), dynamo.close()]);

    expect(await hanging).toBeInstanceOf(Error);
  });

  test("an address in use is named in the refusal", async () => {
    const port = Number(new URL(dynamo.endpoint).port);

    await expect(startDynamoDb({ port })).rejects.toThrow(`127.0.0.1:${port}`);
  });
});
