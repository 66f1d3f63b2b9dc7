import { describe, expect, test } from "@jest/globals";
import { type ConditionName, conditionsOf, stopOf } from "../../lib/core/explain.ts";
import { momentOf } from "../../lib/core/moment.ts";
import { noWishes, pause } from "../../lib/core/state.ts";
import { groupState, n0, n1, openOn, vote } from "../support/builders.ts";
import {
  bothObserved,
  loseMaster,
  masterViewOf,
  openAndConfirm,
  voteAndCount,
  type Watch,
  watchCalm,
  withoutMaster,
} from "../support/watch.ts";

function told(watch: Watch, name: ConditionName) {
  const found = conditionsOf(momentOf(masterViewOf(watch))).find((one) => one.name === name);
  if (found === undefined) throw new Error(`expected a condition ${name}`);
  return found;
}

function stop(watch: Watch) {
  return stopOf(momentOf(masterViewOf(watch)));
}

describe("the way to a failover", () => {
  test("ends in calm with the evidence, and says what it would take", () => {
    const watch = watchCalm();

    expect(stop(watch)).toEqual({
      name: "evidence",
      rule: "S310",
      isMet: "no",
      title: `it holds ${n0} down`,
      why: "it answers, and nothing is held against it",
      change:
        "the master would have to fail: down after 5000 ms of silence, or 1500 ms of refused connects",
    });
    expect(told(watch, "candidate")).toMatchObject({
      isMet: "not-asked",
      why: `by what was last heard it would be ${n1}`,
    });
  });

  test("counts the silence while it builds up", () => {
    const watch = watchCalm();
    watch.look({ samples: withoutMaster });
    watch.look({ samples: withoutMaster, afterMs: 1_000 });

    expect(stop(watch)).toMatchObject({
      name: "evidence",
      why: expect.stringMatching(/^no valid reply for 10\d\d ms$/),
    });
  });

  test("goes on by one condition with each decision of a failover", () => {
    const watch = watchCalm();

    const opening = loseMaster(watch);
    expect(stop(watch)).toMatchObject({ name: "round", rule: opening.rule });
    const voting = watch.look({ done: opening, samples: withoutMaster });
    expect(stop(watch)).toMatchObject({ name: "vote", rule: voting.rule });
    watch.look({
      done: voting,
      samples: withoutMaster,
      votes: [vote("a")],
      prepared: bothObserved,
    });
    expect(stop(watch)).toMatchObject({
      name: "quorum",
      rule: "S340",
      why: "1 of 2 say down; no vote: b, c (a)",
      change: "1 more of b, c would have to vote down",
    });
  });

  test("ends with the claim, and names whom it would promote", () => {
    const watch = watchCalm();

    expect(voteAndCount(watch).rule).toBe("S370");

    expect(stop(watch)).toBeNull();
    expect(told(watch, "candidate")).toMatchObject({
      isMet: "yes",
      why: expect.stringMatching(/^10\.0\.0\.2:6379: best of 2 eligible nodes: priority 100/),
    });
  });

  test("names the pause and how it ends", () => {
    const paused = pause(
      groupState(),
      { by: "alice", reason: "moving racks", until: "2031-01-31T04:00:00.000Z" },
      { attempt: "x", shift: "operator alice", rule: "pause", why: "asked" },
    ).next;
    const watch = watchCalm({ state: paused });

    expect(stop(watch)).toMatchObject({
      name: "unpaused",
      why: "paused by alice: moving racks",
      change: "`lambda-sentinel resume cache`, or wait until 2031-01-31T04:00:00.000Z",
    });
  });

  test("names the cool-down with what is left of it, and what lifts it", () => {
    const state = groupState({ automaticEpoch: 1, round: openOn(4) });
    const watch = watchCalm({ state, masterKnown: { epoch: 1, forMs: 0 } });
    voteAndCount(watch);

    expect(stop(watch)).toMatchObject({
      name: "cool-down",
      rule: "S350",
      why: expect.stringMatching(/^another 5\d{4} ms after the automatic failover of epoch 1$/),
      change: expect.stringContaining("`lambda-sentinel ack cache`"),
    });
  });

  test("a failover that an operator asks for lifts the cool-down", () => {
    const request = { ...noWishes, id: "r", kind: "failover" as const, by: "alice" };
    const watch = watchCalm({
      state: groupState({ automaticEpoch: 1, request }),
      masterKnown: { epoch: 1, forMs: 0 },
    });
    openAndConfirm(watch);

    expect(told(watch, "cool-down")).toMatchObject({
      isMet: "yes",
      why: expect.stringMatching(/; alice asks for a failover$/),
    });
  });
});
