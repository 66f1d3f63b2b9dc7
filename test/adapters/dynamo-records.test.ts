import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { listen } from "../../lab/http-server.ts";
import { keys, toItem } from "../../lib/adapters/dynamo-codec.ts";
import { createDynamoStore } from "../../lib/adapters/dynamo-store.ts";
import type { Heartbeat, Store } from "../../lib/ports/store.ts";
import { groupConfig, n0, storedEvent, vote } from "../support/builders.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import { nodeSetup } from "../support/setup.ts";

let lab: DynamoLab;
let store: Store;
beforeEach(async () => {
  lab = await DynamoLab.start();
  store = lab.store();
});
afterEach(() => lab.close());

describe("votes", () => {
  test("are read for the observers that are asked for, those that there are", async () => {
    gotFrom(await store.castVote(vote("a")));
    const other = vote("b", { verdict: "up", lastOffset: null });
    gotFrom(await store.castVote(other));

    const votes = gotFrom(await store.readVotes("cache", ["a", "b", "c"]));

    expect(votes).toEqual(expect.arrayContaining([vote("a"), other]));
    expect(votes).toHaveLength(2);
    expect(gotFrom(await store.readVotes("cache", []))).toEqual([]);
    expect(gotFrom(await store.readVotes("other", ["a"]))).toEqual([]);
  });

  test("F3 one is written once in a round, and never changed", async () => {
    gotFrom(await store.castVote(vote("a")));

    const again = gotFrom(await store.castVote(vote("a", { verdict: "up" })));

    expect(again).toEqual({ isCast: false, standing: vote("a") });
    expect(gotFrom(await store.readVotes("cache", ["a"]))).toEqual([vote("a")]);
  });

  test("C5, F3 one of an older round never overwrites a newer one", async () => {
    gotFrom(await store.castVote(vote("a", { round: 6 })));

    const late = gotFrom(await store.castVote(vote("a", { round: 5, verdict: "up" })));

    expect(late).toEqual({ isCast: false, standing: vote("a", { round: 6 }) });
  });

  test("a newer round replaces an older one", async () => {
    gotFrom(await store.castVote(vote("a")));

    expect(gotFrom(await store.castVote(vote("a", { round: 6 }))).isCast).toBe(true);
  });

  test("D1 one whose answer was lost stands, and is shown", async () => {
    lab.standIn.faults.loseReplyNext = 1;

    expect(gotFrom(await store.castVote(vote("a"))).standing).toEqual(vote("a"));
  });

  test("D12 one that cannot be understood is no vote", async () => {
    gotFrom(await store.castVote(vote("a")));
    const broken = toItem(keys.vote("b", "cache"), { ...vote("b"), verdict: "perhaps" });
    await lab.client().send(new PutItemCommand({ TableName: table, Item: broken }));

    expect(gotFrom(await store.readVotes("cache", ["a", "b"]))).toEqual([vote("a")]);
  });

  test("D3 that cannot be read are a failure, not an empty count", async () => {
    lab.standIn.faults.throttleNext = 10;

    expect(failureOf(await store.readVotes("cache", ["a"]))).toMatchObject({ kind: "throttled" });
  });
});

