import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { awsFailure } from "../../lib/adapters/aws-client.ts";
import { createTurns } from "../../lib/adapters/dynamo-turns.ts";
import { groupState } from "../support/builders.ts";
import { DynamoLab } from "../support/dynamo-lab.ts";

let lab: DynamoLab;

beforeEach(async () => {
  lab = await DynamoLab.start();
});
afterEach(() => lab.close());

describe("requests of hundreds of groups at once", () => {
  test("reach the table sixteen at a time, and all of them do", async () => {
    let underWay = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    const onRequest = async (): Promise<void> => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (underWay === 16) full.resolve();
      await full.promise;
    };
    const onApplied = async (): Promise<void> => {
      underWay -= 1;
    };
    const store = lab.store({ door: await lab.standIn.openDoor({ onRequest, onApplied }) });

    // The first request of a process takes long, and nobody may wait for more than a second.
    await lab.store().readState("warm");

    const names = Array.from({ length: 24 }, (_, index) => `g${index}`);
    const write = (group: string) =>
      store.writeState(null, groupState({ group, rev: 1 }), `a/1#${group}`);
    const done = await Promise.all(names.map(write));

    expect(done.every((one) => one.ok && one.value.isWon)).toBe(true);
    expect(most).toBe(16);
  });
});

describe("a call that had no turn in time", () => {
  test("is not made, and says so", async () => {
    let nowMs = 0;
    const inTurn = createTurns({ nowMs: () => nowMs });
    const made: string[] = [];
    const second = Promise.withResolvers<void>();
    const busy = Array.from({ length: 16 }, () => inTurn(() => second.promise));
    const inTime = inTurn(async () => made.push("in time"));
    nowMs = -1;
    const late = inTurn(async () => made.push("late")).catch((error: unknown) => String(error));
    await Promise.resolve();
    nowMs = 1_000;
    second.resolve();
    await Promise.all([...busy, inTime]);

    expect(await late).toContain("waited 1001 behind other requests; nothing was sent");
    expect(made).toEqual(["in time"]);
  });

  test("counts as turned away: nothing can have happened", () => {
    const error = Object.assign(new Error("no turn"), { name: "NoTurnError" });

    expect(awsFailure("PutItem", error)).toMatchObject({ kind: "throttled", isOutcomeKnown: true });
  });
});
