import { describe, expect, test } from "@jest/globals";
import { failoversOf } from "../../lib/status/failovers.ts";
import {
  adoption,
  claim,
  crash,
  log,
  newMaster,
  oldMaster,
  promotion,
  settlement,
  stored,
  suspicion,
} from "../support/failover-events.ts";

const names = (told: Parameters<typeof stored>[1]) =>
  failoversOf(stored("orders", told), null).map(({ steps }) => steps.map((step) => step.name));

describe("the failovers that events tell", () => {
  test("one after a crash, with who, from where to where, the loss and the measured stretches", () => {
    const [failover, ...others] = failoversOf(stored("orders", crash), null);
    expect(others).toEqual([]);
    expect(failover?.facts).toMatchObject({
      epoch: 2,
      result: "completed",
      startedAt: "2030-01-01T00:00:12.454Z",
      from: oldMaster,
      to: newMaster,
      loss: { bytes: 0, certainty: "lower-bound" },
      durationsMs: {
        detectMs: 2534,
        agreeMs: 189,
        promoteMs: 18,
        downToWritableMs: 2783,
        publishMs: 124,
        settleMs: 124,
      },
    });
    expect(failover?.steps.map(({ observer, name }) => `${observer} ${name}`)).toEqual([
      "a +sdown",
      "c +round",
      "a +odown",
      "a +elected-leader",
      "a +promoted-slave",
      "a +switch-master",
      "a +published",
      "a +failover-end",
    ]);
  });

  test("the adoption of a group is none", () => {
    expect(names(adoption)).toEqual([]);
  });

  test("a leader that died after its claim told nothing: the log of STATE stands in", () => {
    const told = [...adoption, ...suspicion, ...claim.slice(1)];
    const [failover] = failoversOf(stored("orders", told), null);
    expect(failover?.facts).toMatchObject({ epoch: 2, result: "open", to: null, loss: null });
    expect(names(told)).toEqual([["+sdown", "+round", "+odown"]]);
    expect(names([...adoption, ...claim.slice(1)])).toEqual([["+transition"]]);
  });

  test("an epoch that ended without a new master has failed", () => {
    const end = log(7, 2, 3, "steady", "P500", "the old master answers");
    expect(
      failoversOf(stored("orders", [...adoption, ...suspicion, ...claim, end]), null)[0]?.facts,
    ).toMatchObject({
      result: "failed",
      to: null,
    });
  });

  test("what happens later in the same epoch is not part of it, but for what was lost", () => {
    const later = { at: "2030-01-01T03:00:00.000Z", by: "b", rule: "R000", epoch: 2 };
    const told = [
      ...crash,
      { ...later, rev: 8, round: 3, name: "+pause", message: "alice pauses the group" },
      { ...later, rev: 9, round: 4, name: "+round", message: "round 4" },
      {
        ...{ ...later, rev: 9, round: 3, name: "+loss-report", message: "it came back" },
        evidence: { bytes: 42, oldOffset: 92, newOffset: 50 },
      },
    ];
    const [failover] = failoversOf(stored("orders", told), null);
    expect(failover?.facts.loss).toEqual({ bytes: 42, certainty: "exact" });
    expect(failover?.steps.map(({ name }) => name)).not.toContain("+pause");
    expect(failover?.steps.filter(({ name }) => name === "+round")).toHaveLength(1);
  });

  test("two are told newest first, each with what led to it alone", () => {
    const shift = (rev: number) => (one: (typeof crash)[number]) => ({
      ...one,
      rev: one.rev + rev,
      epoch: one.epoch + 1,
      // A planned one has no round of its own.
      round: 3,
    });
    const planned = [...claim, ...promotion, ...settlement].map(shift(4));
    const failovers = failoversOf(stored("orders", [...crash, ...planned]), null);
    expect(failovers.map(({ facts }) => facts.epoch)).toEqual([3, 2]);
    expect(failovers[0]?.steps.map(({ name }) => name)).not.toContain("+round");
    expect(failovers[1]?.steps.map(({ name }) => name)).toContain("+round");
  });

  test("one whose claim is no longer among the events is left out", () => {
    expect(names([...promotion, ...settlement])).toEqual([]);
  });
});
