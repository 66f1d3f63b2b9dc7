import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as z from "zod";
import { type DynamoDbStandIn, startDynamoDb } from "../../lab/dynamodb/gateway.ts";
import { type Sandbox, startSandbox } from "../../lab/lambda/sandbox.ts";
import { createDynamoStore } from "../../lib/adapters/dynamo-store.ts";
import { groupConfig, groupState } from "../support/builders.ts";

/** The built function, as Lambda starts it, asked by the events of a function URL and of a load balancer. */

const bundle = fileURLToPath(new URL("../../dist/status.mjs", import.meta.url));
const table = "lambda-sentinel-status";
const timeoutMs = 10_000;
const answerShape = z.object({
  statusCode: z.number(),
  body: z.string(),
  isBase64Encoded: z.boolean(),
  headers: z.record(z.string(), z.string()).optional(),
});

let dynamo: DynamoDbStandIn;
let sandbox: Sandbox;

beforeAll(async () => {
  dynamo = await startDynamoDb();
  await dynamo.createTable(table);
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ACCESS_KEY_ID: "lab",
    AWS_SECRET_ACCESS_KEY: "lab",
  };
  const credentials = { accessKeyId: "lab", secretAccessKey: "lab" };
  const client = new DynamoDBClient({
    endpoint: dynamo.endpoint,
    region: "us-east-1",
    credentials,
  });
  const store = createDynamoStore({ table, deployment: table, client });
  await store.putConfig(groupConfig());
  await store.writeState(null, { ...groupState(), deployment: table }, "an-attempt");
  sandbox = await startSandbox({ bundle, env: { ...env, LAMBDA_SENTINEL_TABLE: table } });
});

afterAll(async () => {
  await sandbox.kill();
  await dynamo.close();
});

function fromUrl(path: string, method = "GET") {
  const [rawPath = "", rawQueryString = ""] = path.split("?");
  const requestContext = { http: { method, path: rawPath }, domainName: "x.lambda-url.on.aws" };
  const headers = { host: "x.lambda-url.on.aws", "x-forwarded-proto": "https" };
  return {
    version: "2.0",
    rawPath,
    rawQueryString,
    headers,
    requestContext,
    isBase64Encoded: false,
  };
}

async function ask(event: unknown) {
  return answerShape.parse(await sandbox.invoke(event, { timeoutMs }));
}

describe("the status function", () => {
  test("answers a function URL with the page, its policy and no copy kept", async () => {
    const { statusCode, headers, body, isBase64Encoded } = await ask(fromUrl("/"));
    expect([statusCode, isBase64Encoded]).toEqual([200, false]);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=UTF-8",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      "cache-control": "no-store",
    });
    expect(body).toContain('id="group_cache"');
  });

  test("answers programs with JSON, and refuses what could change something", async () => {
    const group = await ask(fromUrl("/groups/cache"));
    expect(JSON.parse(group.body)).toMatchObject({ schema: 1, table, groups: [{ name: "cache" }] });
    expect((await ask(fromUrl("/groups/cash"))).statusCode).toBe(404);
    expect((await ask(fromUrl("/groups/cache", "POST"))).statusCode).toBe(405);
  });

  test("answers a load balancer that has the function as its target", async () => {
    const elb = { targetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b" };
    const { statusCode, body } = await ask({
      requestContext: { elb },
      httpMethod: "GET",
      path: "/health",
      queryStringParameters: { group: "cache" },
      headers: { host: "lb.example.com" },
      body: "",
      isBase64Encoded: false,
    });
    // No observer has reported anything of the group.
    expect(statusCode).toBe(503);
    expect(JSON.parse(body).problems).toContain(
      "cache: observer a has reported nothing about the group",
    );
  });

  test("has a status of its own for a table that does not answer", async () => {
    const lonely = await startSandbox({
      bundle,
      env: {
        AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID: "lab",
        AWS_SECRET_ACCESS_KEY: "lab",
        LAMBDA_SENTINEL_TABLE: table,
      },
    });
    const answer = answerShape.parse(await lonely.invoke(fromUrl("/health"), { timeoutMs }));
    await lonely.kill();
    expect(answer.statusCode).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ isHealthy: null });
  });
});
