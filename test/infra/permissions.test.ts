import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createDynamoStore, createTableClient } from "../../lib/adapters/dynamo-store.ts";
import { createEventBridgeNotifier } from "../../lib/adapters/eventbridge-notifier.ts";
import { createLambdaWaker } from "../../lib/adapters/lambda-waker.ts";
import { notificationOf } from "../../lib/adapters/notification.ts";
import { parsePeers } from "../../lib/adapters/peers.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import { createSnsNotifier } from "../../lib/adapters/sns-notifier.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { createConsistencyCheck } from "../../lib/adapters/table-consistency.ts";
import { createSecretSource } from "../../lib/config/secrets.ts";
import { companionName, srvName, wantedRecords } from "../../lib/core/records.ts";
import { groupConfig, groupState, storedEvent, vote } from "../support/builders.ts";
import { busArn, reportedEvent, topicArn } from "../support/notifications.ts";
import { properties } from "../support/packaged.ts";
import { type AwsCall, AwsRecorder, account } from "./aws-calls.ts";
import { PackagedStages } from "./packaged-stages.ts";
import { actionsOf, deniedOf, isAllowed, type NamedPolicy, policiesOf } from "./simulated-iam.ts";

/** Everything that the adapters ask of AWS, recorded, and held against what the packaged roles allow. */

const observer = "eu-west-2";
const stageName = "third-region";
const stages = new PackagedStages();
const before = { ...process.env };
const group = "cache";
const name = "cache.redis.example.com";

let aws: Awaited<ReturnType<typeof AwsRecorder.start>>;
let table = "";
let watchPolicies: readonly NamedPolicy[];

beforeAll(async () => {
  await stages.read();
  const stack = stages.stack(stageName, observer);
  watchPolicies = policiesOf(stack, "WatchRole", observer);
  table = `lambda-sentinel-test-${stageName}`;
  aws = await AwsRecorder.start({ table, zone: "redis.example.com" });
  Object.assign(process.env, aws.environment(), { AWS_REGION: observer });
});

afterAll(async () => {
  for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
  await aws.close();
});

/** Does everything that a shift does with the table. */
async function watchTheTable(): Promise<void> {
  const client = createTableClient("eu-central-1");
  await createConsistencyCheck(client, table)();
  const store = createDynamoStore({ table, deployment: "prod", client });
  const state = groupState();
  await store.writeState(null, state, "an-attempt");
  await store.writeState(null, state, "another");
  await store.readState(group);
  await store.castVote(vote(observer));
  await store.castVote(vote(observer, { verdict: "up" }));
  await store.readVotes(group, ["eu-west-1", observer, "eu-central-1"]);
  const beat = { observer, shift: 2, at: "2030-01-01T00:00:00.000Z", codeVersion: "1", groups: {} };
  await store.writeHeartbeat(beat);
  await store.writeHeartbeat({ ...beat, shift: 1 });
  await store.readHeartbeat(observer);
  for (const id of ["000000000001#a", "000000000002#a"]) await store.appendEvent(storedEvent(id));
  await store.pruneEvents(group, 1);
  await store.listConfigs();
  await store.readConfig(group, 1);
}

async function publishTheName(): Promise<void> {
  const dns = createRoute53Dns({ servers: [] });
  const record = { zoneId: aws.zoneId, name, ttlSeconds: 5, srv: true, replicas: `ro.${name}` };
  for (const [epoch, host] of [
    [1, "10.0.0.1"],
    [2, "10.0.0.2"],
  ] as const) {
    const owner = { deployment: "prod", group, epoch };
    const wanted = wantedRecords(groupConfig(), record, owner, { host, port: 6379 });
    await dns.publish({ dns: record, owner, wanted, known: null, isCurrent: () => true });
  }
  await dns.read(record);
}

async function doTheRest(): Promise<void> {
  const secrets = createSecretSource({ clock: systemClock });
  await secrets.resolve({ password: "ssm:/lambda-sentinel/cache" }, undefined);
  await secrets.resolve({ password: "secretsmanager:lambda-sentinel/cache" }, undefined);
  const variables = properties(
    stages.stack(stageName, observer),
    "WatchLambdaFunction",
  ).Environment;
  const peers = /"LAMBDA_SENTINEL_PEERS":"([^"]+)"/.exec(JSON.stringify(variables))?.[1] ?? "";
  const waker = createLambdaWaker(parsePeers(peers));
  for (const one of ["eu-west-1", "eu-central-1"])
    await waker.wake({ observer: one, group, round: 1 });
  const teller = { deployment: "prod", observer, at: "2030-01-31T04:00:00.000Z" };
  const notification = notificationOf(reportedEvent(), teller);
  const { signal } = new AbortController();
  await createSnsNotifier(topicArn).notify(notification, signal);
  await createEventBridgeNotifier(busArn).notify(notification, signal);
}