describe("heartbeats", () => {
  const beat = (shift: number, at = "2026-01-01T00:00:00.000Z"): Heartbeat => ({
    observer: "a",
    shift,
    at,
    codeVersion: "1.0.0",
    groups: {
      cache: {
        configVersion: 1,
        rev: 10,
        isPauseSeen: false,
        suspect: null,
        suspectForMs: 0,
        suspectOffset: null,
        suspectLoading: null,
        masterEpoch: 1,
        masterKnownForMs: 5_000,
        copiedRev: 0,
        rule: "R799",
        why: "calm",
        nodes: {
          [n0]: {
            verdict: "up",
            role: "master",
            offset: 1_000,
            replid: "id-1",
            isLinkUp: null,
            latencyMs: 0.4,
            unfit: null,
            oddities: ["n0 runs in cluster mode"],
            setup: nodeSetup({ pingPeriodMs: null, announced: { host: null, port: 7_001 } }),
          },
        },
      },
    },
  });

  test("come back as they were written; there is none before the first", async () => {
    expect(gotFrom(await store.readHeartbeat("a"))).toBeNull();

    gotFrom(await store.writeHeartbeat(beat(3)));

    expect(gotFrom(await store.readHeartbeat("a"))).toEqual(beat(3));
  });

  test("C5 the older of two overlapping shifts is told which one stands, and writes nothing", async () => {
    gotFrom(await store.writeHeartbeat(beat(4)));

    expect(gotFrom(await store.writeHeartbeat(beat(3, "late")))).toEqual({ standingShift: 4 });
    expect(gotFrom(await store.readHeartbeat("a"))?.shift).toBe(4);
  });

  test("a shift renews its own, and the newer one takes over", async () => {
    gotFrom(await store.writeHeartbeat(beat(3)));

    expect(gotFrom(await store.writeHeartbeat(beat(3, "later")))).toEqual({ standingShift: 3 });
    expect(gotFrom(await store.writeHeartbeat(beat(4)))).toEqual({ standingShift: 4 });
  });
});

describe("configurations", () => {
  const version = (number: number, name = "cache") => groupConfig({ name, version: number });

  test("F11 are immutable: a version that exists is refused", async () => {
    gotFrom(await store.putConfig(version(1)));

    const again = failureOf(await store.putConfig({ ...version(1), digest: "other" }));

    expect(again).toMatchObject({ kind: "refused", isOutcomeKnown: true });
    expect(gotFrom(await store.readConfig("cache", 1))).toEqual(version(1));
  });

  test("every version stays readable until it is deleted, newest first within a group", async () => {
    for (const number of [1, 2, 10]) gotFrom(await store.putConfig(version(number)));
    gotFrom(await store.putConfig(version(1, "sessions")));

    const all = gotFrom(await store.listConfigs());
    gotFrom(await store.deleteConfig("cache", 2));

    expect(all.filter((one) => one.name === "cache").map((one) => one.version)).toEqual([10, 2, 1]);
    expect(all).toHaveLength(4);
    expect(gotFrom(await store.readConfig("cache", 2))).toBeNull();
  });

  test("optional parts come back, and absent ones stay absent", async () => {
    const full = groupConfig({
      dns: { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: true },
      auth: { username: "sentinel", password: "ssm:/cache" },
      tls: { ca: "ssm:/ca", servername: "redis", cert: "ssm:/cert", key: "ssm:/key" },
    });
    gotFrom(await store.putConfig(full));

    expect(gotFrom(await store.readConfig("cache", 1))).toEqual(full);
  });

  test("C8 one that this version can't read is left out and told, the others go on", async () => {
    const told: string[] = [];
    const careful = lab.store({ onUnreadable: (why) => told.push(why) });
    gotFrom(await store.putConfig(version(1)));
    const newer = toItem(keys.config("future", 1), { name: "future", version: 1 });
    await lab.client().send(new PutItemCommand({ TableName: table, Item: newer }));

    const all = gotFrom(await careful.listConfigs());

    expect(all).toEqual([version(1)]);
    expect(told).toEqual([expect.stringContaining("future#00000001")]);
  });
});

describe("nodes", () => {
  test("F14 belong to the group that claimed them first, until it lets them go", async () => {
    const claim = async (group: string) => gotFrom(await store.claimNode(n0, group)).owner;

    expect(await claim("cache")).toBe("cache");
    expect(await claim("cache")).toBe("cache");
    expect(await claim("sessions")).toBe("cache");
    gotFrom(await store.releaseNode(n0, "sessions"));
    expect(await claim("sessions")).toBe("cache");
    gotFrom(await store.releaseNode(n0, "cache"));
    expect(await claim("sessions")).toBe("sessions");
  });
});

