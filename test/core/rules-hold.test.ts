import { describe, expect, test } from "@jest/globals";
import type { Inherited } from "../../lib/core/memory.ts";
import type { EpochResult } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import { groupConfig, groupState, n0, n1, n2, orphanFacts, vote } from "../support/builders.ts";
import {
  bothObserved,
  eventNames,
  eventsOf,
  openAndConfirm,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

const agreed = [vote("a"), vote("b")];
const automatic: EpochResult = {
  epoch: 1,
  kind: "failover",
  result: "completed",
  isAutomatic: true,
  from: n1,
  to: n0,
  reason: "n1 was down",
  isRefusal: false,
  loss: null,
};

/** Has voted down in round 5 and counted these votes. */
function counting(watch: Watch, votes = agreed, prepared = bothObserved) {
  return watch.look({ done: openAndConfirm(watch), samples: withoutMaster, votes, prepared });
}

describe("what a reached quorum waits for", () => {
  test("F13 S345 one observer's testimony of life vetoes the claim", () => {
    const votes = [...agreed, vote("c", { verdict: "unreachable" })];

    const decision = counting(watchCalm(), votes);

    expect(decision.rule).toBe("S345");
    expect(eventNames(decision)).toEqual(["+hold"]);
  });

  test("F13 S345 unless the group's policy says so", () => {
    const votes = [...agreed, vote("c", { verdict: "unreachable" })];
    const config = groupConfig({ settings: { whenUnreachable: "failover" } });

    expect(counting(watchCalm({ config }), votes).rule).toBe("S370");
  });

  test("S13 S350 the cool-down after a completed automatic failover", () => {
    const state = groupState({ lastEpoch: automatic, automaticEpoch: 1 });
    const masterKnown = { epoch: 1, forMs: 20_000 };

    const decision = counting(watchCalm({ state, masterKnown }));

    expect(decision.rule).toBe("S350");
    expect(decision.why).toMatch(
      /^cooling down for another 3\d{4} ms after the failover of epoch 1/,
    );
  });

  test("S13 S350 an epoch that failed since lifts no cool-down", () => {
    const lastEpoch = { ...automatic, epoch: 2, result: "failed" as const };
    const state = groupState({ epoch: 2, masterEpoch: 1, lastEpoch, automaticEpoch: 1 });
    const votes = agreed.map((one) => ({ ...one, epoch: 2 }));

    const watch = watchCalm({ state, masterKnown: { epoch: 1, forMs: 20_000 } });

    expect(counting(watch, votes).rule).toBe("S350");
  });

  test.each([
    [
      "an operator asked",
      { request: { id: "op#1", kind: "failover" as const, by: "ops", ...noWishes } },
    ],
    ["an operator has handed over since", { automaticEpoch: null }],
    ["it was an older epoch", { masterEpoch: 2, epoch: 2 }],
    [
      "it has not settled: no cool-down for a master that dies at once",
      { phase: "settling" as const },
    ],
  ])("S13 S350 is no obstacle when %s", (_name, change) => {
    const state = groupState({ lastEpoch: automatic, automaticEpoch: 1, ...change });
    const epoch = state.epoch;
    const votes = agreed.map((one) => ({ ...one, epoch }));
    const masterKnown = { epoch, forMs: 20_000 };

    expect(counting(watchCalm({ state, masterKnown }), votes).rule).toBe("S370");
  });

  test("F16 S350 is measured from when this observer saw the master change", () => {
    const state = groupState({ lastEpoch: automatic, automaticEpoch: 1 });

    expect(counting(watchCalm({ state, masterKnown: { epoch: 1, forMs: 59_000 } })).rule).toBe(
      "S370",
    );
    expect(counting(watchCalm({ state })).rule).toBe("S370");
  });

  test("N16 S355 epochs that failed since the commit are backed off from, and paged once", () => {
    const lastEpoch = { ...automatic, epoch: 7, result: "failed" as const, reason: "NOPERM" };
    const state = groupState({ epoch: 7, masterEpoch: 1, lastEpoch });
    const votes = agreed.map((one) => ({ ...one, epoch: 7 }));
    const watch = watchCalm({ state: { ...state, epoch: 6 } });
    watch.table = { ...state, rev: state.rev + 1 };

    const held = counting(watch, votes);

    expect(held).toMatchObject({ rule: "S355", why: expect.stringContaining("NOPERM") });
    expect(eventNames(held)).toEqual(["+page"]);
  });

  describe("N16 S355 the first failure is answered at once", () => {
    /** Whom the next claim names after epoch 2 has failed with n1, the better of two. */
    function next(failed: Partial<EpochResult>, isSeen: "seen" | "read"): string | undefined {
      const lastEpoch = { ...automatic, epoch: 2, result: "failed" as const, to: n1, ...failed };
      const state = groupState({ epoch: 2, masterEpoch: 1, lastEpoch });
      const watch = watchCalm({ state: isSeen === "read" ? state : groupState() });
      watch.table = { ...state, rev: state.rev + 1 };
      const decision = counting(
        watch,
        agreed.map((one) => ({ ...one, epoch: 2 })),
      );
      expect(decision.rule).toBe("S370");
      return written(decision).candidate?.node;
    }

    test("with another node, where the candidate did not let itself be promoted", () => {
      expect(next({ isRefusal: true }, "seen")).toBe(n2);
    });

    test("with the same node, where the old master came back or a hand-over failed", () => {
      expect(next({ isRefusal: false }, "seen")).toBe(n1);
    });

    test("with the same node, where it was refused longer ago than this shift remembers", () => {
      expect(next({ isRefusal: true }, "read")).toBe(n1);
    });
  });

  test("F16 a shift that never heard the master goes on from its predecessor's suspicion", () => {
    const facts = orphanFacts({ linkDownSeconds: 200 });
    const gone = [prepares(n1, facts, 11), prepares(n2, facts, 12)];
    const elected = (inherited: Inherited | null) =>
      counting(new Watch(inherited === null ? {} : { inherited }), agreed, gone).rule;

    // Told by the predecessor, 200 s of a lost link are the master's; a shorter tale makes them the replicas' own.
    expect(elected({ suspect: n0, forMs: 180_000, offset: 1_000, loading: null })).toBe("S370");
    expect(elected({ suspect: n0, forMs: 60_000, offset: 1_000, loading: null })).toBe("S360");
    // Without a predecessor the replicas' own links tell how long it is at the least.
    expect(elected(null)).toBe("S370");
  });

  test("S360 asks the candidates now: nothing remembered is chosen from", () => {
    const decision = counting(watchCalm(), agreed, []);

    expect(decision).toMatchObject({
      rule: "S360",
      why: "asking the candidates",
      look: { prepare: [n1, n2], bystander: n0, votes: true },
    });
  });

  test("S8, F15 S360 holds without a candidate and says why once in the round", () => {
    const watch = watchCalm();
    const never = orphanFacts({ priority: 0 });
    const prepared = [prepares(n1, never), prepares(n2, never)];

    const first = counting(watch, agreed, prepared);
    const second = watch.look({ samples: withoutMaster, votes: agreed, prepared });

    expect(first.rule).toBe("S360");
    expect(eventsOf(first)).toMatchObject([
      { name: "-failover-abort-no-good-slave", level: "warning", isStored: true },
    ]);
    expect(second).toMatchObject({ rule: "S360", plan: [] });
  });

  test("S360 holds for a node that is silent now and was seen ahead of the choice", () => {
    const watch = watchCalm();
    const ahead = orphanFacts({ offset: 5_000 });
    watch.look({ samples: [answers(n2, ahead)] });
    const done = openAndConfirm(watch, [
      isSilent(n0),
      answers(n1, orphanFacts()),
      answers(n2, ahead),
    ]);
    const samples = [isSilent(n0), answers(n1, orphanFacts()), isSilent(n2)];

    const decision = watch.look({
      done,
      samples,
      votes: agreed,
      prepared: [prepares(n1, orphanFacts()), prepares(n2, null)],
    });

    expect(decision.rule).toBe("S360");
    expect(decision.why).toContain("was seen at offset 5000");
  });
});
