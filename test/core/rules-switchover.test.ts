import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import { isSilent, prepares } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  promotedFacts,
  promotingState,
  replicaFacts,
} from "../support/builders.ts";
import {
  commandsOf,
  eventNames,
  everybody,
  following,
  kindsOf,
  Watch,
  watchCalm,
  written,
} from "../support/watch.ts";
import {
  asked,
  askedToHandOver,
  claimedHandOver,
  expectClosed,
  observing,
  request,
} from "./switchover-stage.ts";

describe("R380 an operator's request", () => {
  test("every node is asked first, then STATE (F1 rule 2)", () => {
    expect(watchCalm({ state: asked }).look({ samples: everybody })).toMatchObject({
      rule: "R380",
      plan: [],
      look: { prepare: [n0, n1, n2], order: "nodes-first", state: true },
    });
  });

  test("is claimed as a switchover with its target, and is no automatic failover", () => {
    const decision = claimedHandOver();

    expect(decision.rule).toBe("R380");
    expect(written(decision)).toMatchObject({
      epoch: 2,
      phase: "promoting",
      kind: "switchover",
      isAutomatic: false,
      candidate: { node: n1 },
      request,
    });
  });

  test("F4 is refused without FAILOVER: a hand-made one would lose acknowledged writes", () => {
    const watch = watchCalm({ state: asked });
    const old = masterFacts({ failoverState: null });

    const decision = watch.look({ samples: everybody, prepared: observing(old) });

    expect(decision.rule).toBe("R380");
    expect(decision.why).toContain("offers no FAILOVER command");
    expect(written(decision)).toMatchObject({ phase: "steady", request: null, epoch: 1 });
    expect(eventNames(decision)).toEqual(["-failover-abort-no-good-slave"]);
  });

  test("S8 is refused without a candidate, with every node's reason", () => {
    const watch = watchCalm({ state: asked });
    const never = replicaFacts({ priority: 0 });
    const prepared = [prepares(n0, masterFacts()), prepares(n1, never), prepares(n2, never)];

    const decision = watch.look({ samples: everybody, prepared });

    expect(decision.why).toContain(`failover refused: ${n1}: its replica-priority is 0`);
    expect(written(decision).request).toBeNull();
  });

  test("F12 waits while the group is paused", () => {
    const pause = { by: "ops", reason: "upgrade", until: null, rev: 9 };

    expect(watchCalm({ state: groupState({ request, pause }) }).look().rule).toBe("R700");
  });
});

describe("the hand-over, continued from what the nodes show (F4)", () => {
  test("W580 asks the old master to hand over by itself", () => {
    const watch = watchCalm({ state: asked });

    const decision = watch.look({ done: claimedHandOver(watch), state: "unread" });

    expect(decision.rule).toBe("W580");
    expect(commandsOf(decision)).toEqual([
      {
        kind: "hand-over",
        node: n0,
        session: 10,
        epoch: 2,
        to: n1,
        address: { host: "10.0.0.2", port: 6379 },
        timeoutMs: 4_000,
      },
    ]);
  });

  test("W580 gives it half of takeoverMs in whole milliseconds, as FAILOVER wants them", () => {
    const config = groupConfig({ settings: { takeoverMs: 8_001 } });
    const watch = watchCalm({ state: asked, config });

    const decision = watch.look({ done: claimedHandOver(watch), state: "unread" });

    expect(commandsOf(decision)).toMatchObject([{ kind: "hand-over", timeoutMs: 4_000 }]);
  });

  test("W570 observes both nodes before every step", () => {
    expect(askedToHandOver().look({ samples: everybody })).toMatchObject({
      rule: "W570",
      plan: [],
      look: { prepare: [n0, n1], order: "nodes-first", state: true },
    });
  });

  test("W570 asks the old master itself too: a session that cannot be opened is no word on its death", () => {
    const { look } = askedToHandOver().look({ samples: everybody });

    expect(look.probe).toEqual([n0]);
  });

  test.each([
    ["is failing over", masterFacts({ failoverState: "waiting-for-sync" })],
    ["has become a replica and the target is none's master yet", replicaFacts()],
  ])("W580 waits while the old master %s", (_name, old) => {
    expect(askedToHandOver().look({ prepared: observing(old) })).toMatchObject({
      rule: "W580",
      why: "waiting for the hand-over",
      plan: [],
    });
  });

  test("W580 fences both nodes before the commit, the old master first", () => {
    const prepared = observing(replicaFacts(following(n1)), promotedFacts());

    const decision = askedToHandOver().look({ prepared });

    expect(decision.plan).toEqual([
      [expect.objectContaining({ kind: "attach", node: n0, session: 10, master: n1 })],
      [expect.objectContaining({ kind: "promote", node: n1, session: 11, beside: null })],
    ]);
  });

  test("the commit is a failover without loss", () => {
    const watch = askedToHandOver();
    const both = watch.look({ prepared: observing(replicaFacts(following(n1)), promotedFacts()) });

    const decision = watch.look({ done: both, state: "unread" });

    expect(decision.rule).toBe("P510");
    expect(written(decision)).toMatchObject({
      master: { node: n1 },
      request: null,
      lastEpoch: { kind: "switchover", isAutomatic: false, loss: { bytes: 0, certainty: "exact" } },
    });
  });
});

