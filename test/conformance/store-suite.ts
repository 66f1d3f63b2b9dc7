import { describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import type { Store } from "../../lib/ports/store.ts";
import {
  groupState,
  n1Record,
  openOn,
  promotingState,
  settlingState,
} from "../support/builders.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import { until } from "./stage.ts";
import type { StorePlay, StoreTrouble } from "./store-stage.ts";

/** The state with this rev, written by this attempt. */
const at = (rev: number, attempt: string, change: Partial<GroupState> = {}): GroupState =>
  groupState({ rev, attempts: [attempt], ...change });

async function readBack(store: Store): Promise<GroupState> {
  const read = gotFrom(await store.readState("cache"));
  if (read.kind !== "state") throw new Error(`expected a STATE, got ${read.kind}`);
  return read.state;
}

async function create(store: Store): Promise<void> {
  gotFrom(await store.writeState(null, at(1, "first"), "first"));
}

/** What the protocol takes for granted of STATE, in the order of DESIGN 3. */
export function describeState(name: string, play: StorePlay): void {
  describe(`STATE in ${name}`, () => {
    test("is absent before it was created", () =>
      play(async (stage) => {
        expect(gotFrom(await stage.store().readState("cache"))).toEqual({ kind: "absent" });
      }));

    test("comes back as it was written, to whoever reads next: reads are strong (D5)", () =>
      play(async (stage) => {
        const states = [
          groupState({ rev: 1 }),
          groupState({ rev: 2, round: openOn(5) }),
          promotingState({ rev: 3 }),
          settlingState({ rev: 4 }),
          groupState({ rev: 5, master: null, published: null }),
          groupState({
            rev: 6,
            pause: { by: "ops", reason: "upgrade", until: null, rev: 6 },
            request: { id: "op#1", kind: "failover", by: "ops", ...noWishes },
            previousMaster: n1Record,
          }),
        ];
        let base: number | null = null;
        for (const state of states) {
          gotFrom(await stage.store().writeState(base, state, `a#${state.rev}`));
          expect(await readBack(stage.store())).toEqual(state);
          base = state.rev;
        }
      }));

    test("D10 a write made from another item of the same rev is refused: a restored table repeats revs", () =>
      play(async (stage) => {
        await create(stage.store());
        gotFrom(await stage.store().writeState(1, at(2, "before"), "before"));

        const late = { ...at(3, "late"), attempts: ["late", "restored"] };
        const swap = gotFrom(await stage.store().writeState(2, late, "late"));

        expect(swap).toMatchObject({ isWon: false, state: { rev: 2, attempts: ["before"] } });
        const next = { ...at(3, "next"), attempts: ["next", "before"] };
        expect(gotFrom(await stage.store().writeState(2, next, "next")).isWon).toBe(true);
      }));

    test("D13 of another deployment is foreign, and is never written over", () =>
      play(async (stage) => {
        await create(stage.store());
        const other = stage.store("staging");

        expect(gotFrom(await other.readState("cache"))).toMatchObject({
          kind: "foreign",
          why: expect.stringContaining("prod"),
        });
        const written = await other.writeState(null, at(1, "theirs"), "theirs");
        expect(failureOf(written)).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        expect((await readBack(stage.store())).attempts).toEqual(["first"]);
      }));
  });

  describe(`compare-and-swap in ${name}`, () => {
    test("is won on the rev that stands, and lost on an older one, which shows what stands (S1)", () =>
      play(async (stage) => {
        const store = stage.store();
        await create(store);
        const next = at(2, "a#1");

        expect(gotFrom(await store.writeState(1, next, "a#1"))).toEqual({
          isWon: true,
          state: next,
        });
        expect(gotFrom(await store.writeState(1, at(2, "b#1"), "b#1"))).toEqual({
          isWon: false,
          state: next,
        });
      }));

    test("a creation is lost where there is one, a write where there is none", () =>
      play(async (stage) => {
        const store = stage.store();
        expect(gotFrom(await store.writeState(1, at(2, "a#1"), "a#1"))).toEqual({
          isWon: false,
          state: null,
        });
        await create(store);
        expect(gotFrom(await store.writeState(null, at(1, "b#1"), "b#1"))).toMatchObject({
          isWon: false,
          state: { attempts: ["first"] },
        });
      }));

    test("S1 of many at once exactly one wins, and all are shown the same winner", () =>
      play(async (stage) => {
        await create(stage.store());
        const writers = Array.from({ length: 8 }, (_, index) => `writer#${index}`);

        const swaps = await Promise.all(
          writers.map((writer) => stage.store().writeState(1, at(2, writer), writer)),
        );

        const outcomes = swaps.map(gotFrom);
        expect(outcomes.filter((swap) => swap.isWon)).toHaveLength(1);
        expect(new Set(outcomes.map((swap) => swap.state?.attempts[0])).size).toBe(1);
      }));
  });
  describeAmbiguity(name, play);
  describeRefusals(name, play);
}

/** Writes whose answer did not come (faults D1, D2): certain by the attempt id, or said to be unknown. */
function describeAmbiguity(name: string, play: StorePlay): void {
  describe(`a write of ${name} whose answer did not come`, () => {
    test.each([
      ["of a change", 1],
      ["of a creation", null],
    ])("D1 was applied: won, by the attempt id that stands: %s", (_what, base) =>
      play(async (stage) => {
        if (base !== null) await create(stage.store());
        const store = await stage.troubled("loses the next answer");
        const next = at((base ?? 0) + 1, "a#1");

        expect(gotFrom(await store.writeState(base, next, "a#1"))).toEqual({
          isWon: true,
          state: next,
        });
        expect(await readBack(stage.store())).toEqual(next);
      }),
    );

    test("F16 was applied, and others wrote since: still won, by the attempts that are kept", () =>
      play(async (stage) => {
        const store = stage.store();
        await create(store);
        gotFrom(await store.writeState(1, at(2, "a#1"), "a#1"));
        const later = at(3, "b#1", { attempts: ["b#1", "a#1", "first"] });
        gotFrom(await store.writeState(2, later, "b#1"));

        const again = gotFrom(await store.writeState(1, at(2, "a#1"), "a#1"));

        expect(again).toEqual({ isWon: true, state: later });
      }));

    test("D2 never arrived: it is made once more, on the same condition", () =>
      play(async (stage) => {
        await create(stage.store());
        const store = await stage.troubled("loses the next request");

        expect(gotFrom(await store.writeState(1, at(2, "a#1"), "a#1")).isWon).toBe(true);
        expect(await readBack(stage.store())).toEqual(at(2, "a#1"));
      }));

    test("D1 arrives late: not known, and it stands in the end, written once", () =>
      play(async (stage) => {
        await create(stage.store());
        const store = await stage.troubled("delays every write");

        const unknown = failureOf(await store.writeState(1, at(2, "a#1"), "a#1"));
        stage.release();
        await until(stage, async () => (await readBack(stage.store())).rev === 2);

        expect(unknown.isOutcomeKnown).toBe(false);
        expect(await readBack(stage.store())).toEqual(at(2, "a#1"));
      }));

    test("S1 arrives after somebody else's: it changes nothing", () =>
      play(async (stage) => {
        await create(stage.store());
        const store = await stage.troubled("delays every write");

        const unknown = failureOf(await store.writeState(1, at(2, "a#1"), "a#1"));
        const other = gotFrom(await stage.store().writeState(1, at(2, "b#1"), "b#1"));
        stage.release();
        await stage.pass(500);

        expect(unknown.isOutcomeKnown).toBe(false);
        // Whichever of the two arrived first: the other one's condition failed, and its writer can tell.
        const standing = await readBack(stage.store());
        expect(standing).toEqual(at(2, other.isWon ? "b#1" : "a#1"));
      }));
  });
}

function describeRefusals(name: string, play: StorePlay): void {
  const cases: readonly (readonly [StoreTrouble, string, boolean])[] = [
    ["nobody listens", "unreachable", true],
    ["never answers", "timeout", false],
    ["throttles", "throttled", true],
    ["denies", "denied", true],
  ];
  describe(`${name} for whom it fails`, () => {
    test.each(cases)("%s: %s, outcome known: %s (D3, D7, D8, D14)", (by, kind, isOutcomeKnown) =>
      play(async (stage) => {
        await create(stage.store());
        const store = await stage.troubled(by);

        const failures = [
          failureOf(await store.writeState(1, at(2, "a#1"), "a#1")),
          failureOf(await store.readState("cache")),
          failureOf(await store.readVotes("cache", ["a"])),
        ];

        for (const failure of failures) expect(failure).toMatchObject({ kind, isOutcomeKnown });
        expect((await readBack(stage.store())).rev).toBe(1);
      }),
    );
  });
}
