import { readFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it } from "@jest/globals";
import { listen } from "../../lab/http-server.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { readStage } from "../../lib/deploy/stage.ts";
import { dropTable } from "../../scripts/validate/cloud.ts";
import { scratchOf } from "../../scripts/validate/scratch.ts";
import { plannedBase, stacksIn } from "../../scripts/validate/steps.ts";
import { runScriptIn } from "../support/run-script.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Nothing of AWS is in reach of it but what a test opens. */
function validate(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const alone = {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
  };
  const script = new URL("../../scripts/validate-on-aws.ts", import.meta.url);
  return runScriptIn({ ...alone, ...env }, script, "--region", "eu-west-1", ...args);
}

describe("a validation that is only planned", () => {
  it("says what it would do and take back, and asks nobody", async () => {
    const ran = await validate({}, "--dry-run");

    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const lines = ran.stdout.split("\n").map((line) => line.replace(/:.*/, ""));
    expect(lines.filter((line) => /^\[\d/.test(line))).toEqual([
      ...["[1/9] base", "[2/9] zone", "[3/9] stage", "[4/9] adopt", "[5/9] switchover"],
      ...["[6/9] failover", "[7/9] tables", "[8/9] spreading", "[9/9] cold starts"],
    ]);
    expect(ran.stdout.match(/^\[clean-up\] \w+ \w+ \w+/gm)).toEqual([
      ...["[clean-up] remove the stage", "[clean-up] empty the zone"],
      "[clean-up] delete stack lambda",
    ]);
  });

  it("leaves a stage and a group that are right", async () => {
    await validate({}, "--dry-run");

    const stage = await readFile("dist/validate/validate-000000/stage.yml", "utf8");
    expect(readStage(stage, "stage.yml")).toMatchObject({ ok: true });
    const groups = await readFile("dist/validate/validate-000000/groups.yml", "utf8");
    expect(loadConfig(groups, "groups.yml")).toMatchObject({
      ok: true,
      groups: [
        {
          name: "orders",
          nodes: [{}, {}, {}],
          auth: { password: "ssm:/validate-000000/password" },
        },
      ],
    });
  });
});

describe("an account", () => {
  it("has to be named, before anybody is asked", async () => {
    expect(await validate({})).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("expected --account, got none"),
    });
  });

  it("is refused where the credentials are another one's", async () => {
    const sts = await listen(
      (_request, response) =>
        response.end(
          "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
      { host: "127.0.0.1", port: 0 },
    );
    open.push(() => sts.close());
    const env = {
      AWS_ENDPOINT_URL_STS: sts.endpoint,
      ...{ AWS_ACCESS_KEY_ID: "lab", AWS_SECRET_ACCESS_KEY: "lab" },
    };

    expect(await validate(env, "--account", "444455556666")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("account 444455556666, got those of 111122223333"),
    });
  });

  it("without credentials is an answer, not a stack trace", async () => {
    const { code, stdout, stderr } = await validate({}, "--account", "444455556666");

    expect({ code, stdout, lines: stderr.trim().split("\n").length }).toEqual({
      ...{ code: 2, stdout: "", lines: 1 },
    });
  });
});

describe("a scratch stage", () => {
  it("has an observer in each zone, and everything under one name", () => {
    const stacks = stacksIn(scratchOf("0a1b2c", "us-east-1"), plannedBase);

    expect(
      stacks.map(({ name, part, network, secretPrefix, recordNames, subnets }) => ({
        ...{ name, part, network, secretPrefix, recordNames, subnets },
      })),
    ).toEqual(
      ["one", "two", "three"].map((observer, place) => ({
        name: `lambda-sentinel-validate-0a1b2c-${observer}`,
        part: place === 0 ? "home" : "away",
        network: "dual-stack",
        secretPrefix: "validate-0a1b2c",
        recordNames: ["*.validate-0a1b2c.internal"],
        subnets: [`subnet-0000000${place}`],
      })),
    );
  });

  it("measures a strongly consistent table where its region is in a set of three", () => {
    expect(scratchOf("0a1b2c", "us-west-2").strong).toEqual({
      ...{ replica: "us-east-1", witness: "us-east-2" },
    });
    expect(scratchOf("0a1b2c", "sa-east-1").strong).toBeNull();
  });
});

describe("the quorum table of a scratch stage", () => {
  it("is deleted, protection or not, and may be gone already", async () => {
    const calls: string[] = [];
    const lab = await startProtectedTable(calls);

    await dropTable(lab, "lambda-sentinel-validate");
    await dropTable(lab, "lambda-sentinel-validate");

    expect(calls).toEqual([
      ...["UpdateTable", "DescribeTable", "DeleteTable", "DescribeTable"],
      "UpdateTable",
    ]);
  });
});

/** As much of DynamoDB as has a table that is protected; the lab's stand-in knows no protection. */
async function startProtectedTable(calls: string[]): Promise<DynamoDBClient> {
  const table = { isThere: true, isProtected: true };
  const server = await listen(
    (request, response) => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      calls.push(operation);
      const refuse = (type: string) => {
        response.statusCode = 400;
        response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }));
      };
      request.resume();
      response.setHeader("content-type", "application/x-amz-json-1.0");
      if (!table.isThere) return refuse("ResourceNotFoundException");
      if (operation === "DeleteTable" && table.isProtected) return refuse("ValidationException");
      if (operation === "UpdateTable") table.isProtected = false;
      if (operation === "DeleteTable") table.isThere = false;
      response.end(JSON.stringify({ Table: { TableStatus: "ACTIVE" } }));
    },
    { host: "127.0.0.1", port: 0 },
  );
  const credentials = { accessKeyId: "lab", secretAccessKey: "lab" };
  const client = new DynamoDBClient({
    ...{ endpoint: server.endpoint, region: "eu-west-1", credentials },
  });
  open.push(
    async () => client.destroy(),
    () => server.close(),
  );
  return client;
}