describe("a hand-over without success", () => {
  test("W580 fences the old master, W560 closes: it stays the writable master", () => {
    const watch = askedToHandOver();

    const fence = watch.look({ samples: everybody, prepared: observing(masterFacts()) });
    const closed = watch.look({ done: fence, samples: everybody });

    expect(kindsOf(fence)).toEqual(["fence"]);
    expectClosed(closed, "W560");
  });

  test("W560 a refusal closes it at once", () => {
    const watch = watchCalm({ state: asked });
    watch.look({ done: claimedHandOver(watch), state: "unread" });
    const refused: Outcome = {
      kind: "effect-failed",
      command: "hand-over",
      node: n0,
      epoch: 2,
      why: "ERR FAILOVER target HOST and PORT is not a replica.",
      isCertain: true,
    };

    expectClosed(watch.look({ outcomes: [refused], samples: everybody }), "W560");
  });

  test("a hand-over whose answer did not come is observed, then fenced", () => {
    const watch = watchCalm({ state: asked });
    watch.look({ done: claimedHandOver(watch), state: "unread" });
    const lost: Outcome = {
      kind: "effect-failed",
      command: "hand-over",
      node: n0,
      epoch: 2,
      why: "timeout",
      isCertain: false,
    };

    const observes = watch.look({ outcomes: [lost], samples: everybody });
    const fence = watch.look({ prepared: observing(masterFacts()) });

    expect(observes.rule).toBe("W570");
    expect(kindsOf(fence)).toEqual(["fence"]);
  });

  test("a target that dies is not waited for: the old master is fenced", () => {
    const decision = askedToHandOver().look({ prepared: observing(masterFacts(), null) });

    expect(kindsOf(decision)).toEqual(["fence"]);
  });

  test("F15 a target that never takes over closes it: the quorum decides", () => {
    const watch = askedToHandOver();

    const beat = watch.look({ samples: everybody, afterMs: 8_100 });
    const closed = watch.look({ done: beat, prepared: observing(replicaFacts()) });

    expectClosed(closed, "W580");
  });

  const stuck = replicaFacts({ ...following(n1), failoverState: "failover-in-progress" });

  test("N3 a target that is gone once the old master has demoted itself: the hand-over is ended, for the server never ends it", () => {
    const decision = askedToHandOver().look({ prepared: observing(stuck, null) });

    expect(kindsOf(decision)).toEqual(["fence"]);
  });

  test("N4 a target that hangs: the hand-over is ended after takeoverMs, and the old master stays", () => {
    const watch = askedToHandOver();

    const waits = watch.look({ prepared: observing(stuck) });
    const beat = watch.look({ samples: everybody, afterMs: 8_100 });
    const fence = watch.look({ done: beat, prepared: observing(stuck) });
    const closed = watch.look({ done: fence, samples: everybody });

    expect(waits).toMatchObject({ why: "waiting for the hand-over", plan: [] });
    expect(kindsOf(fence)).toEqual(["fence"]);
    expectClosed(closed, "W560");
  });

  test("W550 an old master that is gone closes it: the quorum decides", () => {
    expectClosed(askedToHandOver().look({ samples: [isSilent(n0)] }), "W550");
  });

  test("a successor starts no hand-over of its own: it fences and closes", () => {
    const state = promotingState({ kind: "switchover", leader: "a/2", isAutomatic: false });
    const watch = new Watch({ state });
    watch.look({ samples: everybody });

    const decision = watch.look({ samples: everybody, prepared: observing(masterFacts()) });

    expect(kindsOf(decision)).toEqual(["fence"]);
  });
});
