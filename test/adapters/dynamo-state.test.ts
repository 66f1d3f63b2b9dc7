import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateKey, toItem } from "../../lib/adapters/dynamo-codec.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import type { Store } from "../../lib/ports/store.ts";
import {
  groupConfig,
  groupState,
  n1Record,
  openOn,
  promotingState,
  settlingState,
  vote,
} from "../support/builders.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";
import { failureOf, gotFrom } from "../support/results.ts";

let lab: DynamoLab;
let store: Store;
beforeEach(async () => {
  lab = await DynamoLab.start();
  store = lab.store();
});
afterEach(() => lab.close());

/** The state with this rev, written by this attempt. */
const at = (rev: number, attempt: string, change: Partial<GroupState> = {}): GroupState =>
  groupState({ rev, attempts: [attempt], ...change });

/** Writes rev 1, so that rev 2 may follow. */
async function standing(): Promise<void> {
  gotFrom(await store.writeState(null, at(1, "first"), "first"));
}

async function readBack(): Promise<GroupState> {
  const read = gotFrom(await store.readState("cache"));
  if (read.kind !== "state") throw new Error(`expected a STATE, got ${read.kind}`);
  return read.state;
}

describe("STATE in the table", () => {
  test("is absent before it was created", async () => {
    expect(gotFrom(await store.readState("cache"))).toEqual({ kind: "absent" });
  });

  test.each([
    ["steady", groupState()],
    ["suspected", groupState({ round: openOn(5) })],
    ["promoting", promotingState()],
    ["settling", settlingState()],
    ["without a master", groupState({ master: null, published: null })],
    [
      "paused with a request",
      groupState({
        pause: { by: "ops", reason: "upgrade", until: null, rev: 9 },
        request: { id: "op#1", kind: "failover", by: "ops", ...noWishes },
        previousMaster: n1Record,
      }),
    ],
  ])("comes back as it was written: %s", async (_name, state) => {
    gotFrom(await store.writeState(null, state, "a#1"));

    expect(await readBack()).toEqual(state);
  });

  test("C8, D12 of another schema, or broken, is foreign: hands off", async () => {
    const client = lab.client();
    for (const change of [{ schema: 2 }, { phase: "claimed" }, { rev: "ten" }, { round: null }]) {
      const item = toItem(stateKey("cache"), { ...groupState(), ...change });
      await client.send(new PutItemCommand({ TableName: table, Item: item }));

      expect(gotFrom(await store.readState("cache"))).toMatchObject({
        kind: "foreign",
        why: expect.stringContaining("not one that this version understands"),
      });
    }
  });

  test("D13 of another deployment is foreign, and is never written over", async () => {
    await standing();
    const other = lab.store({ deployment: "staging" });

    const read = gotFrom(await other.readState("cache"));
    const created = failureOf(await other.writeState(null, at(1, "theirs"), "theirs"));

    expect(read).toMatchObject({ kind: "foreign", why: expect.stringContaining("prod") });
    expect(created).toMatchObject({ kind: "refused", isOutcomeKnown: true });
    expect((await readBack()).attempts).toEqual(["first"]);
  });
});

describe("compare-and-swap", () => {
  test("is won by whoever writes on the rev that stands", async () => {
    await standing();
    const next = at(2, "a#1");

    expect(gotFrom(await store.writeState(1, next, "a#1"))).toEqual({ isWon: true, state: next });
  });

  test("S1 is lost on an older rev, and shows what stands", async () => {
    await standing();
    gotFrom(await store.writeState(1, at(2, "a#1"), "a#1"));

    const swap = gotFrom(await store.writeState(1, at(2, "b#1"), "b#1"));

    expect(swap).toMatchObject({ isWon: false, state: { rev: 2, attempts: ["a#1"] } });
  });

  test("a creation is lost where there is one, a write where there is none", async () => {
    expect(gotFrom(await store.writeState(1, at(2, "a#1"), "a#1"))).toEqual({
      isWon: false,
      state: null,
    });
    await standing();
    expect(gotFrom(await store.writeState(null, at(1, "b#1"), "b#1")).isWon).toBe(false);
  });

  test("S1 of many at once exactly one wins, and all are shown the same winner", async () => {
    await standing();
    const names = Array.from({ length: 12 }, (_, index) => `writer#${index}`);

    const swaps = (
      await Promise.all(names.map((name) => store.writeState(1, at(2, name), name)))
    ).map(gotFrom);

    expect(swaps.filter((swap) => swap.isWon)).toHaveLength(1);
    expect(new Set(swaps.map((swap) => swap.state?.attempts[0])).size).toBe(1);
  });
});

