import { beforeAll, describe, expect, it } from "@jest/globals";
import { busArn, topicArn } from "../support/notifications.ts";
import { named, statements, type Template } from "../support/packaged.ts";
import { combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";

const stages = new PackagedStages();
beforeAll(() => stages.read());

describe("the watch function's role", () => {
  const allowed = (template: Template) => statements(template).flatMap((one) => one.Action);
  const always = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:DescribeTable",
    "dynamodb:PutItem",
    "dynamodb:DeleteItem",
    "ssm:GetParameter",
    "secretsmanager:GetSecretValue",
  ];

  it("allows these actions and no other", () => {
    expect(allowed(stages.stack("smallest", "one"))).toEqual(always);
    expect(allowed(stages.stack("third-region", "eu-west-1"))).toEqual([
      ...always,
      "route53:ListResourceRecordSets",
      "route53:ChangeResourceRecordSets",
      "lambda:InvokeFunction",
      "sns:Publish",
      "events:PutEvents",
    ]);
  });

  it("takes pulses from its own queue, where there are some, and sends none", () => {
    const template = stages.stack("zones", "eu-west-1b");
    expect(named(template, "TakePulses")).toMatchObject({
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      Resource: { "Fn::GetAtt": ["PulseQueue", "Arn"] },
    });
    const allowedAnywhere = stages.every().flatMap(allowed).flat();
    expect(allowedAnywhere).not.toContain("sqs:SendMessage");
  });

  it("tells the topic and the event bus that were given, wakes the stage's own functions", () => {
    const template = stages.stack("third-region", "eu-west-1");
    expect(named(template, "PublishToTopic").Resource).toBe(topicArn);
    expect(named(template, "PutEvents")).toMatchObject({
      Resource: busArn,
      Condition: { "ForAllValues:StringEquals": { "events:source": ["lambda-sentinel"] } },
    });
    expect(named(template, "WakePeers").Resource).toEqual(
      ["eu-west-2", "eu-central-1"].map((region) => ({
        "Fn::Sub": `arn:\${AWS::Partition}:lambda:${region}:\${AWS::AccountId}:function:lambda-sentinel-test-third-region-${region}`,
      })),
    );
  });

  it("writes no configuration, claims no node and votes for no other observer", () => {
    expect(named(stages.stack("zones", "eu-west-1b"), "WriteTable").Condition).toEqual({
      "ForAllValues:StringLike": {
        "dynamodb:LeadingKeys": ["STATE#*", "VOTE#eu-west-1b", "OBSERVER#eu-west-1b", "EVENT#*"],
      },
    });
  });

  it("removes events and nothing else", () => {
    expect(named(stages.stack("smallest", "one"), "PruneEvents").Condition).toEqual({
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["EVENT#*"] },
    });
  });

  it("changes the given names of the given zones by DELETE and CREATE alone", () => {
    const { Condition, Resource } = named(stages.stack("witness", "eu-west-1"), "ChangeRecords");
    expect(Condition).toEqual({
      "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "SRV", "TXT"],
      },
      "ForAllValues:StringLike": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["*.redis.example.com"],
      },
    });
    expect(Resource).toEqual(
      ["Z1", "Z2"].map((zone) => ({
        "Fn::Sub": `arn:\${AWS::Partition}:route53:::hostedzone/${zone}`,
      })),
    );
  });

  it("uses a key only through the services that hold what it reads", () => {
    const use = named(stages.stack("locked", "two"), "UseKeys");
    expect(use.Resource).toEqual([combinations.locked.keys["eu-west-1"]]);
    expect(Object.keys(use.Condition?.StringLike ?? {})).toEqual(["kms:ViaService"]);
  });

  it("names no resource of every kind", () => {
    for (const one of stages.every().flatMap(statements)) {
      expect(one.Resource).not.toBe("*");
      expect(JSON.stringify(one.Resource)).not.toContain(":*:*:*");
    }
  });
});
