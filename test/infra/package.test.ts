import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { deployedEnvironment } from "../../lab/lambda/deployed-environment.ts";
import { whyNoRoute } from "../../lib/adapters/table-route.ts";
import { busArn, topicArn } from "../support/notifications.ts";
import { hashesOf, properties, readBuilt, readZip } from "../support/packaged.ts";
import { type Combination, combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";

const stages = new PackagedStages();
beforeAll(() => stages.read());

describe("the packaged function", () => {
  it("is the very bundle that the lab runs, and its parts", async () => {
    const entries = readZip(
      await readFile(join(stages.of("smallest").folderOf("one"), "watch.zip")),
    );
    expect(hashesOf(entries)).toEqual(hashesOf(await readBuilt("watch")));
  });

  it("is at most 400 KB to load when it starts cold", async () => {
    const { size } = await stat(join(stages.of("smallest").folderOf("one"), "watch.zip"));
    expect(size).toBeLessThanOrEqual(400_000);
  });

  it("runs on nodejs24.x and arm64, longer than a shift, with no reserved concurrency", () => {
    for (const template of stages.every()) {
      expect(properties(template, "WatchLambdaFunction")).toMatchObject({
        Handler: "dist/watch.handler",
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        MemorySize: 256,
        Timeout: 900,
      });
      expect(properties(template, "WatchLambdaFunction")).not.toHaveProperty(
        "ReservedConcurrentExecutions",
      );
    }
  });

  it("keeps its log lines as long as the stage says, and thirty days otherwise", () => {
    const daysIn = (name: Combination) =>
      Object.values(stages.of(name).templates).map(
        (template) => properties(template, "WatchLogGroup").RetentionInDays,
      );
    expect(daysIn("nat")).toEqual([365, 365]);
    expect(daysIn("zones")).toEqual([30, 30, 30]);
  });

  it("gets every variable that its environment demands", () => {
    const template = stages.stack("third-region", "eu-west-2");
    expect(properties(template, "WatchLambdaFunction").Environment).toEqual({
      Variables: {
        LAMBDA_SENTINEL_OBSERVER: "eu-west-2",
        LAMBDA_SENTINEL_TABLE: "lambda-sentinel-test-third-region",
        LAMBDA_SENTINEL_TABLE_REGION: "eu-central-1",
        LAMBDA_SENTINEL_CADENCE: "loop",
        LAMBDA_SENTINEL_PULSE_MS: "5000",
        LAMBDA_SENTINEL_PEERS:
          "eu-west-1=eu-west-1:lambda-sentinel-test-third-region-eu-west-1,eu-central-1=eu-central-1:lambda-sentinel-test-third-region-eu-central-1",
        LAMBDA_SENTINEL_TOPIC: topicArn,
        LAMBDA_SENTINEL_EVENT_BUS: busArn,
        LAMBDA_SENTINEL_VERSION: expect.stringMatching(/^\d+\.\d+\.\d+/),
        ...deployedEnvironment(),
      },
    });
  });

  it("is in a VPC only when asked, and leaves it by IPv6 only there", () => {
    const outside = stages.stack("smallest", "one");
    expect(properties(outside, "WatchLambdaFunction")).not.toHaveProperty("VpcConfig");
    expect(properties(outside, "WatchRole").ManagedPolicyArns).toEqual([]);
    const nat = stages.stack("nat", "two");
    expect(properties(nat, "WatchLambdaFunction").VpcConfig).toEqual({
      SubnetIds: ["subnet-00000001", "subnet-00000002"],
      SecurityGroupIds: ["sg-00000001"],
    });
    expect(properties(nat, "WatchRole").ManagedPolicyArns).toHaveLength(1);
    const dual = stages.stack("zones", "eu-west-1b");
    expect(properties(dual, "WatchLambdaFunction")).toMatchObject({
      VpcConfig: { SubnetIds: ["subnet-0000000b"], Ipv6AllowedForDualStack: true },
      Environment: { Variables: { AWS_USE_DUALSTACK_ENDPOINT: "true" } },
    });
  });

  it("asks the copy of the table that is in its own region, and the home's where there is none", () => {
    const tableRegions = Object.entries(stages.of("witness").templates).map(
      ([observer, template]) => [observer, properties(template, "WatchLambdaFunction").Environment],
    );
    expect(tableRegions).toEqual(
      [
        ["eu-central-1", "eu-central-1"],
        ["eu-west-1", "eu-west-1"],
        ["eu-west-3", "eu-west-1"],
      ].map(([observer, region]) => [
        observer,
        { Variables: expect.objectContaining({ LAMBDA_SENTINEL_TABLE_REGION: region }) },
      ]),
    );
  });
});

describe("the packaged environment", () => {
  const variables = z.object({
    Variables: z.object({
      LAMBDA_SENTINEL_TABLE_REGION: z.string(),
      AWS_USE_DUALSTACK_ENDPOINT: z.string().optional(),
    }),
  });

  it("is one in which the function knows a route to its table, in every stage", () => {
    const doubts = Object.entries(combinations).flatMap(([stage, { observers }]) =>
      observers.map(({ name, region }) => {
        const template = stages.all.get(stage)?.templates[name];
        if (template === undefined) throw new Error(`expected a stack of ${name} in ${stage}`);
        const { Environment } = properties(template, "WatchLambdaFunction");
        const env = { ...variables.parse(Environment).Variables, AWS_REGION: region };
        return whyNoRoute("t", env.LAMBDA_SENTINEL_TABLE_REGION, env);
      }),
    );
    expect(doubts.length).toBeGreaterThan(0);
    expect(doubts.filter((why) => why !== null)).toEqual([]);
  });
});

describe("starts", () => {
  it("come every minute and are never repeated or late", () => {
    for (const template of stages.every()) {
      expect(properties(template, "WatchSchedule")).toMatchObject({
        ScheduleExpression: "rate(1 minute)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: { "Fn::GetAtt": ["WatchLambdaFunction", "Arn"] },
          RoleArn: { "Fn::GetAtt": ["WatchScheduleRole", "Arn"] },
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      });
      expect(properties(template, "WatchLambdaEvConf")).toMatchObject({
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
      });
    }
  });

  it("are the only thing that the schedule's role allows", () => {
    const role = JSON.stringify(properties(stages.stack("smallest", "one"), "WatchScheduleRole"));
    expect(role.match(/"Action":"[^"]+"/g)).toEqual([
      '"Action":"sts:AssumeRole"',
      '"Action":"lambda:InvokeFunction"',
    ]);
    expect(role).toContain("aws:SourceAccount");
  });
});

