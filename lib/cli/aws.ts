import { GetHostedZoneCommand, Route53Client } from "@aws-sdk/client-route-53";
import { awsFailure, limitedHandler } from "../adapters/aws-client.ts";
import { createDynamoStore, createTableClient } from "../adapters/dynamo-store.ts";
import { createRecordChanger, createRoute53Dns } from "../adapters/route53-dns.ts";
import { describeTable } from "../adapters/table-facts.ts";
import { failure, type Result, success } from "../ports/errors.ts";
import type { GlobalOptions, Services } from "./context.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const credentialSources = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/**
 * What the AWS SDK needs to talk to a table on this machine, where credentials mean nothing: with it the lab works
 * without an AWS account. Empty as soon as anything real is configured.
 */
export function localAwsDefaults(env: Environment): Readonly<Record<string, string>> {
  if (!isLoopback(env.AWS_ENDPOINT_URL_DYNAMODB ?? env.AWS_ENDPOINT_URL)) return {};
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
  const hasCredentials = credentialSources.some((name) => (env[name] ?? "") !== "");
  return {
    AWS_REGION: region,
    ...(hasCredentials ? {} : { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" }),
  };
}

function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

export const defaultTable = "lambda-sentinel";

/** The name of the table: the option, then the environment, then the default. */
export function tableOf(options: GlobalOptions, env: Environment): string {
  return options.table ?? nonEmpty(env.LAMBDA_SENTINEL_TABLE) ?? defaultTable;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

const zoneTimeoutMs = 3_000;

/** The real table and the real Route 53; endpoints come from the SDK's own variables alone. */
export function openServices(options: GlobalOptions, env: Environment): Services {
  const table = tableOf(options, env);
  const deployment = nonEmpty(env.LAMBDA_SENTINEL_DEPLOYMENT) ?? table;
  const client = createTableClient(options.region, 3_000);
  const servers = (env.LAMBDA_SENTINEL_DNS_SERVERS ?? "").split(",").filter((one) => one !== "");
  const dns = createRoute53Dns({ timeoutMs: zoneTimeoutMs, servers });
  return {
    table,
    store: createDynamoStore({ table, deployment, client, onUnreadable }),
    readRecords: (record) => dns.read(record),
    changeRecords: createRecordChanger({ timeoutMs: zoneTimeoutMs }),
    zoneName: createZoneLookup(),
    resolve: (record) => dns.resolve(record),
    describeTable: () => describeTable(client, table),
  };
}

function onUnreadable(why: string): void {
  process.stderr.write(`warning: an item was left out: ${why}\n`);
}

function createZoneLookup(): (zoneId: string) => Promise<Result<string>> {
  const client = new Route53Client({
    region: "us-east-1",
    requestHandler: limitedHandler(zoneTimeoutMs),
    maxAttempts: 2,
  });
  return async (zoneId) => {
    try {
      const answer = await client.send(new GetHostedZoneCommand({ Id: zoneId }));
      const name = answer.HostedZone?.Name;
      return name === undefined
        ? failure("malformed", `zone ${zoneId} has no name`)
        : success(name);
    } catch (error) {
      return awsFailure(`zone ${zoneId}`, error);
    }
  };
}
