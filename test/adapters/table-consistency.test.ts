import { afterEach, describe, expect, it } from "@jest/globals";
import { type ListeningServer, listen } from "../../lab/http-server.ts";
import { createTableClient } from "../../lib/adapters/dynamo-store.ts";
import { createConsistencyCheck } from "../../lib/adapters/table-consistency.ts";
import { whyNoRoute } from "../../lib/adapters/table-route.ts";
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

describe("the route to the table", () => {
  const dualStack = { AWS_REGION: "eu-west-1", AWS_USE_DUALSTACK_ENDPOINT: "true" };

  it("is missing where a gateway endpoint would have to lead to another region", () => {
    expect(whyNoRoute("sentinel", "eu-west-2", dualStack)).toContain(
      "expected table sentinel in eu-west-1, where this function is, got eu-west-2: in network dual-stack",
    );
  });

  it.each<[string, string | undefined, Readonly<Record<string, string>>]>([
    ["the table is in the function's own region", "eu-west-1", dualStack],
    ["the function leaves its VPC by IPv4 or has none", "eu-west-2", { AWS_REGION: "eu-west-1" }],
    [
      "an endpoint of its own leads there",
      "eu-west-2",
      { ...dualStack, AWS_ENDPOINT_URL_DYNAMODB: "https://vpce-1.example" },
    ],
    ["nobody named a region", undefined, dualStack],
  ])("is not doubted where %s", (_what, region, env) => {
    expect(whyNoRoute("sentinel", region, env)).toBeNull();
  });
});

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

  it("whose witness is the very region that was asked must not, and one with a witness elsewhere may", async () => {
    const strong = { TableArn: arn, MultiRegionConsistency: "STRONG" };
    const witnessed = await describedAs({
      Table: { ...strong, GlobalTableWitnesses: replicas("eu-west-1") },
    });
    expect(await witnessed.ask()).toMatchObject({
      ok: true,
      value: expect.stringContaining(`expected a region that holds table ${table}, got eu-west-1`),
    });

    const elsewhere = await describedAs({
      Table: { ...strong, GlobalTableWitnesses: replicas("eu-west-3") },
    });
    expect(await elsewhere.ask()).toEqual({ ok: true, value: null });
  });

  it("that is not there is told with the region, and with what has none either", async () => {
    const { ask } = await describedAs({ __type: "ResourceNotFoundException" }, 400);

    expect(await ask()).toMatchObject({
      ok: false,
      kind: "refused",
      why: expect.stringContaining(`there is no table ${table} to read in eu-west-1, as there is`),
    });
  });

  it("to which no route leads is not asked at all", async () => {
    const { asked } = await describedAs({ Table: { TableArn: arn } });
    const ask = createConsistencyCheck(createTableClient("eu-west-1"), table, "no way");

    expect(await ask()).toEqual({ ok: true, value: "no way" });
    expect(asked).toEqual([]);
  });

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
