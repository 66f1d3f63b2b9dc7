import { describe, expect, test } from "@jest/globals";
import { removeGroup, reviveGroup } from "../../lib/core/state-removal.ts";
import { answers, isSilent } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterRecord,
  n0,
  n1,
  n2,
  promotingState,
  replicaFacts,
} from "../support/builders.ts";
import {
  eventNames,
  everybody,
  kindsOf,
  loseMaster,
  Watch,
  watchCalm,
  withoutMaster,
} from "../support/watch.ts";

describe("S14 fail static", () => {
  test("F100 nothing is done while STATE cannot be read, and it is said once", () => {
    const watch = watchCalm();
    const failed = { samples: everybody, state: { failed: "timed out" } };

    const first = watch.look(failed);
    const second = watch.look(failed);

    expect(first).toMatchObject({ rule: "F100", why: "STATE cannot be read: timed out" });
    expect(eventNames(first)).toEqual(["+page"]);
    expect(second).toMatchObject({ rule: "F100", plan: [] });
    expect(second.look).toMatchObject({ probe: [n0, n1, n2], state: true });
  });

  test("F100 is left with the first answer, and said again the next time", () => {
    const watch = watchCalm();
    watch.look({ state: { failed: "timed out" } });

    expect(watch.look({ samples: everybody }).rule).toBe("R799");
    expect(eventNames(watch.look({ state: { failed: "timed out" } }))).toEqual(["+page"]);
  });

  test("D7 F100 stands above full evidence: without the table nobody is promoted", () => {
    const watch = watchCalm();
    loseMaster(watch);

    const decision = watch.look({ samples: withoutMaster, state: { failed: "unreachable" } });

    expect(decision.rule).toBe("F100");
    expect(kindsOf(decision)).toEqual(["emit"]);
  });

  test("F100 a write without an answer is a store that cannot be read", () => {
    const watch = watchCalm();

    const outcomes = [{ kind: "store-failed" as const, why: "cut" }];

    expect(watch.look({ outcomes, state: "unread" }).rule).toBe("F100");
  });

  test("C8, D12, D13 F110 keeps hands off a STATE of another schema or deployment", () => {
    const state = { failed: "STATE belongs to deployment staging", isForeign: true };
    const decision = watchCalm().look({ samples: everybody, state });

    expect(decision).toMatchObject({ rule: "F110", why: "STATE belongs to deployment staging" });
    expect(kindsOf(decision)).toEqual(["emit"]);
  });

  test("F100 nothing is done before STATE was read for the first time", () => {
    expect(new Watch().look({ samples: everybody, state: "unread" })).toMatchObject({
      rule: "F100",
      plan: [],
      look: { state: true },
    });
  });
});

describe("hands off", () => {
  test("C10 F130 where this observer is not one of the group's", () => {
    const watch = new Watch({ config: groupConfig({ observers: ["b", "c"] }) });

    expect(watch.look({ samples: everybody })).toMatchObject({
      rule: "F130",
      why: "a is not one of the observers b, c",
    });
  });

  test("F11 F140 under a configuration version that STATE does not name", () => {
    const watch = watchCalm({ state: groupState({ configVersion: 2 }) });

    expect(watch.look({ samples: withoutMaster })).toMatchObject({
      rule: "F140",
      plan: [],
      look: { state: true },
    });
    const newer = groupConfig({ version: 2 });
    expect(watch.look({ samples: everybody, config: newer }).rule).toBe("R799");
  });

  test("D10 F150 when a node's marker carries an epoch that STATE has not reached", () => {
    const decision = watchCalm().look({ samples: [answers(n1, replicaFacts({ marker: 7 }))] });

    expect(decision.rule).toBe("F150");
    expect(decision.why).toContain("the marker of epoch 7, above STATE's 1");
    expect(kindsOf(decision)).toEqual(["emit"]);
  });

  test("D10 F150 also while every look asks the nodes beside STATE, as in a suspicion", () => {
    const watch = watchCalm();
    const samples = [isSilent(n0), answers(n1, replicaFacts({ marker: 7 }))];
    const beside = { samples, stateAskedAgoMs: 4 };

    const news = watch.look({ ...beside, afterMs: 1_000 });
    const known = watch.look({ ...beside, afterMs: 1_000 });

    expect(news).toMatchObject({ rule: "F150", plan: [], look: { afterMs: 0, state: true } });
    expect([known.rule, ...eventNames(known)]).toEqual(["F150", "+page"]);
  });

  test("F160 when the committed master is no node of the configuration", () => {
    const state = groupState({ master: { ...masterRecord, node: "10.0.0.9:6379" } });
    const watch = new Watch({ state });

    const first = watch.look({ samples: everybody });

    expect(first.rule).toBe("F160");
    expect(eventNames(first)).toEqual(["+page"]);
    expect(watch.look({ samples: everybody })).toMatchObject({ rule: "F160", plan: [] });
  });

  test("F190 where no rule applies: an open epoch of no kind is not acted on", () => {
    const watch = new Watch({ state: promotingState({ leader: "a/2", kind: null }) });

    const first = watch.look({ samples: withoutMaster });

    expect(first).toMatchObject({
      rule: "F190",
      look: { probe: [n0, n1, n2], info: true, state: true },
    });
    expect(eventNames(first)).toEqual(["+page"]);
    expect(watch.look({ samples: withoutMaster })).toMatchObject({ rule: "F190", plan: [] });
  });
});

describe("F125 a group that was removed", () => {
  const writer = {
    attempt: "remove#1",
    shift: "operator",
    rule: "remove",
    why: "alice removes it",
  };

  test("nothing is done with it any more, and it is said once", () => {
    const watch = watchCalm();
    if (watch.table !== null) watch.table = removeGroup(watch.table, "alice", writer).next;
    const first = watch.look({ samples: everybody });
    loseMaster(watch);
    const dead = watch.look({ samples: withoutMaster });

    expect(first).toMatchObject({ rule: "F125", why: "cache was removed by alice" });
    expect(eventNames(first)).toEqual(["-monitor"]);
    expect(dead).toMatchObject({ rule: "F125", plan: [] });
  });

  test("a name that comes back keeps its epochs, and asks who is master now", () => {
    const before = groupState({ epoch: 7, masterEpoch: 7, histories: ["id-1"] });
    const removed = removeGroup(before, "alice", writer).next;
    const back = reviveGroup(removed, 5, writer).next;

    expect(removed).toMatchObject({ epoch: 7, master: null, removed: { by: "alice", rev: 11 } });
    expect(back).toMatchObject({
      ...{ epoch: 7, masterEpoch: 7, histories: ["id-1"], configVersion: 5 },
      ...{ master: null, removed: null, rev: 12 },
      round: { status: "open", purpose: "bootstrap", number: before.round.number + 1 },
    });
    const watch = new Watch({ state: back, config: groupConfig({ version: 5 }) });
    expect(watch.look({ samples: everybody }).rule).toBe("B210");
  });
});
