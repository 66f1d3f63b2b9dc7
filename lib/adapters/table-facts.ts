import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Result, success } from "../ports/errors.ts";
import { awsFailure } from "./aws-client.ts";
import { describeThrown } from "./thrown.ts";

/** How a table is kept, as far as failovers depend on it. */
export interface TableFacts {
  readonly status: string;
  readonly isOnDemand: boolean;
  /** Regions beside its own in which it has replicas. */
  readonly otherRegions: readonly string[];
  /** Its own region, where that is its witness, which holds the table's log and can't be read or written; null: it isn't. */
  readonly witness: string | null;
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
    const witnesses = (Table?.GlobalTableWitnesses ?? []).map(({ RegionName }) => RegionName);
    return success({
      status: Table?.TableStatus ?? "unknown",
      isOnDemand: Table?.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST",
      otherRegions: regions.filter((region) => region !== own),
      witness: own !== undefined && witnesses.includes(own) ? own : null,
      isStrong: Table?.MultiRegionConsistency === "STRONG",
      isProtected: Table?.DeletionProtectionEnabled ?? null,
    });
  } catch (error) {
    const failed = awsFailure(`DescribeTable ${table}`, error);
    if (describeThrown(error).name !== "ResourceNotFoundException") return failed;
    const region = await client.config.region();
    const hint = `there is no table ${table} to read in ${region}, as there is none in the witness of a strongly consistent one`;
    return { ...failed, why: `${failed.why}; ${hint}` };
  }
}
