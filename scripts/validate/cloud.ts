import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DeleteTableCommand,
  type DynamoDBClient,
  UpdateTableCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import * as z from "zod";
import type { Base } from "./scratch.ts";

/** What a validation asks of AWS beside what is measured. Every wait has an end. */

/** Network interfaces of functions are given back some twenty minutes after the functions are gone. */
const stackSecondsMax = 3_600;

/** The account in whose name everything happens. */
export async function accountOf(region: string): Promise<string> {
  const client = new STSClient({ region });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Account ?? "";
  } finally {
    client.destroy();
  }
}

export class Stacks {
  readonly #client: CloudFormationClient;

  constructor(region: string) {
    this.#client = new CloudFormationClient({ region });
  }

  /** Makes a stack of the template and waits until all of it is there. */
  async create(
    name: string,
    template: unknown,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#client.send(
      new CreateStackCommand({
        StackName: name,
        TemplateBody: JSON.stringify(template),
        Capabilities: ["CAPABILITY_IAM"],
        OnFailure: "DO_NOTHING",
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
      }),
    );
    await waitUntilStackCreateComplete(
      { client: this.#client, maxWaitTime: stackSecondsMax, abortSignal: signal },
      { StackName: name },
    );
  }

  async outputs(name: string): Promise<Readonly<Record<string, string>>> {
    const { Stacks: found } = await this.#client.send(
      new DescribeStacksCommand({ StackName: name }),
    );
    const outputs = found?.[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
    );
  }

  async isThere(name: string): Promise<boolean> {
    try {
      await this.#client.send(new DescribeStacksCommand({ StackName: name }));
      return true;
    } catch (error) {
      // CloudFormation has no error of its own for this.
      if (error instanceof Error && error.message.includes("does not exist")) return false;
      throw error;
    }
  }

  /** Deletes a stack and waits until it is gone; one that is not there is gone. */
  async delete(name: string): Promise<void> {
    await this.#client.send(new DeleteStackCommand({ StackName: name }));
    await waitUntilStackDeleteComplete(
      { client: this.#client, maxWaitTime: stackSecondsMax },
      { StackName: name },
    );
  }

  close(): void {
    this.#client.destroy();
  }
}

const baseOutputs = z.object({
  Subnets: z.string(),
  SecurityGroup: z.string(),
  ZoneId: z.string(),
  HandName: z.string(),
  PlainTableName: z.string(),
  StrongTableName: z.string().optional(),
});

export function baseOf(outputs: Readonly<Record<string, string>>): Base {
  const said = baseOutputs.parse(outputs);
  return {
    subnets: said.Subnets.split(","),
    securityGroup: said.SecurityGroup,
    zoneId: said.ZoneId,
    hand: said.HandName,
    plainTable: said.PlainTableName,
    strongTable: said.StrongTableName ?? null,
  };
}

const tableSecondsMax = 600;

/** Deletes a table that is protected from that; one that is not there is gone. */
export async function dropTable(client: DynamoDBClient, table: string): Promise<void> {
  const waiting = { client, maxWaitTime: tableSecondsMax };
  try {
    await client.send(
      new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }),
    );
    // A table that is being changed can't be deleted.
    await waitUntilTableExists(waiting, { TableName: table });
    await client.send(new DeleteTableCommand({ TableName: table }));
    await waitUntilTableNotExists(waiting, { TableName: table });
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return;
    throw error;
  }
}

/** Has the hand do something inside the network. */
export async function askHand(client: LambdaClient, hand: string, event: object): Promise<unknown> {
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName: hand, Payload: JSON.stringify(event) }),
  );
  const text = new TextDecoder().decode(Payload);
  if (FunctionError !== undefined) throw new Error(`expected the hand's answer, got ${text}`);
  return JSON.parse(text);
}

const pagesMax = 50;

/** What Lambda reports of a function's invocations. */
export async function reportLines(
  region: string,
  functionName: string,
): Promise<readonly string[]> {
  const client = new CloudWatchLogsClient({ region });
  const lines: string[] = [];
  let nextToken: string | undefined;
  try {
    for (let page = 0; page < pagesMax; page += 1) {
      const found = await client.send(
        new FilterLogEventsCommand({
          logGroupName: `/aws/lambda/${functionName}`,
          filterPattern: '"REPORT RequestId"',
          nextToken,
        }),
      );
      lines.push(...(found.events ?? []).map(({ message = "" }) => message));
      nextToken = found.nextToken;
      if (nextToken === undefined) break;
    }
    return lines;
  } finally {
    client.destroy();
  }
}