describe("the watch function's role", () => {
  it("allows every call that the adapters make", async () => {
    await watchTheTable();
    await publishTheName();
    await doTheRest();
    const calls = aws.taken();
    expect(actionsOf(calls)).toEqual([
      "dynamodb:BatchGetItem",
      "dynamodb:DeleteItem",
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "events:PutEvents",
      "lambda:InvokeFunction",
      "route53:ChangeResourceRecordSets",
      "route53:ListResourceRecordSets",
      "secretsmanager:GetSecretValue",
      "sns:Publish",
      "ssm:GetParameter",
    ]);
    expect(await deniedOf(watchPolicies, calls)).toEqual([]);
  });

  it("allows its log lines", async () => {
    const logs = `arn:aws:logs:${observer}:${account}:log-group:/aws/lambda/lambda-sentinel-test-${stageName}-${observer}`;
    const call = { action: "logs:PutLogEvents", resource: `${logs}:log-stream:one`, context: {} };
    expect(await isAllowed(watchPolicies, call)).toBe(true);
    const other = { ...call, resource: `${logs}-other:log-stream:one` };
    expect(await isAllowed(watchPolicies, other)).toBe(false);
  });

  const tableArn = () => `arn:aws:dynamodb:eu-central-1:${account}:table/${table}`;
  const item = (action: string, pk: string): AwsCall => ({
    action: `dynamodb:${action}`,
    resource: tableArn(),
    context: { "dynamodb:LeadingKeys": [pk] },
  });
  const plain = (action: string, resource: string): AwsCall => ({ action, resource, context: {} });
  const change = (actionOfChange: string, type: string, record: string): AwsCall => ({
    action: "route53:ChangeResourceRecordSets",
    resource: "arn:aws:route53:::hostedzone/Z1",
    context: {
      "route53:ChangeResourceRecordSetsActions": [actionOfChange],
      "route53:ChangeResourceRecordSetsRecordTypes": [type],
      "route53:ChangeResourceRecordSetsNormalizedRecordNames": [record],
    },
  });

  it.each([
    ["deleting the table", () => plain("dynamodb:DeleteTable", tableArn())],
    ["changing the table", () => plain("dynamodb:UpdateTable", tableArn())],
    ["another table", () => ({ ...item("PutItem", "STATE#0"), resource: `${tableArn()}-other` })],
    ["voting for another observer", () => item("PutItem", "VOTE#eu-west-1")],
    ["an observer whose name begins alike", () => item("PutItem", `VOTE#${observer}a`)],
    ["another observer's heartbeat", () => item("PutItem", "OBSERVER#eu-west-1")],
    ["a configuration", () => item("PutItem", "CONFIG")],
    ["a node's owner", () => item("PutItem", "NODE")],
    ["deleting a STATE", () => item("DeleteItem", "STATE#0")],
    ["changing items in place", () => item("UpdateItem", "STATE#0")],
    ["reading the whole table", () => plain("dynamodb:Scan", tableArn())],
    ["a record without asking what is there", () => change("UPSERT", "A", name)],
    ["another record", () => change("CREATE", "A", "www.example.com")],
    ["the zone's own records", () => change("DELETE", "NS", name)],
    [
      "another zone",
      () => ({ ...change("CREATE", "A", name), resource: "arn:aws:route53:::hostedzone/Z3" }),
    ],
    [
      "another parameter",
      () => plain("ssm:GetParameter", `arn:aws:ssm:${observer}:${account}:parameter/other/cache`),
    ],
    [
      "another secret",
      () =>
        plain(
          "secretsmanager:GetSecretValue",
          `arn:aws:secretsmanager:${observer}:${account}:secret:other/cache-AbCdEf`,
        ),
    ],
    [
      "changing a secret",
      () =>
        plain(
          "secretsmanager:PutSecretValue",
          `arn:aws:secretsmanager:${observer}:${account}:secret:lambda-sentinel/cache-AbCdEf`,
        ),
    ],
    [
      "another function",
      () => plain("lambda:InvokeFunction", `arn:aws:lambda:eu-west-1:${account}:function:billing`),
    ],
    ["another topic", () => plain("sns:Publish", `${topicArn}-other`)],
  ] satisfies [string, () => AwsCall][])("denies %s", async (_what, call) => {
    expect(await isAllowed(watchPolicies, call())).toBe(false);
  });

  it("tells the event bus nothing in another's name", async () => {
    const call = {
      action: "events:PutEvents",
      resource: busArn,
      context: { "events:source": ["billing"] },
    };
    expect(await isAllowed(watchPolicies, call)).toBe(false);
  });

  it("decrypts through the services alone, where the key is the owner's", async () => {
    const locked = stages.stack("locked", "two");
    const key = "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef";
    const decrypt = (context: AwsCall["context"]) =>
      isAllowed(policiesOf(locked, "WatchRole", "eu-west-1"), {
        action: "kms:Decrypt",
        resource: key,
        context,
      });
    expect(await decrypt({ "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com" })).toBe(true);
    expect(await decrypt({ "kms:ViaService": "s3.eu-west-1.amazonaws.com" })).toBe(false);
    expect(await decrypt({})).toBe(false);
  });

  it("decrypts a table that is under a key of another region", async () => {
    const away = stages.stack("third-region-outside", "us-east-1");
    const use = (region: string) =>
      isAllowed(policiesOf(away, "WatchRole", "us-east-1"), {
        action: "kms:Decrypt",
        resource: `arn:aws:kms:${region}:${account}:key/mrk-0123456789abcdef`,
        context: { "kms:ViaService": "dynamodb.us-west-2.amazonaws.com" },
      });
    expect(await use("us-west-2")).toBe(true);
    expect(await use("us-east-1")).toBe(false);
  });

  it("changes one name and what stands below it, where the stage names no pattern", async () => {
    const policies = policiesOf(stages.stack("nat", "one"), "WatchRole", "us-east-1");
    const calls = [
      change("CREATE", "A", name),
      change("DELETE", "TXT", companionName({ name })),
      change("CREATE", "SRV", srvName({ name })),
    ];
    expect(await deniedOf(policies, calls)).toEqual([]);
    expect(await isAllowed(policies, change("CREATE", "A", "orders.redis.example.com"))).toBe(
      false,
    );
  });
});
