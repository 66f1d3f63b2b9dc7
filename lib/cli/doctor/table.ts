import type { TableFacts } from "../../adapters/table-facts.ts";
import type { Result } from "../../ports/errors.ts";
import { type Finding, finder, type Kinds } from "./finding.ts";

/** The table itself, and what whoever runs this command may do with it. */

export const tableKinds = {
  "no-groups": {
    severity: "error",
    title: "no group is configured in the table, so nothing is watched",
    todo: "add one with `lambda-sentinel apply -f groups.yml`, or name the right table with --table and --region",
    see: "docs/cli.md#apply",
  },
  "eventual-table": {
    severity: "error",
    title: "the table has replicas of eventual consistency, where two observers could both win",
    todo: "take the replicas away, or make a table with MultiRegionConsistency STRONG",
    see: "docs/limits.md#tables-in-several-regions",
  },
  "table-inactive": {
    severity: "error",
    title: "the table is not active",
    todo: "see what is done with it",
    see: "docs/deploying.md#where-the-table-stands",
  },
  "provisioned-table": {
    severity: "warning",
    title: "the table has a fixed capacity, which an outage of many groups at once may exceed",
    todo: "switch it to on-demand (PAY_PER_REQUEST)",
    see: "docs/deploying.md#where-the-table-stands",
  },
  "deletable-table": {
    severity: "warning",
    title: "the table is not protected from deletion",
    todo: "switch DeletionProtectionEnabled on: whoever deletes it ends all failovers",
    see: "docs/upgrading.md#take-it-away",
  },
  "table-unasked": {
    severity: "note",
    title: "DynamoDB did not describe the table to whoever runs this",
    todo: "allow dynamodb:DescribeTable, as the operators' policy does",
    see: "docs/deploying.md#deploy",
  },
  "may-not-write": {
    severity: "warning",
    title: "whoever runs this may look and not act: failover, pause and apply would be refused",
    todo: "attach the policy of the output OperatorPolicyArn, if that is not meant so",
    see: "docs/deploying.md#deploy",
  },
  "write-unasked": {
    severity: "note",
    title: "whether whoever runs this may write could not be found out",
    todo: "run it again",
    see: "docs/deploying.md#deploy",
  },
} as const satisfies Kinds;

const found = finder(tableKinds);

/** What was asked beside the groups. */
export interface Surroundings {
  readonly table: Result<TableFacts>;
  /** A write whose condition can't hold; null: there was no item to try it on. */
  readonly dryWrite: Result<unknown> | null;
}

export function examineTable({ table, dryWrite }: Surroundings): readonly Finding[] {
  return [...examineMode(table), ...examineRights(dryWrite)];
}

function examineMode(table: Result<TableFacts>): readonly Finding[] {
  if (!table.ok) return [found("table-unasked", null, table.why)];
  const { status, isOnDemand, otherRegions, isStrong, isProtected } = table.value;
  return [
    ...(status === "ACTIVE" || status === "UPDATING"
      ? []
      : [found("table-inactive", null, `its status is ${status}`)]),
    ...(otherRegions.length > 0 && !isStrong
      ? [found("eventual-table", null, `replicas in ${otherRegions.join(", ")}`)]
      : []),
    ...(isOnDemand ? [] : [found("provisioned-table", null, "its billing mode is PROVISIONED")]),
    ...(isProtected === false
      ? [found("deletable-table", null, "DeletionProtectionEnabled is false")]
      : []),
  ];
}

function examineRights(dryWrite: Result<unknown> | null): readonly Finding[] {
  if (dryWrite === null || dryWrite.ok) return [];
  const id = dryWrite.kind === "denied" ? "may-not-write" : "write-unasked";
  return [found(id, null, dryWrite.why)];
}

export function noGroups(table: string): Finding {
  return found("no-groups", null, `table ${table} has no configuration`);
}
