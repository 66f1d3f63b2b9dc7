import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createDynamoStore, createTableClient } from "../../lib/adapters/dynamo-store.ts";
import { createStatusPage } from "../../lib/page/app.ts";
import { wireStatus } from "../../lib/wiring/status-sources.ts";
import { groupConfig, groupState, storedEvent } from "../support/builders.ts";
import { hashesOf, properties, readBuilt, readZip } from "../support/packaged.ts";
import { type AwsCall, AwsRecorder, account } from "./aws-calls.ts";
import { combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";
import {
  actionsOf,
  deniedOf,
  isAllowed,
  managedPolicy,
  type NamedPolicy,
  policiesOf,
} from "./simulated-iam.ts";

const home = "eu-central-1";
const stageName = "third-region";
const table = `lambda-sentinel-test-${stageName}`;
const tableArn = `arn:aws:dynamodb:${home}:${account}:table/${table}`;
const group = "cache";
const before = { ...process.env };
const stages = new PackagedStages();

let aws: AwsRecorder;
let policies: readonly NamedPolicy[];

beforeAll(async () => {
  await stages.read();
  policies = policiesOf(stages.stack(stageName, home), "StatusRole", home);
  aws = await AwsRecorder.start({ table, zone: "redis.example.com" });
  Object.assign(process.env, aws.environment(), { AWS_REGION: home });
});

afterAll(async () => {
  for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
  await aws.close();
});

/** A group with a name, a state, a heartbeat and an event, written by somebody who may. */
async function fillTable(): Promise<void> {
  const store = createDynamoStore({ table, deployment: table, client: createTableClient(home) });
  const dns = { zoneId: aws.zoneId, name: "cache.redis.example.com", ttlSeconds: 5, srv: true };
  await store.putConfig(groupConfig({ dns }));
  await store.writeState(null, { ...groupState(), deployment: table }, "an-attempt");
  const beat = { shift: 2, at: "2030-01-01T00:00:00.000Z", codeVersion: "1", groups: {} };
  await store.writeHeartbeat({ observer: "a", ...beat });
  await store.appendEvent(storedEvent("000000000001#a"));
  aws.taken();
}

describe("the status page of a stage", () => {
  it("is off where nobody asks for it, and once in a stage, beside the table", () => {
    for (const [name, { templates }] of stages.all) {
      const having = Object.values(templates).filter((one) => "StatusRole" in one.Resources);
      const isAsked = name === stageName || name === "locked";
      expect([name, having.length]).toEqual([name, isAsked ? 1 : 0]);
      for (const one of having) expect(one.Resources).toHaveProperty("QuorumTable");
    }
  });

  it("is the very bundle that is built, and its parts", async () => {
    const zip = await readFile(join(stages.of(stageName).folderOf(home), "status.zip"));
    const entries = readZip(zip);
    expect(hashesOf(entries)).toEqual(hashesOf(await readBuilt("status")));
    expect(zip.length).toBeLessThan(300 * 1024);
  });

  it("is asked by IAM alone, outside any VPC, with a role of its own", () => {
    const template = stages.stack(stageName, home);
    expect(properties(template, "StatusLambdaFunctionUrl")).toEqual({
      AuthType: "AWS_IAM",
      TargetFunctionArn: { "Fn::GetAtt": ["StatusLambdaFunction", "Arn"] },
    });
    expect(properties(template, "StatusLambdaFunction")).toMatchObject({
      Handler: "dist/status.handler",
      Role: { "Fn::GetAtt": ["StatusRole", "Arn"] },
      Environment: {
        Variables: { LAMBDA_SENTINEL_TABLE: table, LAMBDA_SENTINEL_TABLE_REGION: home },
      },
    });
    expect(properties(template, "StatusLambdaFunction")).not.toHaveProperty("VpcConfig");
    const kinds = Object.values(template.Resources).map(({ Type }) => Type);
    expect(kinds).not.toContain("AWS::Lambda::Permission");
  });

  it("may make every call that it makes: reads, of the table and of the zone", async () => {
    await fillTable();
    const app = createStatusPage(wireStatus({ ...process.env, LAMBDA_SENTINEL_TABLE: table }));
    const answer = await app.request("/");
    const text = await answer.text();
    expect([answer.status, text.includes('id="group_cache"')]).toEqual([200, true]);
    const calls = aws.taken();
    expect(actionsOf(calls)).toEqual([
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:Query",
      "route53:ListResourceRecordSets",
    ]);
    expect(await deniedOf(policies, calls)).toEqual([]);
  });

  const item = (action: string, pk: string): AwsCall => ({
    action: `dynamodb:${action}`,
    resource: tableArn,
    context: { "dynamodb:LeadingKeys": [pk] },
  });

  it.each([
    ["writing a state", item("PutItem", "STATE#0")],
    ["voting", item("PutItem", "VOTE#a")],
    ["telling an event", item("PutItem", `EVENT#${group}`)],
    ["deleting an event", item("DeleteItem", `EVENT#${group}`)],
    ["changing an item in place", item("UpdateItem", "STATE#0")],
    ["reading the whole table", { ...item("Scan", "STATE#0"), context: {} }],
    ["another table", { ...item("GetItem", "CONFIG"), resource: `${tableArn}-other` }],
    [
      "a secret",
      {
        action: "ssm:GetParameter",
        resource: `arn:aws:ssm:${home}:${account}:parameter/lambda-sentinel/cache`,
        context: {},
      },
    ],
    [
      "changing a record",
      {
        action: "route53:ChangeResourceRecordSets",
        resource: "arn:aws:route53:::hostedzone/Z1",
        context: { "route53:ChangeResourceRecordSetsActions": ["CREATE"] },
      },
    ],
  ] satisfies [string, AwsCall][])("is denied %s", async (_what, call) => {
    expect(await isAllowed(policies, call)).toBe(false);
  });

  it("decrypts through the table alone, and encrypts nothing, where the key is the owner's", async () => {
    const locked = policiesOf(stages.stack("locked", "one"), "StatusRole", "eu-west-1");
    const use = (action: string, service: string) =>
      isAllowed(locked, {
        action: `kms:${action}`,
        resource: combinations.locked.keys["eu-west-1"] ?? "",
        context: { "kms:ViaService": `${service}.eu-west-1.amazonaws.com` },
      });
    expect(await use("Decrypt", "dynamodb")).toBe(true);
    expect(await use("Decrypt", "ssm")).toBe(false);
    expect(await use("Encrypt", "dynamodb")).toBe(false);
    expect(properties(stages.stack("locked", "one"), "StatusLogGroup").KmsKeyId).toBe(
      combinations.locked.keys["eu-west-1"],
    );
  });

  it("is shown to whoever has the readers' policy, who can't start it in another way", async () => {
    const readers = [managedPolicy(stages.stack(stageName, home), "StatusReaderPolicy", home)];
    const resource = `arn:aws:lambda:${home}:${account}:function:lambda-sentinel-test-${stageName}_status`;
    const ask = (action: string, context: AwsCall["context"]) =>
      isAllowed(readers, { action: `lambda:${action}`, resource, context });
    expect(await ask("InvokeFunctionUrl", { "lambda:FunctionUrlAuthType": "AWS_IAM" })).toBe(true);
    expect(await ask("InvokeFunctionUrl", { "lambda:FunctionUrlAuthType": "NONE" })).toBe(false);
    expect(await ask("InvokeFunction", { "lambda:InvokedViaFunctionUrl": "true" })).toBe(true);
    expect(await ask("InvokeFunction", {})).toBe(false);
    expect(await ask("UpdateFunctionCode", {})).toBe(false);
  });
});
