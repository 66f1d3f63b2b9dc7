import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Result, success } from "../ports/errors.ts";
import { awsFailure } from "./aws-client.ts";

/** How a table is kept, as far as failovers depend on it. */
export interface TableFacts {
  readonly status: string;
  readonly isOnDemand: boolean;
  /** Regions beside its own in which it has replicas. */
  readonly otherRegions: readonly string[];
  /** Whether a condition sees what was written in another region. */
  readonly isStrong: boolean;
  /** null: it does not say, as stand-ins do. */
  readonly isProtected: boolean | null;
}

/** DescribeTable; it is no call for each minute. */
export async function describeTable(
  client: DynamoDBClient,
  table: string,
): Promise<Result<TableFacts>> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    const own = Table?.TableArn?.split(":")[3];
    const regions = (Table?.Replicas ?? []).flatMap(({ RegionName }) => RegionName ?? []);
    return success({
      status: Table?.TableStatus ?? "unknown",
      isOnDemand: Table?.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST",
      otherRegions: regions.filter((region) => region !== own),
      isStrong: Table?.MultiRegionConsistency === "STRONG",
      isProtected: Table?.DeletionProtectionEnabled ?? null,
    });
  } catch (error) {
    return awsFailure(`DescribeTable ${table}`, error);
  }
}
