import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeenRequest } from "../../lab/dynamodb/gateway.ts";
import { isRecord, listen } from "../../lab/http-server.ts";
import { stateKey, toItem } from "../../lib/adapters/dynamo-codec.ts";
import { createDynamoStore, createTableClient } from "../../lib/adapters/dynamo-store.ts";
import type { Store } from "../../lib/ports/store.ts";
import { groupConfig, groupState, storedEvent, vote } from "../support/builders.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";
import { gotFrom } from "../support/results.ts";

let lab: DynamoLab;
let asked: SeenRequest[];

beforeEach(async () => {
  lab = await DynamoLab.start();
  asked = [];
});
afterEach(() => lab.close());

/** The stand-in answers every read with what was written last: only the request tells which kind of read it is. */
async function startWatchedStore(): Promise<Store> {
  const onRequest = (request: SeenRequest): Promise<void> => {
    asked.push(request);
    return Promise.resolve();
  };
  return lab.store({ door: await lab.standIn.openDoor({ onRequest }) });
}

function isStrong({ operation, body }: SeenRequest): boolean {
  if (!isRecord(body)) return false;
  if (operation !== "BatchGetItem") return body.ConsistentRead === true;
  const items = isRecord(body.RequestItems) ? body.RequestItems[table] : null;
  return isRecord(items) && items.ConsistentRead === true;
}

/** Each read of the port, and the operation that it comes down to. */
const reads: readonly (readonly [string, string, (store: Store) => Promise<unknown>])[] = [
  ["STATE", "GetItem", (store) => store.readState("cache")],
  [
    "several STATEs",
    "BatchGetItem",
    (store) => Promise.all([store.readState("cache"), store.readState("sessions")]),
  ],
  ["votes", "BatchGetItem", (store) => store.readVotes("cache", ["a", "b"])],
  ["a heartbeat", "GetItem", (store) => store.readHeartbeat("a")],
  ["a configuration", "GetItem", (store) => store.readConfig("cache", 1)],
  ["all configurations", "Query", (store) => store.listConfigs()],
  ["events", "Query", (store) => store.readEvents("cache", 10)],
];

describe("D5 a read asks for strong consistency", () => {
  test.each(reads)("of %s", async (_what, operation, read) => {
    const writer = lab.store();
    gotFrom(await writer.putConfig(groupConfig({ version: 1 })));
    gotFrom(await writer.castVote(vote("a")));
    gotFrom(await writer.appendEvent(storedEvent("000000000001")));
    const store = await startWatchedStore();

    await read(store);

    expect(asked.map((one) => one.operation)).toContain(operation);
    expect(asked.filter((one) => !isStrong(one))).toEqual([]);
  });
});

test("D12 a STATE that was left out of an answer is a failure of its group alone", async () => {
  const answer = {
    Responses: { [table]: [toItem(stateKey("cache"), groupState())] },
    UnprocessedKeys: { [table]: { Keys: [toItem(stateKey("sessions"), {})] } },
  };
  const busy = await listen((_request, response) => response.end(JSON.stringify(answer)), {
    host: "127.0.0.1",
    port: 0,
  });
  const client = lab.client(busy.endpoint);
  const store = createDynamoStore({ table, deployment: "prod", client });

  const read = ["cache", "sessions", "unheard-of"].map((group) => store.readState(group));
  const [cache, sessions, none] = await Promise.all(read);
  await busy.close();

  expect(cache).toMatchObject({ ok: true, value: { kind: "state" } });
  expect(sessions).toMatchObject({ ok: false, kind: "throttled", isOutcomeKnown: true });
  expect(none).toMatchObject({ ok: true, value: { kind: "absent" } });
});

test("no request and no answer is copied for a logger that there is none of", () => {
  const steps = createTableClient("eu-west-1").middlewareStack.identify();
  expect(steps.length).toBeGreaterThan(5);
  expect(steps.filter((one) => one.startsWith("loggerMiddleware"))).toEqual([]);
});
