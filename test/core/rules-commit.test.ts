import { describe, expect, test } from "@jest/globals";
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
} from "../support/builders.ts";
import {
  claimed,
  eventsOf,
  kindsOf,
  type Watch,
  wallTimeAt,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";
import { expectClosed, resumed } from "./promoting-stage.ts";

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

  test("F5c an answer that waited while this process slept is as old as its question", () => {
    const watch = watchCalm();
    claimed(watch);
    const answer = { facts: promotedFacts(), oldMaster: null, warnings: [] };
    const times = { askedAtMs: watch.nowMs + 2, atMs: watch.nowMs + 5_000 };
    const trips = { store: 2, redis: 1 };

    const decision = watch.look({
      afterMs: 5_010,
      wasFrozen: true,
      outcomes: [{ kind: "promoted", node: n1, epoch: 2, ...answer, ...times, trips }],
    });

    expect(watch.look({ done: decision })).toMatchObject({
      rule: "P510",
      plan: [],
      look: { probe: [n1], info: true },
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
