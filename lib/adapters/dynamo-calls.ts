import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import { awsFailure } from "./aws-client.ts";
import type { Item } from "./dynamo-codec.ts";
import { gatherReads, type Key, nameOf } from "./dynamo-gather.ts";
import { createTurns } from "./dynamo-turns.ts";

export interface Condition {
  readonly condition: string;
  readonly names?: Record<string, string>;
  readonly values?: Item;
}

export type Put =
  | { readonly isPut: true }
  | { readonly isPut: false; readonly standing: Item | undefined };

export type Calls = ReturnType<typeof createCalls>;

/** The five calls that the store makes, each with its failure typed. */
export function createCalls(client: DynamoDBClient, table: string) {
  const inTurn = createTurns();

  const attempt = async <T>(what: string, call: () => Promise<T>): Promise<Result<T>> => {
    try {
      return success(await inTurn(call));
    } catch (error) {
      return awsFailure(what, error);
    }
  };
  const one = (key: Key): Promise<Result<Item | undefined>> =>
    attempt(`GetItem ${nameOf(key)}`, async () => {
      const Key = { pk: { S: key.pk }, sk: { S: key.sk } };
      const command = new GetItemCommand({ TableName: table, Key, ConsistentRead: true });
      return (await client.send(command)).Item;
    });

  const batch = (wanted: readonly Key[]) =>
    attempt("BatchGetItem", async () => {
      const Keys = wanted.map((key) => ({ pk: { S: key.pk }, sk: { S: key.sk } }));
      const command = new BatchGetItemCommand({
        RequestItems: { [table]: { Keys, ConsistentRead: true } },
      });
      const { Responses, UnprocessedKeys } = await client.send(command);
      return { items: Responses?.[table] ?? [], unprocessed: UnprocessedKeys?.[table]?.Keys ?? [] };
    });

  /** An item that was not processed is nobody else's failure. */
  const many = async (wanted: readonly Key[]): Promise<readonly Result<Item | undefined>[]> => {
    const got = await batch(wanted);
    if (!got.ok) return wanted.map(() => got);
    const items = new Map(got.value.items.map((item) => [nameOf(keyOf(item)), item]));
    const unprocessed = new Set(got.value.unprocessed.map((item) => nameOf(keyOf(item))));
    return wanted.map((key) =>
      unprocessed.has(nameOf(key))
        ? notProcessed(`${nameOf(key)} was`)
        : success(items.get(nameOf(key))),
    );
  };

  return {
    get: gatherReads({ one, many }),

    getMany: async (wanted: readonly Key[]): Promise<Result<readonly Item[]>> => {
      const got = await batch(wanted);
      if (!got.ok) return got;
      const missing = got.value.unprocessed.length;
      if (missing > 0) return notProcessed(`${missing} of ${wanted.length} keys were`);
      return success(got.value.items);
    },

    put: async (Item: Item, condition?: Condition): Promise<Result<Put>> => {
      const what = `PutItem ${Item.pk?.S} ${Item.sk?.S}`;
      try {
        const command = new PutItemCommand({ TableName: table, Item, ...conditional(condition) });
        await inTurn(() => client.send(command));
        return success({ isPut: true });
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) {
          return success({ isPut: false, standing: error.Item });
        }
        return awsFailure(what, error);
      }
    },

    remove: async (
      key: { pk: string; sk: string },
      condition?: Condition,
    ): Promise<Result<void>> => {
      try {
        const Key = { pk: { S: key.pk }, sk: { S: key.sk } };
        const command = new DeleteItemCommand({ TableName: table, Key, ...conditional(condition) });
        await inTurn(() => client.send(command));
        return success(undefined);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return success(undefined);
        return awsFailure(`DeleteItem ${key.pk} ${key.sk}`, error);
      }
    },

    query: (
      pk: string,
      options: { readonly limit?: number; readonly newestFirst?: boolean } = {},
    ): Promise<Result<readonly Item[]>> =>
      attempt(`Query ${pk}`, async () => {
        const items: Item[] = [];
        let start: Item | undefined;
        do {
          const answer = await client.send(
            new QueryCommand({
              TableName: table,
              KeyConditionExpression: "pk = :pk",
              ExpressionAttributeValues: { ":pk": { S: pk } },
              ConsistentRead: true,
              ScanIndexForward: options.newestFirst !== true,
              ...(options.limit === undefined ? {} : { Limit: options.limit - items.length }),
              ...(start === undefined ? {} : { ExclusiveStartKey: start }),
            }),
          );
          items.push(...(answer.Items ?? []));
          start = answer.LastEvaluatedKey;
        } while (start !== undefined && items.length < (options.limit ?? Number.POSITIVE_INFINITY));
        return items;
      }),
  };
}

function keyOf(item: Item): Key {
  return { pk: item.pk?.S ?? "", sk: item.sk?.S ?? "" };
}

/** DynamoDB leaves out what goes beyond the throughput, or beyond 16 MB, which a hundred items of STATE don't reach. */
function notProcessed(what: string): Failure {
  return failure("throttled", `BatchGetItem: ${what} not processed, expected all`);
}

function conditional(condition: Condition | undefined) {
  if (condition === undefined) return {};
  return {
    ConditionExpression: condition.condition,
    ...(condition.names === undefined ? {} : { ExpressionAttributeNames: condition.names }),
    ...(condition.values === undefined ? {} : { ExpressionAttributeValues: condition.values }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  };
}
