import { createServer } from "node:http";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, expect, test } from "@jest/globals";
import { countAwsCalls } from "../../lib/adapters/aws-call-counter.ts";
import { createTableClient } from "../../lib/adapters/dynamo-store.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server that turns every request down until it has seen so many. */
async function failingServer(failures: number): Promise<string> {
  let seen = 0;
  const server = createServer((_request, response) => {
    seen += 1;
    response.writeHead(seen <= failures ? 500 : 200).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return `http://127.0.0.1:${address.port}`;
}

test("requests to AWS are counted by service, repetitions too, and other requests are not", async () => {
  const endpoint = await failingServer(1);
  const counter = countAwsCalls();
  ends.push(async () => counter.stop());
  const before = { ...process.env };
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_REGION: "eu-west-1" },
    ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
  });
  const client = createTableClient("eu-west-1");
  ends.push(async () => client.destroy());
  const Key = { pk: { S: "a" }, sk: { S: "b" } };

  await client.send(new GetItemCommand({ TableName: "t", Key }));
  await fetch(endpoint);
  process.env = before;

  expect(counter.take()).toEqual({ dynamodb: 2 });
  expect(counter.take()).toEqual({});
});
