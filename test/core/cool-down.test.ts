import { describe, expect, test } from "@jest/globals";
import type { Settings } from "../../lib/core/config.ts";
import { acknowledge } from "../../lib/core/cool-down.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { claim, commit, failEpoch } from "../../lib/core/state.ts";
import { groupConfig, groupState, masterRecord, n0, n1, vote } from "../support/builders.ts";
import {
  bothObserved,
  eventNames,
  eventsOf,
  everybody,
  openAndConfirm,
  type Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

const agreed = [vote("a"), vote("b")];
const flapping = groupConfig({ settings: { whenFlapping: "failover" } });
const writer = { attempt: "x#1", shift: "x/1", rule: "test", why: "a test" };

/** The master came by the automatic failover of epoch 1, so long ago, and is down again. */
function secondOutage(
  change: { readonly settings?: Partial<Settings>; readonly early?: readonly number[] } = {},
  forMs = 20_000,
): Watch {
  const state = groupState({ automaticEpoch: 1, earlyEpochs: change.early ?? [] });
  const config = groupConfig({ settings: change.settings ?? {} });
  return watchCalm({ state, config, masterKnown: { epoch: 1, forMs } });
}

function counting(watch: Watch) {
  const prepared = bothObserved;
  return watch.look({
    done: openAndConfirm(watch),
    samples: withoutMaster,
    votes: agreed,
    prepared,
  });
}

describe("S13 a second outage within the cool-down", () => {
  test("S350 holds and calls people, with what they can do", () => {
    const decision = counting(secondOutage());

    expect(decision.rule).toBe("S350");
    expect(eventNames(decision)).toEqual(["+odown", "+hold", "+page"]);
    expect(written(decision)).toMatchObject({ epoch: 1, phase: "steady", pagedEpoch: 1 });
    expect(eventsOf(decision).at(-1)).toMatchObject({ level: "warning", node: n0 });
    expect(eventsOf(decision).at(-1)?.message).toMatch(
      /^a second outage: a, b agree that 10\.0\.0\.1:6379 is down, .*epoch 1; cooling down for another 3\d{4} ms .*`lambda-sentinel ack cache` ends that, `lambda-sentinel failover cache` asks for a failover at once$/,
    );
  });

  test("S350 calls people once, whoever holds", () => {
    const watch = secondOutage();
    const done = counting(watch);
    const after = watch.look({ done, samples: withoutMaster, votes: agreed });

    expect(after).toMatchObject({ rule: "S350", plan: [] });
    const state = groupState({ automaticEpoch: 1, pagedEpoch: 1 });
    const another = counting(watchCalm({ state, masterKnown: { epoch: 1, forMs: 30_000 } }));
    expect(another.rule).toBe("S350");
    expect(eventNames(another)).toEqual(["+odown", "+hold"]);
  });

  test("S350 calls again for the next master", () => {
    const state = groupState({ epoch: 2, masterEpoch: 2, automaticEpoch: 2, pagedEpoch: 1 });
    const watch = watchCalm({ state, masterKnown: { epoch: 2, forMs: 30_000 } });
    const votes = agreed.map((one) => ({ ...one, epoch: 2 }));
    const done = openAndConfirm(watch);
    const held = watch.look({ done, samples: withoutMaster, votes, prepared: bothObserved });

    expect(eventNames(held)).toContain("+page");
  });

  test("S350 ends with an operator's acknowledgement", () => {
    const watch = secondOutage();
    counting(watch);
    watch.table = acknowledge(watch.table ?? groupState(), writer).next;
    const seen = { samples: withoutMaster, votes: agreed, prepared: bothObserved };

    expect(watch.look(seen).rule).toBe("S370");
    expect(watch.noticed.map(({ name }) => name)).toContain("+ack");
  });
});

describe("S13 whenFlapping: failover", () => {
  const settings = { whenFlapping: "failover" as const };

  test("S350 lets it come, and S370 calls people all the same", () => {
    const decision = counting(secondOutage({ settings }));

    expect(decision.rule).toBe("S370");
    expect(written(decision)).toMatchObject({ epoch: 2, isAutomatic: true, earlyEpochs: [2] });
    expect(eventNames(decision)).toContain("+page");
    expect(eventsOf(decision).map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^a second outage: .*; failing over within the cool-down, 1 of 2 times, as whenFlapping says$/,
      ),
    );
  });

  test("S350 holds after two in a row, until the cool-down is over", () => {
    expect(counting(secondOutage({ settings, early: [0, 1] })).rule).toBe("S350");

    const later = counting(secondOutage({ settings, early: [0, 1] }, 61_000));
    expect(later.rule).toBe("S370");
    // The row goes on: one in a cool-down, and no more.
    expect(written(later).earlyEpochs).toEqual([0, 1]);
    expect(eventNames(later)).not.toContain("+page");
  });

  test.each([
    // Detection takes ten seconds of it.
    [585_000, [0, 1]],
    [600_000, []],
  ])("S370 a master that stayed for ten cool-downs ends the row: %d ms", (forMs, row) => {
    const decision = counting(secondOutage({ settings, early: [0, 1] }, forMs));

    expect(written(decision).earlyEpochs).toEqual(row);
  });

  test("a failover that an operator asked for is none of the row", () => {
    const request = {
      ...{ id: "op#1", kind: "failover" as const, by: "ops" },
      ...{ to: null, at: null, allowedLossBytes: null },
    };
    const state = groupState({ automaticEpoch: 1, earlyEpochs: [1], request });
    const known = { epoch: 1, forMs: 20_000 };
    const decision = counting(watchCalm({ state, config: flapping, masterKnown: known }));

    expect(written(decision)).toMatchObject({ isAutomatic: false, earlyEpochs: [1] });
    expect(eventNames(decision)).not.toContain("+page");
  });
});