describe("the table", () => {
  const replicaIn = (stage: Combination) => (Region: string) => ({
    Region,
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { Ref: "AWS::NoValue" },
    Tags: [{ Key: "lambda-sentinel:stage", Value: `test-${stage}` }],
  });

  it("is a global table of one replica, paid by request, protected and kept", () => {
    const table = stages.stack("zones", "eu-west-1a").Resources.QuorumTable;
    expect(table).toMatchObject({
      Type: "AWS::DynamoDB::GlobalTable",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        TableName: "sentinel",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        MultiRegionConsistency: { Ref: "AWS::NoValue" },
        Replicas: [replicaIn("zones")("eu-west-1")],
        GlobalTableWitnesses: { Ref: "AWS::NoValue" },
      },
    });
  });

  it("of several regions is strongly consistent, in three regions or in two with a witness", () => {
    const three = stages.stack("three-replicas", "us-east-1");
    expect(properties(three, "QuorumTable")).toMatchObject({
      MultiRegionConsistency: "STRONG",
      Replicas: ["us-east-1", "us-east-2", "us-west-2"].map(replicaIn("three-replicas")),
    });
    const two = stages.stack("witness", "eu-west-1");
    expect(properties(two, "QuorumTable")).toMatchObject({
      MultiRegionConsistency: "STRONG",
      Replicas: ["eu-west-1", "eu-central-1"].map(replicaIn("witness")),
      GlobalTableWitnesses: [{ Region: "eu-west-3" }],
    });
  });

  it("belongs to one stack of a stage, in the table's home, and so does the operators' policy", () => {
    for (const [name, { templates }] of stages.all) {
      const owners = Object.values(templates).filter((one) => "QuorumTable" in one.Resources);
      expect([name, owners.length]).toEqual([name, 1]);
      expect(owners.filter((one) => "OperatorPolicy" in one.Resources)).toHaveLength(1);
    }
    expect(stages.stack("third-region", "eu-central-1").Resources).toHaveProperty("QuorumTable");
  });
});

describe("what a company demands", () => {
  it("is on every stack as a tag, which hands it to roles and functions, and on the table itself", () => {
    const wanted = { ...combinations.locked.tags, "lambda-sentinel:stage": "test-locked" };
    const { stackTags } = stages.of("locked");
    expect(stackTags).toEqual({ one: wanted, two: wanted, three: wanted });
    expect(properties(stages.stack("locked", "one"), "QuorumTable")).toMatchObject({
      Replicas: [{ Tags: Object.entries(wanted).map(([Key, Value]) => ({ Key, Value })) }],
    });
  });

  it("is on every role, log group and table", () => {
    for (const template of Object.values(stages.of("locked").templates)) {
      for (const [name, { Type, Properties }] of Object.entries(template.Resources)) {
        if (Type === "AWS::IAM::Role") {
          expect([name, Properties.PermissionsBoundary]).toEqual([
            name,
            combinations.locked.permissionsBoundary,
          ]);
        }
      }
      expect(properties(template, "WatchLogGroup").KmsKeyId).toBe(
        combinations.locked.keys["eu-west-1"],
      );
    }
    expect(properties(stages.stack("locked", "one"), "QuorumTable")).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
      Replicas: [{ SSESpecification: { KMSMasterKeyId: combinations.locked.keys["eu-west-1"] } }],
    });
  });
});
