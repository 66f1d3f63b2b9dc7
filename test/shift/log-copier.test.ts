import { beforeEach, describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { beat, claim, openRound, takeOver } from "../../lib/core/state.ts";
import { LogCopier } from "../../lib/shift/log-copier.ts";
import { groupState, n0, n1 } from "../support/builders.ts";
import { createFakeClock, type FakeClock } from "../support/cli.ts";
import { createMemoryStore, type MemoryStore } from "../support/memory-store.ts";

let store: MemoryStore;
let clock: FakeClock;
let lines: string[];

beforeEach(() => {
  store = createMemoryStore();
  clock = createFakeClock();
  lines = [];
});

function copier(copiedRev = 0): LogCopier {
  const reporter = {
    event: () => {},
    line: (_level: unknown, message: string) => lines.push(message),
    flush: async () => {},
  };
  return new LogCopier({ store, clock, reporter, failing: new Map() }, copiedRev);
}

/** Nothing waits for a copy, so the test waits for everything that is under way. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const by = (shift: string, why: string) => ({ attempt: `${shift}#1`, shift, rule: "S370", why });

/** A round and a claim, written by a shift that told nobody of them. */
function claimed(): GroupState {
  const opened = openRound(groupState(), n0, by("b/4", "n0 is silent")).next;
  const candidate = { node: n1, replid: "id-1", offset: 1_000 };
  const intent = { kind: "failover", isAutomatic: true, candidate, masterOffset: null } as const;
  return claim(opened, intent, by("b/4", "a and b agree")).next;
}

async function copied() {
  const events = await store.readEvents("cache", 100);
  return events.ok ? [...events.value].reverse() : [];
}

describe("S16 the log of STATE in the events", () => {
  test("is copied by whoever reads it, though its writer died before it told anybody", async () => {
    const mine = copier();

    mine.see(claimed());
    await settled();

    expect(await copied()).toMatchObject([
      { name: "+transition", rule: "S370", observer: "b/4", epoch: 1, message: "n0 is silent" },
      { rule: "S370", epoch: 2, message: "a and b agree", evidence: { phase: "promoting" } },
    ]);
    expect(mine.copiedRev).toBe(claimed().rev);
  });

  test("is the same however many copy it", async () => {
    for (const one of [copier(), copier()]) {
      one.see(claimed());
      await settled();
    }

    expect(await copied()).toHaveLength(2);
  });

  test("costs nothing where the predecessor has copied it, nor for a sign of life", async () => {
    const state = claimed();
    const mine = copier(state.rev);

    mine.see(state);
    mine.see(beat(state, by("b/4", "leading")).next);
    await settled();

    expect(store.writes).toEqual([]);
    expect(mine.copiedRev).toBe(state.rev + 1);
  });

  test("is tried again where the table could not be reached, in its order, and not at once", async () => {
    const mine = copier();
    store.fail({ operation: "appendEvent", kind: "unreachable" });

    mine.see(claimed());
    await settled();
    mine.see(claimed());
    await settled();
    expect(await copied()).toEqual([]);
    expect(mine.copiedRev).toBe(0);
    expect(lines).toEqual([expect.stringContaining("the log was not copied")]);

    await clock.sleep(1_000);
    mine.see(takeOver(claimed(), by("c/9", "b gave no sign of life")).next);
    await settled();
    expect((await copied()).map((event) => event.observer)).toEqual(["b/4", "b/4", "c/9"]);
  });

  test("D10 counts anew on a table that was put back", async () => {
    const mine = copier(1_000);

    mine.see(claimed());
    await settled();

    expect(await copied()).toHaveLength(2);
  });
});
