import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import type { Decision } from "../../lib/core/decide.ts";
import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import { answers, errs, isSilent, prepares, type Seen } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  n0,
  n1,
  orphanFacts,
  promotedFacts,
  promotingState,
  replicaFacts,
} from "../support/builders.ts";
import {
  claimed,
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  kindsOf,
  Watch,
  wallTimeAt,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

const failed = (why: string, isCertain = false): Outcome => ({
  kind: "effect-failed",
  command: "promote",
  node: n1,
  epoch: 2,
  why,
  isCertain,
});

/** The epoch was closed as failed: the old master stays, and its candidate is nobody's. */
function expectClosed(decision: Decision, rule: string, event: string): void {
  expect(decision.rule).toBe(rule);
  expect(written(decision)).toMatchObject({
    phase: "steady",
    master: { node: n0 },
    masterEpoch: 1,
    candidate: null,
    leader: null,
    lastEpoch: { epoch: 2, result: "failed", to: n1 },
  });
  expect(eventNames(decision)).toEqual([event]);
}

/** Leads an epoch that it did not claim itself, and has asked the old master. */
function resumed(): Watch {
  const watch = new Watch({ state: promotingState({ leader: "a/2" }) });
  watch.look({ samples: withoutMaster });
  watch.look({ samples: withoutMaster });
  return watch;
}

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

  test("an answer from before the claim does not count", () => {
    const watch = new Watch({ state: promotingState({ leader: null }) });
    watch.look({ samples: everybody });
    const takeover = watch.look({ samples: everybody });

    expect(watch.look({ done: takeover })).toMatchObject({ rule: "P530" });
  });

  test.each<[string, NodeFacts]>([
    ["as a replica", replicaFacts({ masterHost: "10.0.0.3" })],
    ["emptied", masterFacts({ runId: "run-x", replid: "id-9", keys: 0, marker: null })],
  ])("F8, N3 an old master that answers %s has nothing to win with", (_name, facts) => {
    const watch = watchCalm();
    const promote = claimed(watch);

    const decision = watch.look({ done: promote, oldMaster: facts, state: "unread" });

    expect(decision.rule).toBe("P510");
    expect(written(decision).phase).toBe("settling");
  });
});

describe("P510 committing", () => {
  test("a switchover that is planned for later is dropped, and people are told", () => {
    const at = wallTimeAt(900_000);
    const request = { ...noWishes, id: "op#1", kind: "switchover" as const, by: "ops", at };
    const watch = watchCalm({ state: groupState({ request }) });

    const decision = watch.look({ done: claimed(watch), state: "unread" });

    expect(written(decision)).toMatchObject({ isAutomatic: true, request: null });
    expect(eventsOf(decision).at(-1)).toMatchObject({
      name: "+page",
      message: `the switchover that ops planned for ${at} is dropped: ${n0} is replaced already`,
    });
  });

  test("the promotion that this shift carried out itself, with its new lineage", () => {
    const watch = watchCalm();

    const decision = watch.look({ done: claimed(watch), state: "unread" });

    expect(decision.rule).toBe("P510");
    expect(written(decision)).toMatchObject({
      phase: "settling",
      masterEpoch: 2,
      master: { node: n1, runId: "run-n1", replid: "id-2", replid2: "id-1", secondOffset: 1_001 },
      previousMaster: { node: n0 },
      candidate: null,
    });
    const [promoted, switched] = eventsOf(decision);
    expect(promoted).toMatchObject({
      name: "+promoted-slave",
      evidence: { storeTrips: 2, redisTrips: 1 },
      durationsMs: { promoteMs: expect.any(Number), downToWritableMs: expect.any(Number) },
    });
    expect(switched).toMatchObject({
      name: "+switch-master",
      message: "cache 10.0.0.1 6379 10.0.0.2 6379",
      evidence: {
        ...{ lostBytes: 0, lossCertainty: "lower-bound", from: n0, to: n1 },
        ...{ fromHost: "10.0.0.1", fromPort: 6379, toHost: "10.0.0.2", toPort: 6379 },
      },
    });
  });

  test("F1 rule 5: a node that is master already is promoted all the same before the commit", () => {
    const watch = resumed();

    const decision = watch.look({ prepared: [prepares(n1, promotedFacts())] });

    expect(decision.rule).toBe("P540");
    expect(kindsOf(decision)).toContain("promote");
  });

  test("F1 rule 5: a promotion of another epoch is no promotion of this one", () => {
    const watch = resumed();
    const done = watch.look({ prepared: [prepares(n1, orphanFacts())] });
    watch.table = promotingState({ leader: "a/2", epoch: 3, rev: 20 });

    expect(watch.look({ done, samples: withoutMaster }).rule).not.toBe("P510");
  });

  test.each<[string, Partial<NodeFacts>]>([
    ["emptied meanwhile", { replid2: "id-9" }],
    ["cut short meanwhile", { secondOffset: 900 }],
    ["a replica again", { role: "replica" }],
  ])("F5c a promoted node that is %s is never committed", (_name, change) => {
    const watch = watchCalm();

    const decision = watch.look({
      done: claimed(watch),
      promoted: promotedFacts(change),
      state: "unread",
    });

    expectClosed(decision, "P510", "-failover-abort-slave-timeout");
  });
});

describe("F5c a promotion whose commit was held up for longer than fenceMs", () => {
  /** The table could not be read until now. */
  const heldUp = (): Watch => {
    const watch = watchCalm();
    watch.look({ done: claimed(watch), state: { failed: "no answer" } });
    return watch;
  };
  const late = { afterMs: 2_500 };

  test("is looked at again before it is believed", () => {
    const watch = heldUp();

    expect(watch.look(late)).toMatchObject({
      rule: "P510",
      plan: [],
      look: { afterMs: 0, probe: [n1], info: true, state: true },
    });
    const decision = watch.look({ samples: [answers(n1, promotedFacts())] });
    expect(decision.rule).toBe("P510");
    expect(written(decision)).toMatchObject({ phase: "settling", master: { node: n1 } });
  });

  test.each<[string, Seen<Sample>]>([
    ["restarted empty meanwhile", answers(n1, masterFacts({ runId: "run-x", replid: "id-9" }))],
    ["restarted meanwhile, whatever it kept", answers(n1, promotedFacts({ runId: "run-x" }))],
    ["says replica now", answers(n1, promotedFacts({ role: "replica" }))],
    ["does not answer now", isSilent(n1)],
    ["does not say what it is", errs(n1, "NOAUTH")],
  ])("closes the epoch when the node %s", (_name, sample) => {
    const watch = heldUp();
    watch.look(late);

    expectClosed(watch.look({ samples: [sample] }), "P510", "-failover-abort-slave-timeout");
  });

  test("has been looked at when a probe of the watch saw the promoted master since", () => {
    const watch = heldUp();
    const samples = [answers(n1, promotedFacts())];
    watch.look({ ...late, samples, state: { failed: "no answer" } });

    expect(written(watch.look()).phase).toBe("settling");
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
