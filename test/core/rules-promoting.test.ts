import { describe, expect, test } from "@jest/globals";
import type { NodeFacts } from "../../lib/core/model.ts";
import { answers, errs, prepares, turnsAway } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  n0,
  n1,
  orphanFacts,
  promotingState,
  replicaFacts,
} from "../support/builders.ts";
import {
  claimed,
  commandsOf,
  eventNames,
  everybody,
  kindsOf,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";
import { expectClosed, failed, resumed } from "./promoting-stage.ts";

describe("P540 promoting", () => {
  test("on the session over which the candidate was observed, with the old master beside it", () => {
    const decision = claimed(watchCalm());

    expect(decision.rule).toBe("P540");
    expect(commandsOf(decision)[0]).toEqual({
      kind: "promote",
      node: n1,
      session: 11,
      epoch: 2,
      beside: n0,
    });
    expect(eventNames(decision)).toEqual(["+failover-state-send-slaveof-noone"]);
  });

  test("F1 rule 2: an observation younger than the last read of STATE is no ground", () => {
    const watch = resumed();
    const prepared = [prepares(n1, orphanFacts())];

    const decision = watch.look({ prepared, stateAskedAgoMs: 5 });

    expect(decision).toMatchObject({
      rule: "P540",
      plan: [],
      look: { prepare: [n1], bystander: n0, order: "nodes-first", state: true },
    });
  });

  test("S4 a STATE verified longer than fenceMs ago is no ground", () => {
    const watch = resumed();
    watch.look({ prepared: [prepares(n1, orphanFacts())] });

    expect(kindsOf(watch.look({ state: "unread", afterMs: 2_100 }))).toEqual([]);
  });

  test("F15 a candidate that does not answer closes the epoch", () => {
    const decision = resumed().look({ prepared: [prepares(n1, null)] });

    expectClosed(decision, "P540", "-failover-abort-slave-timeout");
  });

  test("F15 a candidate that is gone after a failed try closes the epoch too", () => {
    const watch = watchCalm();
    claimed(watch);
    watch.look({ outcomes: [failed("cut", false)], state: "unread" });

    const decision = watch.look({ prepared: [prepares(n1, null)] });

    expectClosed(decision, "P540", "-failover-abort-slave-timeout");
  });

  test("a silence from before this epoch was led is no answer: the candidate is asked", () => {
    const watch = watchCalm();
    watch.look({ prepared: [prepares(n1, null)] });
    watch.table = promotingState({ leader: null });
    const takeover = watch.look({ samples: withoutMaster });
    watch.look({ done: takeover });

    expect(watch.look({ samples: withoutMaster })).toMatchObject({
      rule: "P540",
      plan: [],
      look: { prepare: [n1] },
    });
  });

  test("a marker above the epoch closes it: somebody newer acted", () => {
    const prepared = [prepares(n1, orphanFacts({ marker: 3 }))];

    expectClosed(resumed().look({ prepared }), "P540", "-failover-abort-slave-timeout");
  });

  test.each<[string, Partial<NodeFacts>]>([
    ["another server at its address", { role: "master", replid: "id-8", keys: 300 }],
    ["emptied", { replid: "id-9", offset: 0, keys: 0 }],
    ["behind what was chosen", { offset: 999 }],
  ])(
    "N18 F5c a candidate that is %s by now is not touched, and its epoch is closed",
    (_what, facts) => {
      const prepared = [prepares(n1, orphanFacts(facts))];

      const decision = resumed().look({ prepared });

      expectClosed(decision, "P540", "-failover-abort-slave-timeout");
      expect(kindsOf(decision)).not.toContain("promote");
    },
  );

  test("N25 a try whose answer did not come is made again over a new session", () => {
    const watch = watchCalm();
    claimed(watch);

    const again = watch.look({ outcomes: [failed("no reply within 2000 ms")], state: "unread" });
    const promote = watch.look({ prepared: [prepares(n1, orphanFacts(), 21)] });

    expect(again).toMatchObject({ rule: "P540", plan: [], look: { prepare: [n1] } });
    expect(commandsOf(promote)[0]).toMatchObject({ kind: "promote", session: 21 });
  });

  test("F15 P520 a second failure closes the epoch", () => {
    const watch = watchCalm();
    claimed(watch);
    watch.look({ outcomes: [failed("cut")], state: "unread" });

    const decision = watch.look({ outcomes: [failed("cut again")], state: "unread" });

    expectClosed(decision, "P520", "-failover-abort-slave-timeout");
    expect(written(decision).lastEpoch?.reason).toContain("cut again");
  });

  test("P520 an open epoch without a candidate is closed", () => {
    const watch = new Watch({ state: promotingState({ leader: "a/2", candidate: null }) });

    expect(watch.look({ samples: withoutMaster }).rule).toBe("P520");
  });
});

describe("P530 resuming somebody else's epoch", () => {
  test("F6 asks the old master first", () => {
    const watch = new Watch({ state: promotingState({ leader: "a/2" }) });

    expect(watch.look({ prepared: [prepares(n1, orphanFacts())] })).toMatchObject({
      rule: "P530",
      plan: [],
      look: { probe: [n0], info: true },
    });
    expect(watch.look({ samples: everybody }).rule).toBe("P500");
  });
});

describe("P500 until the commit the old master wins", () => {
  test("F6, N23 it answers as master: the epoch is closed", () => {
    const watch = watchCalm();
    claimed(watch);

    const decision = watch.look({ samples: everybody });

    expectClosed(decision, "P500", "-failover-abort-master-returned");
  });

  test("F6 also when it answered beside the promotion that was carried out", () => {
    const watch = watchCalm();
    const promote = claimed(watch);

    const decision = watch.look({ done: promote, oldMaster: masterFacts(), state: "unread" });

    expectClosed(decision, "P500", "-failover-abort-master-returned");
  });

  test("F6 also when it answered beside a promotion that failed", () => {
    const watch = watchCalm();
    claimed(watch);

    const outcome = { ...failed("the connection was cut"), oldMaster: masterFacts() };
    const decision = watch.look({ outcomes: [outcome], state: "unread" });

    expectClosed(decision, "P500", "-failover-abort-master-returned");
  });

  test.each(["BUSY", "NOAUTH", "LOADING"] as const)(
    "N6 to N9 an answer that only says %s is one of a server that lives",
    (code) => {
      const decision = resumed().look({ samples: [errs(n0, code), ...withoutMaster.slice(1)] });

      expectClosed(decision, "P500", "-failover-abort-master-returned");
    },
  );

  const emptied = masterFacts({ runId: "run-new", replid: "id-9", keys: 0, marker: null });
  test.each([
    ["a new connection: its data may be back", turnsAway(n0, "NOAUTH"), "P500"],
    ["the one over which it was empty", errs(n0, "BUSY"), "P540"],
  ])("N3, N9 one that was emptied answers with an error over %s", (_what, answer, rule) => {
    const watch = watchCalm();
    watch.look({ samples: [answers(n0, emptied), ...everybody.slice(1)] });
    claimed(watch);

    expect(watch.look({ samples: [answer, ...withoutMaster.slice(1)] }).rule).toBe(rule);
  });

  test("an answer from before the claim does not count", () => {
    const watch = new Watch({ state: promotingState({ leader: null }) });
    watch.look({ samples: everybody });
    const takeover = watch.look({ samples: everybody });

    expect(watch.look({ done: takeover })).toMatchObject({ rule: "P530" });
  });

  test.each<[string, NodeFacts]>([
    ["as a replica", replicaFacts({ masterHost: "10.0.0.3" })],
    ["emptied", masterFacts({ runId: "run-x", replid: "id-9", keys: 0, marker: null })],
    [
      "killed, and has what its RDB saved last",
      masterFacts({
        runId: "run-x",
        replid: "id-9",
        replid2: "id-1",
        secondOffset: 601,
        offset: 600,
      }),
    ],
  ])("F8, N3 an old master that answers %s has nothing to win with", (_name, facts) => {
    const watch = watchCalm();
    const promote = claimed(watch);

    const decision = watch.look({ done: promote, oldMaster: facts, state: "unread" });

    expect(decision.rule).toBe("P510");
    expect(written(decision).phase).toBe("settling");
  });
});

test("S1 whoever does not lead promotes nothing, whatever it has observed", () => {
  const watch = watchCalm({ state: promotingState() });

  const decision = watch.look({ samples: withoutMaster, prepared: [prepares(n1, orphanFacts())] });

  expect(decision).toMatchObject({ rule: "L430", plan: [] });
});

test("a lost claim promotes nothing", () => {
  const watch = watchCalm();
  claimed(watch);
  watch.table = groupState({ rev: 30 });

  expect(kindsOf(watch.look({ samples: withoutMaster }))).not.toContain("promote");
});
