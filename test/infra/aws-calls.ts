import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod";
import { startDynamoDb } from "../../lab/dynamodb/gateway.ts";
import { listen, readBody } from "../../lab/http-server.ts";
import { startRoute53 } from "../../lab/route53/server.ts";

/** One call as IAM judges it: what is done to what, and what the request says of itself. */
export interface AwsCall {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | string[]>>;
}

export const account = "111122223333";

interface Request {
  readonly service: string;
  readonly region: string;
  readonly path: string;
  readonly target: string;
  readonly body: string;
}

/** Stands where AWS would be: the table and the zone answer as the lab's do, everything else refuses; all calls are kept. */
export class AwsRecorder {
  readonly endpoint: string;
  readonly zoneId: string;
  readonly close: () => Promise<void>;
  readonly #calls: AwsCall[] = [];

  private constructor(endpoint: string, zoneId: string, close: () => Promise<void>) {
    this.endpoint = endpoint;
    this.zoneId = zoneId;
    this.close = close;
  }

  /** What was called since the last time that it was asked. The stand-in's zone is called the stage's first, Z1. */
  taken(): readonly AwsCall[] {
    return this.#calls
      .splice(0)
      .map((call) => ({ ...call, resource: call.resource.replace(this.zoneId, "Z1") }));
  }

  static async start(options: {
    readonly table: string;
    readonly zone: string;
  }): Promise<AwsRecorder> {
    const dynamo = await startDynamoDb();
    await dynamo.createTable(options.table);
    const route53 = await startRoute53({ zones: [options.zone] });
    const heard: ((request: Request) => void)[] = [];
    const answering: Readonly<Record<string, string>> = {
      dynamodb: dynamo.endpoint,
      route53: route53.endpoint,
    };
    const server = await listen(
      (incoming, response) => {
        serve(incoming, response, answering, (request) => {
          for (const hear of heard) hear(request);
        }).catch(() => response.destroy());
      },
      { host: "127.0.0.1", port: 0 },
    );
    const recorder = new AwsRecorder(server.endpoint, route53.zoneId(options.zone), async () => {
      await Promise.all([server.close(), dynamo.close(), route53.close()]);
    });
    heard.push((request) => {
      recorder.#calls.push(...callsOf(request));
    });
    return recorder;
  }

  /** The SDK's own variables that lead every client here. */
  environment(): Readonly<Record<string, string>> {
    const services = {
      ...{ DYNAMODB: "dynamodb", ROUTE_53: "route53", LAMBDA: "lambda", SNS: "sns" },
      ...{ EVENTBRIDGE: "events", SSM: "ssm", SECRETS_MANAGER: "secretsmanager" },
    };
    const endpoints = Object.entries(services).map(([name, path]) => [
      `AWS_ENDPOINT_URL_${name}`,
      `${this.endpoint}/${path}`,
    ]);
    return {
      ...Object.fromEntries(endpoints),
      AWS_ACCESS_KEY_ID: "lab",
      AWS_SECRET_ACCESS_KEY: "lab",
    };
  }
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  answering: Readonly<Record<string, string>>,
  hear: (request: Request) => void,
): Promise<void> {
  const body = await readBody(incoming, 1024 * 1024);
  const [, service = "", ...rest] = (incoming.url ?? "").split("/");
  const path = `/${rest.join("/")}`;
  const target = String(incoming.headers["x-amz-target"] ?? "");
  // What was signed says for which region.
  const signed = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(incoming.headers.authorization ?? "");
  hear({
    service,
    region: signed?.[1] ?? "",
    path: `${incoming.method} ${path}`,
    target,
    body: body.toString("utf8"),
  });
  const behind = answering[service];
  if (behind === undefined) {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ __type: "AccessDeniedException", message: "only recorded" }));
    return;
  }
  const { hostname, port } = new URL(behind);
  const { method, headers } = incoming;
  const onward = forward(
    { host: hostname, port, method, path, headers, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on("error", () => response.destroy());
  onward.end(body);
}

function callsOf(request: Request): readonly AwsCall[] {
  const { service, region, target, body, path } = request;
  const operation = target.split(".").at(-1) ?? "";
  switch (service) {
    case "dynamodb":
      return [dynamoCall(operation, body, region)];
    case "route53":
      return [route53Call(path, body)];
    case "ssm":
      return [
        plain(
          "ssm:GetParameter",
          `arn:aws:ssm:${region}:${account}:parameter${named(body, "Name")}`,
        ),
      ];
    case "secretsmanager": {
      // Secrets Manager appends six letters of its own to a secret's name.
      const resource = `arn:aws:secretsmanager:${region}:${account}:secret:${named(body, "SecretId")}-AbCdEf`;
      return [plain(`secretsmanager:${operation}`, resource)];
    }
    case "lambda": {
      const name = decodeURIComponent(/functions\/([^/]+)\/invocations/.exec(path)?.[1] ?? "");
      return [
        plain("lambda:InvokeFunction", `arn:aws:lambda:${region}:${account}:function:${name}`),
      ];
    }
    case "sns":
      return [plain("sns:Publish", new URLSearchParams(body).get("TopicArn") ?? "")];
    case "events": {
      const entries = z.object({
        Entries: z.array(z.object({ EventBusName: z.string(), Source: z.string() })),
      });
      return entries.parse(JSON.parse(body)).Entries.map(({ EventBusName, Source }) => ({
        action: "events:PutEvents",
        resource: EventBusName,
        context: { "events:source": [Source] },
      }));
    }
    default:
      throw new Error(
        `expected a service that IAM's rules are written for, got ${service} ${path}`,
      );
  }
}

function plain(action: string, resource: string): AwsCall {
  return { action, resource, context: {} };
}

function named(body: string, field: string): string {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(body))[field]?.toString() ?? "";
}

