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

function copier(copiedRev = 0, rev = copiedRev): LogCopier {
  const reporter = {
    event: () => {},
    line: (_level: unknown, message: string) => lines.push(message),
    flush: async () => {},
  };
  return new LogCopier({ store, clock, reporter, failing: new Map() }, { rev, copiedRev });
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

/** So many writes later. */
function written(state: GroupState, times: number): GroupState {
  if (times === 0) return state;
  return written(takeOver(state, by(`c/${state.rev}`, "no sign of life")).next, times - 1);
}

const revOf = ({ id }: { readonly id: string }) => Number(id.split("#")[0]);

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
    expect(mine.copiedRev).toBe(groupState().rev);
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

  test("D10 of what the predecessor copied nothing is believed of an older item", async () => {
    const state = claimed();
    const mine = copier(state.rev, state.rev + 1);

    mine.see(state);
    await settled();

    expect(await copied()).toHaveLength(2);
    expect(mine.copiedRev).toBe(state.rev);
  });

  test("D10 entries that left the log uncopied are copied when a backup brings them back", async () => {
    const failing = { operation: "appendEvent", kind: "unreachable" } as const;
    const mine = copier();
    const backup = written(claimed(), 8);
    store.fail(failing);
    mine.see(backup);
    await settled();
    await clock.sleep(1_000);

    // The first of what the log holds four writes later is copied, and then nothing any more.
    const later = written(backup, 4);
    store.onCall = () => {
      if (store.writes.length === 1) store.fail(failing);
    };
    mine.see(later);
    await settled();
    store.onCall = () => {};
    expect((await copied()).map(revOf)).toEqual([later.log[0]?.rev]);
    await clock.sleep(1_000);
    mine.see(backup);
    await settled();

    expect((await copied()).map(revOf)).toEqual(backup.log.map((entry) => entry.rev));
    expect(mine.copiedRev).toBe(backup.rev);
  });

  test("D10 an entry of another history under a rev that was copied is another entry", async () => {
    const backup = claimed();
    const mine = copier();
    mine.see(takeOver(backup, by("c/1", "before the restore")).next);
    await settled();

    // Put back and written again before anybody looked: no rev went down.
    const again = takeOver(backup, by("c/2", "after the restore")).next;
    mine.see(takeOver(again, by("c/3", "and once more")).next);
    expect(mine.copiedRev).toBe(backup.rev);
    await settled();

    const told = (await copied()).map((event) => event.message);
    expect(told.slice(2)).toEqual(["after the restore", "and once more"]);
    expect(mine.copiedRev).toBe(backup.rev + 2);
  });
});
