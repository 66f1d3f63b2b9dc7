import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { SeenRequest } from "../../lab/dynamodb/gateway.ts";
import { groupState, storedEvent } from "../support/builders.ts";
import { DynamoLab } from "../support/dynamo-lab.ts";
import { gotFrom } from "../support/results.ts";

let lab: DynamoLab;

beforeEach(async () => {
  lab = await DynamoLab.start();
});
afterEach(() => lab.close());

test("events wait for their turn, and nothing waits for them", async () => {
  const released = Promise.withResolvers<void>();
  const bothCame = Promise.withResolvers<void>();
  let held = 0;
  const onRequest = async ({ body }: SeenRequest): Promise<void> => {
    if (!JSON.stringify(body).includes("EVENT#")) return;
    held += 1;
    if (held === 2) bothCame.resolve();
    await released.promise;
  };
  const store = lab.store({ door: await lab.standIn.openDoor({ onRequest }) });

  const appended = ["1", "2", "3", "4"].map((id) => store.appendEvent(storedEvent(id)));
  const written = await store.writeState(null, groupState({ rev: 1 }), "a/1#1");
  await bothCame.promise;
  const heldBeforehand = held;
  released.resolve();
  const outcomes = await Promise.all(appended);

  expect(written.ok).toBe(true);
  expect(heldBeforehand).toBe(2);
  expect(outcomes.map((one) => one.ok)).toEqual([true, true, true, true]);
  expect(gotFrom(await store.readEvents("cache", 10))).toHaveLength(4);
});