const key = z.object({ pk: z.object({ S: z.string() }) });
const dynamoBody = z.object({
  TableName: z.string().optional(),
  Key: key.optional(),
  Item: key.optional(),
  ExpressionAttributeValues: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  KeyConditionExpression: z.string().optional(),
  RequestItems: z.record(z.string(), z.object({ Keys: z.array(key) })).optional(),
});

/** Leading keys are the partition keys that a request names (DynamoDB guide, fine-grained access control). */
function dynamoCall(operation: string, body: string, region: string): AwsCall {
  const parsed = dynamoBody.parse(JSON.parse(body));
  if (operation === "DescribeTable") {
    const resource = `arn:aws:dynamodb:${region}:${account}:table/${parsed.TableName}`;
    return plain("dynamodb:DescribeTable", resource);
  }
  const batch = Object.entries(parsed.RequestItems ?? {});
  const table = parsed.TableName ?? batch[0]?.[0] ?? "";
  const condition = /:\w+/.exec(parsed.KeyConditionExpression ?? "")?.[0] ?? "";
  const queried = parsed.ExpressionAttributeValues?.[condition]?.S;
  const leading = [
    ...[parsed.Key, parsed.Item].flatMap((one) => (one === undefined ? [] : [one.pk.S])),
    ...(typeof queried === "string" && parsed.KeyConditionExpression !== undefined
      ? [queried]
      : []),
    ...batch.flatMap(([, { Keys }]) => Keys.map((one) => one.pk.S)),
  ];
  if (leading.length === 0) throw new Error(`expected a partition key in ${operation} ${body}`);
  return {
    action: `dynamodb:${operation}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${table}`,
    context: { "dynamodb:LeadingKeys": [...new Set(leading)] },
  };
}

/** Names are judged in lower case and without a final dot (Route 53 guide, condition keys). */
function route53Call(path: string, body: string): AwsCall {
  const zone = /hostedzone\/([A-Z0-9]+)/.exec(path)?.[1] ?? "";
  const resource = `arn:aws:route53:::hostedzone/${zone}`;
  if (path.startsWith("GET")) {
    return plain(
      path.includes("/rrset") ? "route53:ListResourceRecordSets" : "route53:GetHostedZone",
      resource,
    );
  }
  const all = (tag: string) => [
    ...new Set(
      [...body.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, "g"))].map(([, text]) => text ?? ""),
    ),
  ];
  return {
    action: "route53:ChangeResourceRecordSets",
    resource,
    context: {
      "route53:ChangeResourceRecordSetsActions": all("Action"),
      "route53:ChangeResourceRecordSetsRecordTypes": all("Type"),
      "route53:ChangeResourceRecordSetsNormalizedRecordNames": all("Name").map((name) =>
        name.toLowerCase().replace(/\.$/, ""),
      ),
    },
  };
}
