import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { busArn, topicArn } from "../support/notifications.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

const statement = z.object({
  Sid: z.string(),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.unknown(),
  Condition: z.record(z.string(), z.record(z.string(), z.array(z.string()))).optional(),
});
const template = z.object({
  Conditions: z.record(z.string(), z.unknown()),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()),
    }),
  ),
});
type Template = z.infer<typeof template>;
type Statement = z.infer<typeof statement>;

/** What a stack of the home observer and one beside it in a VPC are packaged as. */
let folder = "";
let home: Template;
let other: Template;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-package-"));
  home = await packageStack("home", { zones: "Z1,Z2" });
  other = await packageStack("other", {
    observer: "eu-west-1b",
    topic: topicArn,
    eventBus: busArn,
    home: "us-east-1",
    peers: "us-east-1=us-east-1:lambda-sentinel-dev-us-east-1",
    network: "vpc",
    subnetIds: "subnet-1,subnet-2",
    securityGroupIds: "sg-1",
  });
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Packages as `npm run package` does, with no AWS setting in reach. */
async function packageStack(
  name: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Template> {
  const target = join(folder, name);
  const given = Object.entries(parameters).map(([key, value]) => `--param=${key}=${value}`);
  const osls = join(root, "node_modules/osls/bin/serverless.js");
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(AWS|SLS|SERVERLESS|NODE_OPTIONS)/.test(key)),
  );
  await run(process.execPath, [osls, "package", "--package", target, ...given], { cwd: root, env });
  const text = await readFile(join(target, "cloudformation-template-update-stack.json"), "utf8");
  return template.parse(JSON.parse(text));
}

function properties(of: Template, name: string): Readonly<Record<string, unknown>> {
  const found = of.Resources[name];
  if (found === undefined) throw new Error(`expected a resource ${name} in the template, got none`);
  return found.Properties;
}

function statements(of: Template): readonly Statement[] {
  const policies = z
    .array(z.object({ PolicyDocument: z.object({ Statement: z.array(z.unknown()) }) }))
    .parse(properties(of, "WatchRole").Policies);
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap((one) => {
      const choice = z.object({ "Fn::If": z.tuple([z.string(), statement, z.unknown()]) });
      const optional = choice.safeParse(one);
      return optional.success ? [optional.data["Fn::If"][1]] : [statement.parse(one)];
    }),
  );
}

/** A statement that stands only under a condition, with its name. */
function conditional(of: Template, sid: string) {
  const choice = z.object({ "Fn::If": z.tuple([z.string(), statement, z.unknown()]) });
  const all = z
    .array(z.object({ PolicyDocument: z.object({ Statement: z.array(z.unknown()) }) }))
    .parse(properties(of, "WatchRole").Policies)
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap((one) => choice.safeParse(one).data?.["Fn::If"] ?? []);
  const place = all.findIndex((one) => statement.safeParse(one).data?.Sid === sid);
  return { condition: all[place - 1], statement: all[place], otherwise: all[place + 1] };
}

function named(of: Template, sid: string): Statement {
  const found = statements(of).find((one) => one.Sid === sid);
  if (found === undefined) throw new Error(`expected a statement ${sid}, got none`);
  return found;
}

interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

/** The files of a zip, by its central directory. */
function readZip(zip: Buffer): readonly ZipEntry[] {
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006"));
  const count = zip.readUInt16LE(end + 10);
  const entries: ZipEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    const isDeflated = zip.readUInt16LE(at + 10) === 8;
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const extra = zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const body = zip.subarray(start, start + size);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    entries.push({ name, content: isDeflated ? inflateRawSync(body) : body });
    at += 46 + nameLength + extra;
  }
  return entries;
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

describe("the packaged function", () => {
  it("is one file, the very bundle that the lab runs", async () => {
    const entries = readZip(await readFile(join(folder, "home", "watch.zip")));
    expect(entries.map((entry) => entry.name)).toEqual(["dist/watch.mjs"]);
    const built = await readFile(join(root, "dist/watch.mjs"));
    expect(entries.map((entry) => sha256(entry.content))).toEqual([sha256(built)]);
  });

  it("runs on nodejs24.x and arm64, longer than a shift, with no reserved concurrency", () => {
    expect(properties(home, "WatchLambdaFunction")).toMatchObject({
      Handler: "dist/watch.handler",
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      MemorySize: 256,
      Timeout: 900,
    });
    expect(properties(home, "WatchLambdaFunction")).not.toHaveProperty(
      "ReservedConcurrentExecutions",
    );
  });

  it("gets every variable that its environment demands", () => {
    expect(properties(other, "WatchLambdaFunction").Environment).toEqual({
      Variables: {
        LAMBDA_SENTINEL_OBSERVER: "eu-west-1b",
        LAMBDA_SENTINEL_TABLE: "lambda-sentinel-dev",
        LAMBDA_SENTINEL_TABLE_REGION: "us-east-1",
        LAMBDA_SENTINEL_PEERS: "us-east-1=us-east-1:lambda-sentinel-dev-us-east-1",
        LAMBDA_SENTINEL_TOPIC: topicArn,
        LAMBDA_SENTINEL_EVENT_BUS: busArn,
        LAMBDA_SENTINEL_VERSION: expect.stringMatching(/^\d+\.\d+\.\d+/),
      },
    });
  });

  it("is in a VPC only when asked", () => {
    expect(properties(home, "WatchLambdaFunction")).not.toHaveProperty("VpcConfig");
    expect(properties(home, "WatchRole").ManagedPolicyArns).toEqual([]);
    expect(properties(other, "WatchLambdaFunction").VpcConfig).toEqual({
      SubnetIds: { "Fn::Split": [",", "subnet-1,subnet-2"] },
      SecurityGroupIds: { "Fn::Split": [",", "sg-1"] },
    });
    expect(properties(other, "WatchRole").ManagedPolicyArns).toHaveLength(1);
  });
});

