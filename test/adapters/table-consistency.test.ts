import { afterEach, describe, expect, it } from "@jest/globals";
import { type ListeningServer, listen } from "../../lab/http-server.ts";
import { createTableClient } from "../../lib/adapters/dynamo-store.ts";
import { createConsistencyCheck } from "../../lib/adapters/table-consistency.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";

const servers: ListeningServer[] = [];
const before = { ...process.env };

afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  for (const server of servers.splice(0)) await server.close();
});

/** Something that describes its table like this, by the SDK's own protocol, and how often it was asked. */
async function describedAs(description: object, status = 200) {
  const asked: string[] = [];
  const server = await listen(
    (request, response) => {
      asked.push(String(request.headers["x-amz-target"]));
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify(description));
    },
    { host: "127.0.0.1", port: 0 },
  );
  servers.push(server);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: server.endpoint,
    AWS_ACCESS_KEY_ID: "lab",
    AWS_SECRET_ACCESS_KEY: "lab",
  });
  return { ask: createConsistencyCheck(createTableClient("eu-west-1"), table), asked };
}

const arn = `arn:aws:dynamodb:eu-west-1:111122223333:table/${table}`;
const replicas = (...regions: readonly string[]) => regions.map((RegionName) => ({ RegionName }));

describe("a table", () => {
  it.each([
    ["of one region", {}],
    ["that is its own only replica", { Replicas: replicas("eu-west-1") }],
    [
      "of several regions with strong consistency",
      { Replicas: replicas("eu-central-1"), MultiRegionConsistency: "STRONG" },
    ],
  ])("%s may decide, and is asked once", async (_what, description) => {
    const { ask, asked } = await describedAs({ Table: { TableArn: arn, ...description } });

    expect(await ask()).toEqual({ ok: true, value: null });
    expect(await ask()).toEqual({ ok: true, value: null });
    expect(asked).toEqual(["DynamoDB_20120810.DescribeTable"]);
  });

  it.each([{ MultiRegionConsistency: "EVENTUAL" }, {}])(
    "with replicas and eventual consistency (%j) must not",
    async (consistency) => {
      const Table = { TableArn: arn, Replicas: replicas("eu-west-1", "us-east-1"), ...consistency };
      const { ask } = await describedAs({ Table });

      expect(await ask()).toMatchObject({
        ok: true,
        value: expect.stringContaining("got replicas in us-east-1 with eventual consistency"),
      });
    },
  );

  it("that does not say is asked again", async () => {
    const { ask, asked } = await describedAs({ __type: "AccessDeniedException" }, 400);

    expect(await ask()).toMatchObject({ ok: false, kind: "denied" });
    expect(await ask()).toMatchObject({ ok: false, kind: "denied" });
    expect(asked).toHaveLength(2);
  });

  it("of the lab may decide", async () => {
    const lab = await DynamoLab.start();
    try {
      expect(await createConsistencyCheck(lab.client(), table)()).toEqual({
        ok: true,
        value: null,
      });
    } finally {
      await lab.close();
    }
  });
});