describe("S13 what is counted in STATE", () => {
  const candidate = { node: n1, replid: "r", offset: 1 };
  const base = groupState({ automaticEpoch: 1, earlyEpochs: [1] });
  const loss = { bytes: 0, certainty: "unknown" as const, oldOffset: null, newOffset: 1 };

  function claimed(isAutomatic: boolean): GroupState {
    const intent = { kind: "failover" as const, isAutomatic, candidate, masterOffset: null };
    return claim(base, { ...intent, earlyEpochs: isAutomatic ? [1, 2] : [1] }, writer).next;
  }

  test("an epoch that fails counts for nothing", () => {
    const failed = failEpoch(claimed(true), { reason: "NOPERM", isRefusal: true }, writer).next;

    expect(failed).toMatchObject({ automaticEpoch: 1, earlyEpochs: [1] });
  });

  test("a commit keeps the row, and an operator's ends it", () => {
    const record = { ...masterRecord, node: n1 };

    expect(commit(claimed(true), record, loss, writer).next.earlyEpochs).toEqual([1, 2]);
    expect(commit(claimed(false), record, loss, writer).next.earlyEpochs).toEqual([]);
  });

  test("an acknowledgement ends both", () => {
    expect(acknowledge(base, writer).next).toMatchObject({
      automaticEpoch: null,
      earlyEpochs: [],
    });
  });
});

describe("+ack", () => {
  test("is told by each observer that reads of it, in the operator's words", () => {
    const watch = secondOutage();
    watch.look({ samples: everybody });
    const why = "ann acknowledges the automatic failover of epoch 1";
    watch.table = acknowledge(watch.table ?? groupState(), { ...writer, rule: "ack", why }).next;
    watch.look({ samples: everybody, afterMs: 2_500 });

    expect(watch.noticed).toMatchObject([
      { name: "+ack", level: "warning", node: n0, message: why, evidence: { epoch: 1 } },
    ]);
    watch.look({ samples: everybody, afterMs: 2_500 });
    expect(watch.noticed).toEqual([]);
  });

  test("is not told where the next failover was an operator's", () => {
    const watch = secondOutage();
    watch.look({ samples: everybody });
    watch.table = { ...groupState({ epoch: 2, masterEpoch: 2 }), rev: 20 };
    watch.look({ samples: everybody, afterMs: 2_500 });

    expect(watch.noticed.map(({ name }) => name)).not.toContain("+ack");
  });
});