describe("starts", () => {
  it("come every minute and are never repeated or late", () => {
    expect(properties(home, "WatchSchedule")).toMatchObject({
      ScheduleExpression: "rate(1 minute)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Arn: { "Fn::GetAtt": ["WatchLambdaFunction", "Arn"] },
        RoleArn: { "Fn::GetAtt": ["WatchScheduleRole", "Arn"] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      },
    });
    expect(properties(home, "WatchLambdaEvConf")).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });

  it("are the only thing that the schedule's role allows", () => {
    const role = JSON.stringify(properties(home, "WatchScheduleRole"));
    expect(role.match(/"Action":"[^"]+"/g)).toEqual([
      '"Action":"sts:AssumeRole"',
      '"Action":"lambda:InvokeFunction"',
    ]);
    expect(role).toContain("aws:SourceAccount");
  });
});

describe("the table", () => {
  it("is a global table of one replica, paid by request, protected and kept", () => {
    const table = home.Resources.QuorumTable;
    expect(table).toMatchObject({
      Type: "AWS::DynamoDB::GlobalTable",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        Replicas: [
          {
            Region: { Ref: "AWS::Region" },
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      },
    });
  });

  it("belongs to the home observer's stack in the table's region alone", () => {
    expect(home.Resources.QuorumTable?.Condition).toBe("OwnsTable");
    const owner = (observer: string) => ({
      "Fn::Equals": [
        { "Fn::Join": ["/", [{ Ref: "AWS::Region" }, observer]] },
        "us-east-1/us-east-1",
      ],
    });
    expect(home.Conditions.OwnsTable).toEqual(owner("us-east-1"));
    expect(other.Conditions.OwnsTable).toEqual(owner("eu-west-1b"));
  });
});

describe("the watch function's role", () => {
  it("allows these actions and no other", () => {
    expect(statements(home).flatMap((one) => one.Action)).toEqual([
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "dynamodb:GetItem",
      "dynamodb:BatchGetItem",
      "dynamodb:Query",
      "dynamodb:PutItem",
      "dynamodb:DeleteItem",
      "route53:ListResourceRecordSets",
      "route53:ChangeResourceRecordSets",
      "ssm:GetParameter",
      "secretsmanager:GetSecretValue",
      "lambda:InvokeFunction",
      "sns:Publish",
      "events:PutEvents",
    ]);
  });

  it("tells the topic and the event bus that were given, and nobody where none was", () => {
    expect(conditional(other, "PublishToTopic")).toMatchObject({
      ...{ condition: "HasTopic", statement: { Action: "sns:Publish", Resource: topicArn } },
    });
    expect(conditional(other, "PutEvents")).toMatchObject({
      condition: "HasEventBus",
      statement: {
        ...{ Action: "events:PutEvents", Resource: busArn },
        Condition: { "ForAllValues:StringEquals": { "events:source": ["lambda-sentinel"] } },
      },
    });
    const isGiven = (arn: string) => ({ "Fn::Not": [{ "Fn::Equals": [arn, ""] }] });
    expect([other.Conditions.HasTopic, other.Conditions.HasEventBus]).toEqual([
      isGiven(topicArn),
      isGiven(busArn),
    ]);
    expect([home.Conditions.HasTopic, home.Conditions.HasEventBus]).toEqual([
      isGiven(""),
      isGiven(""),
    ]);
  });

  it("writes no configuration, claims no node and votes for no other observer", () => {
    expect(named(other, "WriteTable").Condition).toEqual({
      "ForAllValues:StringLike": {
        "dynamodb:LeadingKeys": ["STATE#*", "VOTE#eu-west-1b", "OBSERVER#eu-west-1b", "EVENT#*"],
      },
    });
  });

  it("removes events and nothing else", () => {
    expect(named(home, "PruneEvents").Condition).toEqual({
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["EVENT#*"] },
    });
  });

  it("changes records of the given zones by DELETE and CREATE alone", () => {
    const { Condition, Resource } = named(home, "ChangeRecords");
    expect(Condition?.["ForAllValues:StringEquals"]).toEqual({
      "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
      "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "SRV", "TXT"],
    });
    expect(JSON.stringify(Resource)).toContain('"Z1,Z2"');
  });

  it("names no resource of every kind", () => {
    for (const one of statements(other)) {
      expect(one.Resource).not.toBe("*");
      expect(JSON.stringify(one.Resource)).not.toContain(":*:*:*");
    }
  });
});
