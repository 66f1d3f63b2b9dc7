import { expect, test } from "@jest/globals";
import { setImmediate as settle } from "node:timers/promises";
import { createTurns } from "../../lib/shift/turns.ts";

/** A clock whose sleeps end when the test says so. */
function manualClock() {
  const sleeping: (() => void)[] = [];
  return {
    clock: {
      nowMs: () => 0,
      wallTime: () => "2026-01-01T00:00:00.000Z",
      sleep: () => new Promise<void>((resolve) => sleeping.push(resolve)),
    },
    wakeAll: async () => {
      for (const wake of sleeping.splice(0)) wake();
      await settle();
    },
  };
}

test("a group begins at once where it is the first, and each other one after a sleep of its own", async () => {
  const { clock, wakeAll } = manualClock();
  const turnOf = createTurns(clock);
  const begun: string[] = [];
  for (const group of ["a", "b", "c"]) {
    void turnOf(new AbortController().signal).then(() => begun.push(group));
  }
  await settle();
  expect(begun).toEqual(["a"]);
  await wakeAll();
  expect(begun).toEqual(["a", "b"]);
  await wakeAll();
  expect(begun).toEqual(["a", "b", "c"]);
});

test("nobody sleeps for a group that was stopped before its turn", async () => {
  const { clock, wakeAll } = manualClock();
  const turnOf = createTurns(clock);
  const begun: string[] = [];
  const gone = new AbortController();
  void turnOf(new AbortController().signal);
  void turnOf(gone.signal);
  void turnOf(new AbortController().signal).then(() => begun.push("c"));
  gone.abort("the group is gone");
  await settle();
  expect(begun).toEqual([]);
  await wakeAll();
  expect(begun).toEqual(["c"]);
});
