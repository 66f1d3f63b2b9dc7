import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { busArn, topicArn } from "../support/notifications.ts";
import {
  conditional,
  named,
  packageStack,
  properties,
  readZip,
  root,
  statements,
  type Template,
} from "../support/packaged.ts";

/** What a stack of the home observer and one beside it in a VPC are packaged as. */
let folder = "";
let home: Template;
let other: Template;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-package-"));
  home = await packageStack(join(folder, "home"), { zones: "Z1,Z2" });
  other = await packageStack(join(folder, "other"), {
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
