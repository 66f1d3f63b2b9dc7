import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { openServices } from "../../lib/cli/aws.ts";
import { groupConfig, groupState, n0, n1 } from "../support/builders.ts";
import { type AwsCall, AwsRecorder, account } from "./aws-calls.ts";
import { combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";
import { actionsOf, deniedOf, managedPolicy, type NamedPolicy } from "./simulated-iam.ts";

const observer = "eu-west-2";
const table = "lambda-sentinel-test-third-region";
const group = "cache";
const name = "cache.redis.example.com";
const before = { ...process.env };
const stages = new PackagedStages();

let aws: AwsRecorder;
let policy: NamedPolicy;

beforeAll(async () => {
  await stages.read();
  const home = stages.stack("third-region", "eu-central-1");
  policy = managedPolicy(home, "OperatorPolicy", "eu-central-1");
  aws = await AwsRecorder.start({ table, zone: "redis.example.com" });
  Object.assign(process.env, aws.environment());
});

afterAll(async () => {
  for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
  await aws.close();
});

describe("the operators' policy", () => {
  it("allows what the command line does, with the table and with the records", async () => {
    const services = openServices({ table, region: "eu-central-1" }, {});
    const { store, readRecords, zoneName, describeTable } = services;
    const config = groupConfig();
    await store.putConfig(config);
    await store.claimNode(n0, group);
    await store.claimNode(n0, "other");
    await store.releaseNode(n1, group);
    await store.listConfigs();
    await store.readConfig(group, 1);
    await store.deleteConfig(group, config.version);
    await store.readState(group);
    const state = groupState();
    await store.writeState(state.rev, { ...state, rev: state.rev + 1 }, "an-operator");
    await store.readVotes(group, [observer]);
    await store.readHeartbeat(observer);
    await store.readEvents(group, 10);
    await readRecords({ zoneId: aws.zoneId, name, ttlSeconds: 5, srv: true });
    await zoneName(aws.zoneId);
    await describeTable();
    const calls = aws.taken();
    expect(actionsOf(calls)).toEqual([
      "dynamodb:BatchGetItem",
      "dynamodb:DeleteItem",
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "route53:GetHostedZone",
      "route53:ListResourceRecordSets",
    ]);
    expect(await deniedOf([policy], calls)).toEqual([]);
  });

  it("decrypts the table, where it is under the owner's key, and nothing else", async () => {
    const locked = managedPolicy(stages.stack("locked", "one"), "OperatorPolicy", "eu-west-1");
    const use = (service: string): AwsCall => ({
      action: "kms:Decrypt",
      resource: combinations.locked.keys["eu-west-1"] ?? "",
      context: { "kms:ViaService": `${service}.eu-west-1.amazonaws.com` },
    });
    expect(await deniedOf([locked], ["dynamodb", "ssm"].map(use))).toEqual([use("ssm")]);
    expect(await deniedOf([policy], [use("dynamodb")])).toHaveLength(1);
  });

  it("denies voting, changing records and reading secrets", async () => {
    const tableArn = `arn:aws:dynamodb:eu-central-1:${account}:table/${table}`;
    const calls: readonly AwsCall[] = [
      {
        action: "dynamodb:PutItem",
        resource: tableArn,
        context: { "dynamodb:LeadingKeys": [`VOTE#${observer}`] },
      },
      { action: "dynamodb:DeleteTable", resource: tableArn, context: {} },
      {
        action: "dynamodb:DeleteItem",
        resource: tableArn,
        context: { "dynamodb:LeadingKeys": ["STATE#0"] },
      },
      {
        action: "route53:ChangeResourceRecordSets",
        resource: "arn:aws:route53:::hostedzone/Z1",
        context: {},
      },
      {
        action: "ssm:GetParameter",
        resource: `arn:aws:ssm:${observer}:${account}:parameter/lambda-sentinel/cache`,
        context: {},
      },
    ];
    expect(await deniedOf([policy], calls)).toEqual(calls);
  });
});
