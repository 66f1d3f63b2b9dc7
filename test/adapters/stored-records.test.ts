import { readFileSync } from "node:fs";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as z from "zod";
import { keys, stateKey, toItem } from "../../lib/adapters/dynamo-codec.ts";
import type { Store } from "../../lib/ports/store.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";
import { gotFrom } from "../support/results.ts";

/**
 * Records as the first version stored them. The file is never edited: whatever has been stored once stays readable, and
 * means what it meant.
 */
const record = z.record(z.string(), z.unknown());
const first = z
  .object({ STATE: record, CONFIG: record, VOTE: record, OBSERVER: record, EVENT: record })
  .parse(JSON.parse(readFileSync("test/adapters/stored/first-records.json", "utf8")));

let lab: DynamoLab;
let store: Store;
beforeEach(async () => {
  lab = await DynamoLab.start();
  store = lab.store();
  const items = [
    toItem(stateKey("cache"), first.STATE),
    toItem(keys.config("cache", 1), first.CONFIG),
    toItem(keys.vote("a", "cache"), first.VOTE),
    toItem(keys.heartbeat("a"), first.OBSERVER),
    toItem(keys.event("cache", "0001"), first.EVENT),
  ];
  for (const Item of items) {
    await lab.client().send(new PutItemCommand({ TableName: table, Item }));
  }
});
afterEach(() => lab.close());

async function readState() {
  const read = gotFrom(await store.readState("cache"));
  if (read.kind !== "state") throw new Error(`expected a STATE, got ${JSON.stringify(read)}`);
  return read.state;
}

describe("C8 records of the first version", () => {
  test("are a STATE that says all that it said, and no more", async () => {
    const state = await readState();

    expect(state).toMatchObject(first.STATE);
    expect(state).toMatchObject({
      ...{ automaticEpoch: null, earlyEpochs: [], pagedEpoch: null },
      ...{ histories: [], kept: [], log: [], discovered: [], removed: null },
      master: { isMarked: false },
      pause: { until: null },
      request: { to: null, at: null, allowedLossBytes: null },
      lastEpoch: { isRefusal: false },
    });
  });

  test("are a STATE that can be written over, once", async () => {
    const state = await readState();
    const next = { ...state, rev: 22, attempts: ["a#22", ...state.attempts.slice(0, 3)] };

    expect(gotFrom(await store.writeState(21, next, "a#22"))).toMatchObject({ isWon: true });
    expect(await readState()).toEqual(next);
    const late = { ...next, attempts: ["b#22"] };
    expect(gotFrom(await store.writeState(21, late, "b#22"))).toMatchObject({ isWon: false });
  });

  test("are a configuration with none of the younger wishes", async () => {
    const [config] = gotFrom(await store.listConfigs());

    expect(config).toMatchObject(first.CONFIG);
    expect(config?.settings).toMatchObject({
      ...{ rebootDownAfterMs: 0, whenFlapping: "hold", whenReturned: "attach" },
      ...{ whenUnwritable: "hold", killBusyScripts: false, writeProbeKey: "", discover: false },
    });
    expect(gotFrom(await store.readConfig("cache", 1))).toEqual(config);
  });

  test("are a vote, a heartbeat and an event", async () => {
    expect(gotFrom(await store.readVotes("cache", ["a"]))).toEqual([first.VOTE]);
    expect(gotFrom(await store.readHeartbeat("a"))).toMatchObject(first.OBSERVER);
    expect(gotFrom(await store.readEvents("cache", 10))).toEqual([first.EVENT]);
  });
});