describe("an answer that is lost", () => {
  test("D1 applied: the attempt id in what stands means that we won", async () => {
    await standing();
    lab.standIn.faults.loseReplyNext = 1;

    const swap = gotFrom(await store.writeState(1, at(2, "a#1"), "a#1"));

    expect(swap).toMatchObject({ isWon: true, state: { rev: 2 } });
  });

  test("D1 applied, also for a creation", async () => {
    lab.standIn.faults.loseReplyNext = 1;

    expect(gotFrom(await store.writeState(null, at(1, "a#1"), "a#1")).isWon).toBe(true);
  });

  test("F16 applied and overwritten since: still won, by the attempts that are kept", async () => {
    await standing();
    const door = await lab.standIn.openDoor();
    door.faults.loseReplyNext = 1;
    door.hooks.onApplied = async ({ operation }) => {
      if (operation !== "PutItem") return;
      door.hooks.onApplied = undefined;
      const later = at(3, "b#1", { attempts: ["b#1", "a#1", "first"] });
      gotFrom(await store.writeState(2, later, "b#1"));
    };

    const swap = gotFrom(await lab.store({ door }).writeState(1, at(2, "a#1"), "a#1"));

    expect(swap).toMatchObject({
      isWon: true,
      state: { rev: 3, attempts: ["b#1", "a#1", "first"] },
    });
  });

  test("D2 not applied: the same write is made once more, with the same condition", async () => {
    await standing();
    const door = await lab.standIn.openDoor();
    let refusals = 2;
    door.hooks.onRequest = async ({ operation }) => {
      if (operation !== "PutItem" || refusals === 0) return;
      refusals -= 1;
      throw new Error("an error that says nothing of the write");
    };

    const swap = await lab.store({ door }).writeState(1, at(2, "a#1"), "a#1");

    expect(door.counts.PutItem).toBe(3);
    expect(gotFrom(swap).isWon).toBe(true);
    expect(await readBack()).toMatchObject({ rev: 2 });
  });

  test("D7 nothing answers: a failure that says the outcome is not known", async () => {
    await standing();
    lab.standIn.faults.unavailable = "cut";

    const failure = failureOf(await store.writeState(1, at(2, "a#1"), "a#1"));

    expect(failure).toMatchObject({ kind: "cut", isOutcomeKnown: false });
  });

  test("D8 a table that hangs: bounded, and not known", async () => {
    await standing();
    lab.standIn.faults.hang = true;
    const hasty = lab.store({ timeoutMs: 150 });

    const failures = [
      failureOf(await hasty.writeState(1, at(2, "a#1"), "a#1")),
      failureOf(await hasty.readState("cache")),
    ];

    expect(failures).toMatchObject([
      { kind: "timeout", isOutcomeKnown: false },
      { kind: "timeout", isOutcomeKnown: false },
    ]);
  });

  test("D1 applied after we gave up on it, by a table that is slow: won all the same", async () => {
    await standing();
    const door = await lab.standIn.openDoor();
    door.faults.latencyMs = 300;

    const swap = await lab.store({ door, timeoutMs: 200 }).writeState(1, at(2, "a#1"), "a#1");

    // Whatever this side could learn in time, it never says lost.
    if (swap.ok) expect(swap.value.isWon).toBe(true);
    else expect(swap.isOutcomeKnown).toBe(false);
  });

  test.each(["ThrottlingException", "ProvisionedThroughputExceededException"] as const)(
    "D3 %s is a refusal: nothing was written",
    async (error) => {
      await standing();
      lab.standIn.faults.throttleError = error;
      lab.standIn.faults.throttleNext = 10;

      const failure = failureOf(await store.writeState(1, at(2, "a#1"), "a#1"));

      expect(failure).toMatchObject({ kind: "throttled", isOutcomeKnown: true });
      lab.standIn.faults.throttleNext = 0;
      expect((await readBack()).rev).toBe(1);
    },
  );

  test.each(["TransactionConflictException", "ReplicatedWriteConflictException"] as const)(
    "D4 %s is a race that is lost: nothing was written, and what stands is to be looked at again",
    async (error) => {
      await standing();
      lab.standIn.faults.throttleError = error;
      lab.standIn.faults.throttleNext = 10;

      const failures = [
        failureOf(await store.writeState(1, at(2, "a#1"), "a#1")),
        failureOf(await store.castVote(vote("a"))),
      ];

      const isKnown = { kind: "throttled", isOutcomeKnown: true };
      expect(failures).toMatchObject([isKnown, isKnown]);
      lab.standIn.faults.throttleNext = 0;
      expect((await readBack()).rev).toBe(1);
      expect(gotFrom(await store.readVotes("cache", ["a"]))).toEqual([]);
    },
  );

  test("D4 a collision with the write that wins is lost to it, also when the SDK tries again", async () => {
    await standing();
    const door = await lab.standIn.openDoor();
    door.faults.throttleError = "ReplicatedWriteConflictException";
    door.faults.throttleNext = 1;
    door.hooks.onRequest = async ({ operation }) => {
      if (operation !== "PutItem") return;
      door.hooks.onRequest = undefined;
      gotFrom(await store.writeState(1, at(2, "b#1"), "b#1"));
    };

    const swap = gotFrom(await lab.store({ door }).writeState(1, at(2, "a#1"), "a#1"));

    expect(swap).toMatchObject({ isWon: false, state: { attempts: ["b#1"] } });
  });

  test("D1 applied, its answer lost, and the SDK's own second attempt throttled: won all the same", async () => {
    await standing();
    const door = await lab.standIn.openDoor();
    door.faults.loseReplyNext = 1;
    door.hooks.onApplied = () => {
      door.faults.throttleNext = 1;
      return Promise.resolve();
    };

    const swap = await lab.store({ door }).writeState(1, at(2, "a#1"), "a#1");

    expect((await readBack()).rev).toBe(2);
    expect(gotFrom(swap).isWon).toBe(true);
  });

  test("D3 throttled once is tried again by the SDK", async () => {
    await standing();
    lab.standIn.faults.throttleNext = 1;

    expect(gotFrom(await store.writeState(1, at(2, "a#1"), "a#1")).isWon).toBe(true);
  });
});

test("groups are spread over eight partitions, always the same way", () => {
  const keys = Array.from({ length: 64 }, (_, index) => stateKey(`group-${index}`));

  expect(new Set(keys.map((key) => key.pk)).size).toBe(8);
  expect(stateKey("cache")).toEqual(stateKey(groupConfig().name));
});