describe("events", () => {
  test("are read newest first, as many as asked for, of one group alone", async () => {
    for (const id of ["000000000002#b", "000000000010#a", "000000000001#a"]) {
      gotFrom(await store.appendEvent(storedEvent(id)));
    }
    gotFrom(await store.appendEvent({ ...storedEvent("000000000099#a"), group: "sessions" }));

    const all = gotFrom(await store.readEvents("cache", 10));
    const newest = gotFrom(await store.readEvents("cache", 1));

    expect(all.map((one) => one.id)).toEqual([
      "000000000010#a",
      "000000000002#b",
      "000000000001#a",
    ]);
    expect(newest).toEqual([storedEvent("000000000010#a")]);
  });

  test("beyond so many the oldest go", async () => {
    for (let id = 1; id <= 9; id += 1)
      gotFrom(await store.appendEvent(storedEvent(`00000000000${id}`)));

    gotFrom(await store.pruneEvents("cache", 4));

    const kept = gotFrom(await store.readEvents("cache", 100));
    expect(kept.map((one) => Number(one.id))).toEqual([9, 8, 7, 6]);
  });

  test("D12 one that cannot be understood is left out", async () => {
    gotFrom(await store.appendEvent(storedEvent("1")));
    const broken = toItem(keys.event("cache", "2"), { group: "cache", id: "2" });
    await lab.client().send(new PutItemCommand({ TableName: table, Item: broken }));

    expect(gotFrom(await store.readEvents("cache", 10)).map((one) => one.id)).toEqual(["1"]);
  });
});

describe("D12 an answer that comes in several pages", () => {
  /** DynamoDB ends a page after 1 MB. */
  const bulky = "x".repeat(150_000);
  const ids = Array.from({ length: 16 }, (_, index) => String(index + 1).padStart(12, "0"));

  test("is read to its end: events, and what is pruned of them", async () => {
    for (const id of ids) {
      gotFrom(await store.appendEvent({ ...storedEvent(id), message: bulky }));
    }
    const door = await lab.standIn.openDoor();
    const patient = lab.store({ door });

    const all = gotFrom(await patient.readEvents("cache", 100));
    const some = gotFrom(await patient.readEvents("cache", 12));
    const queries = door.counts.Query;
    gotFrom(await patient.pruneEvents("cache", 2));

    const newest = ids.toReversed();
    expect(queries).toBeGreaterThan(3);
    expect(all.map((one) => one.id)).toEqual(newest);
    expect(some.map((one) => one.id)).toEqual(newest.slice(0, 12));
    const kept = gotFrom(await patient.readEvents("cache", 100));
    expect(kept.map((one) => one.id)).toEqual(newest.slice(0, 2));
  });

  test("is read to its end: configurations", async () => {
    const version = (number: number) => groupConfig({ version: number, tls: { ca: bulky } });
    for (let number = 1; number <= 9; number += 1) gotFrom(await store.putConfig(version(number)));
    const door = await lab.standIn.openDoor();

    const all = gotFrom(await lab.store({ door }).listConfigs());

    expect(door.counts.Query).toBeGreaterThan(1);
    expect(all.map((one) => one.version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("votes that were left out of an answer make it a failure, not a smaller count", async () => {
    const answer = {
      Responses: { [table]: [toItem(keys.vote("a", "cache"), vote("a"))] },
      UnprocessedKeys: { [table]: { Keys: [toItem(keys.vote("b", "cache"), {})] } },
    };
    const busy = await listen((_request, response) => response.end(JSON.stringify(answer)), {
      host: "127.0.0.1",
      port: 0,
    });
    const client = lab.client(busy.endpoint);
    const hasty = createDynamoStore({ table, deployment: "prod", client });

    const failed = failureOf(await hasty.readVotes("cache", ["a", "b"]));
    await busy.close();

    expect(failed.why).toContain("1 of 2 keys were not processed");
  });
});

test("D14 a missing table is refused, not taken for an empty one", async () => {
  const nowhere = createDynamoStore({ table: "nowhere", deployment: "prod", client: lab.client() });

  expect(failureOf(await nowhere.readState("cache"))).toMatchObject({
    kind: "refused",
    why: expect.stringContaining("ResourceNotFoundException"),
  });
});
