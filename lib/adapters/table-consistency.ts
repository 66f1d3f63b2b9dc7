import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Result, success } from "../ports/errors.ts";
import { describeTable } from "./table-facts.ts";

/** Asks why a table must not decide; null: it may. */
export type AskWhyUnsafe = () => Promise<Result<string | null>>;

/**
 * A table with replicas in other regions decides only with strong consistency: otherwise a condition sees its own region's
 * copy, the last writer wins, and two observers both do (DynamoDB guide, global tables). The witness of such a table decides
 * nothing, and one that no route leads to is not asked. The answer is asked for once in the life of a process, because
 * DescribeTable is no call for each minute.
 */
export function createConsistencyCheck(
  client: DynamoDBClient,
  table: string,
  noRoute: string | null = null,
): AskWhyUnsafe {
  if (noRoute !== null) return async () => success(noRoute);
  let known: Result<string | null> | null = null;
  return async () => {
    known ??= await ask(client, table);
    const answer = known;
    if (!answer.ok) known = null;
    return answer;
  };
}

async function ask(client: DynamoDBClient, table: string): Promise<Result<string | null>> {
  const described = await describeTable(client, table);
  if (!described.ok) return described;
  const { otherRegions, isStrong, witness } = described.value;
  if (witness !== null) {
    return success(
      `expected a region that holds table ${table}, got ${witness}, its witness, which can't be read or written: name the region of a replica (docs/deploying.md)`,
    );
  }
  if (otherRegions.length === 0 || isStrong) return success(null);
  return success(
    `expected table ${table} in one region or with strong consistency, got replicas in ${otherRegions.join(", ")} with eventual consistency, where two observers could both win: take the replicas away, or make a table with MultiRegionConsistency STRONG (docs/deploying.md)`,
  );
}
