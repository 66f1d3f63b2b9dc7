import { describe, expect, test } from "@jest/globals";
import { noWishes } from "../../lib/core/state.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  n0,
  n1,
  n2,
  orphanFacts,
  promotedFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import {
  bothObserved,
  commandsOf,
  eventsOf,
  kindsOf,
  openAndConfirm,
  voteAndCount,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

const agreed = [vote("a"), vote("b")];
/** Has voted down in round 5 and counted these votes. */
function counting(watch: Watch, votes = agreed, prepared = bothObserved) {
  return watch.look({ done: openAndConfirm(watch), samples: withoutMaster, votes, prepared });
}

describe("S340 counting", () => {
  test("reads STATE and then the votes, and nothing counts before that", () => {
    const watch = watchCalm();

    const decision = watch.look({ done: openAndConfirm(watch), samples: withoutMaster });

    expect(decision).toMatchObject({
      rule: "S340",
      why: "counting the votes",
      plan: [],
      look: { state: true, votes: true },
    });
  });

  test("waits for a quorum and names who said what", () => {
    const votes = [vote("a"), vote("b", { verdict: "up" })];

    expect(counting(watchCalm(), votes)).toMatchObject({
      rule: "S340",
      why: expect.stringContaining("1 of 2 say down; up: b; no vote: c"),
      plan: [],
    });
  });

  test("a round that finds no quorum leaves its reason, once", () => {
    const votes = [vote("a"), vote("b", { verdict: "up" })];
    const watch = watchCalm();
    counting(watch, votes);

    const waited = watch.look({ afterMs: 5_000, samples: withoutMaster, votes });
    const again = watch.look({ afterMs: 1_000, samples: withoutMaster, votes });

    const event = { name: "-failover-abort-not-elected", isStored: true };
    expect(waited).toMatchObject({ rule: "S340", plan: [[{ kind: "emit", event }]] });
    expect(again).toMatchObject({ rule: "S340", plan: [] });
  });

  test("F3 votes that were read before rev are read again", () => {
    const watch = watchCalm();
    const done = openAndConfirm(watch);

    const decision = watch.look({
      done,
      samples: withoutMaster,
      votes: agreed,
      stateAskedAgoMs: 0,
    });

    expect(decision).toMatchObject({ rule: "S340", why: "counting the votes" });
  });

  test("S4 a claim starts within fenceMs of reading the votes", () => {
    const watch = watchCalm();
    counting(watch);

    expect(watch.look({ state: "unread", afterMs: 2_100 })).toMatchObject({
      rule: "S340",
      why: "counting the votes",
    });
  });

  test("F2 votes of a round long past complete no quorum", () => {
    expect(counting(watchCalm(), [vote("a"), vote("b", { round: 4 })]).rule).toBe("S340");
  });

  test("the claimer is one of the down voters: who has not voted counts nothing", () => {
    const watch = watchCalm();
    openAndConfirm(watch);

    const decision = watch.look({ votes: [vote("b"), vote("c")], prepared: bothObserved });

    expect(kindsOf(decision)).not.toContain("write-state");
  });
});

describe("S370 claiming", () => {
  test("S1, S3 one write: epoch, leader and the candidate as it was chosen", () => {
    const decision = voteAndCount(watchCalm());

    expect(decision.rule).toBe("S370");
    expect(decision.plan[0]).toMatchObject([{ kind: "write-state", base: 11 }]);
    expect(written(decision)).toMatchObject({
      epoch: 2,
      masterEpoch: 1,
      phase: "promoting",
      kind: "failover",
      isAutomatic: true,
      leader: "a/2",
      candidate: { node: n1, replid: "id-1", offset: 1_000 },
      previousOffset: 1_000,
    });
  });

  test("the events carry the votes, and why each node was chosen or not", () => {
    const watch = watchCalm();
    const prepared = [prepares(n1, orphanFacts({ priority: 0 })), prepares(n2, orphanFacts())];

    const [odown, epoch, , , selected] = eventsOf(counting(watch, agreed, prepared));

    expect(odown).toMatchObject({ name: "+odown", evidence: { votes: "a,b", needed: 2 } });
    expect(epoch).toMatchObject({ name: "+new-epoch", evidence: { epoch: 2 } });
    expect(selected).toMatchObject({
      name: "+selected-slave",
      node: n2,
      evidence: { [n1]: "its replica-priority is 0" },
    });
  });

  test("F16 the highest offset that any voter saw bounds the lag", () => {
    const config = groupConfig({ settings: { maxLagBytes: 100 } });
    const votes = [vote("a"), vote("b", { lastOffset: 9_000 })];

    expect(counting(watchCalm({ config }), votes).why).toContain("8000 bytes behind");
  });

  test("an operator's request makes it no automatic failover", () => {
    const request = { id: "op#1", kind: "failover" as const, by: "ops", ...noWishes };

    expect(written(voteAndCount(watchCalm({ state: groupState({ request }) })))).toMatchObject({
      isAutomatic: false,
    });
  });

  test("F8 a node of ours that is master already is adopted by the same claim", () => {
    const prepared = [prepares(n1, promotedFacts({ marker: 1 })), prepares(n2, orphanFacts())];

    const decision = counting(watchCalm(), agreed, prepared);

    expect(written(decision).candidate).toEqual({ node: n1, replid: "id-2", offset: 1_000 });
  });

  test("F7 a claim in settling starts the next epoch and inherits its work", () => {
    const state = groupState({ phase: "settling", leader: "b/1", kind: "failover" });

    const decision = voteAndCount(watchCalm({ state }));

    expect(decision.rule).toBe("S370");
    expect(written(decision)).toMatchObject({ phase: "promoting", epoch: 2, leader: "a/2" });
  });

  test("F12 not while the group is paused, in settling either", () => {
    const pause = { by: "ops", reason: "upgrade", until: null, rev: 9 };
    const steady = voteAndCount(watchCalm({ state: groupState({ pause }) }));
    const settling = watchCalm({ state: groupState({ pause, phase: "settling", leader: "b/1" }) });

    expect(steady.rule).toBe("R700");
    expect(voteAndCount(settling).rule).toBe("L430");
  });
});

describe("F8 claiming against a master that says replica", () => {
  const demoted = replicaFacts({ masterHost: "10.0.0.2", isLinkUp: false, linkDownSeconds: 1 });
  const down = [answers(n0, demoted), isSilent(n1), isSilent(n2)];

  /** Alone with a master that says replica: has voted not-master in round 5. */
  function votedAlone(facts = demoted): Watch {
    const watch = watchCalm();
    const samples = [answers(n0, facts), isSilent(n1), isSilent(n2)];
    for (let second = 0; second < 7; second += 1) watch.look({ samples, afterMs: 1_000 });
    const opened = watch.look({ samples });
    const cast = watch.look({ done: opened, samples });
    watch.look({ done: cast, samples, votes: [vote("a")], prepared: [prepares(n0, facts)] });
    return watch;
  }

  test("it may be chosen itself, and is asked for that", () => {
    const watch = votedAlone();
    const prepared = [prepares(n0, demoted)];

    const decision = watch.look({ samples: down, votes: agreed, prepared });

    expect(decision.rule).toBe("S370");
    expect(written(decision).candidate?.node).toBe(n0);
  });

  test("L3 however long it has followed nobody: no master's death is younger than every lost link", () => {
    const lost = replicaFacts({ masterHost: "10.0.0.2", isLinkUp: false, linkDownSeconds: 500 });
    const samples = [answers(n0, lost), isSilent(n1), isSilent(n2)];

    const decision = votedAlone(lost).look({
      samples,
      votes: agreed,
      prepared: [prepares(n0, lost)],
    });

    expect(decision.rule).toBe("S370");
  });

  test("it is asked again when the others' votes come later than its answer keeps", () => {
    const watch = votedAlone();

    const late = watch.look({ samples: down, votes: agreed, afterMs: 3_000 });
    const decision = watch.look({
      samples: down,
      votes: agreed,
      prepared: [prepares(n0, demoted)],
    });

    expect(late).toMatchObject({ rule: "S360", look: { prepare: [n0] } });
    expect(decision.rule).toBe("S370");
  });
});

test("S370 every effect waits for the claim: nothing but STATE and events is in its plan", () => {
  expect(new Set(kindsOf(voteAndCount(new Watch())))).toEqual(new Set(["write-state", "emit"]));
  expect(commandsOf(voteAndCount(new Watch()))).toHaveLength(6);
});

describe("S360 nobody holds a history that is known", () => {
  const unknown = (marker: number | null, keys: number) =>
    orphanFacts({ replid: `own-${keys}`, replid2: null, secondOffset: -1, marker, keys });
  const among = (one: ReturnType<typeof unknown>, other: ReturnType<typeof unknown>) =>
    counting(watchCalm(), agreed, [prepares(n1, one), prepares(n2, other)]);

  test("what those hold that have the marker is said, and what people can do", () => {
    const decision = among(unknown(1, 7), unknown(1, 9));

    expect(decision).toMatchObject({
      rule: "S360",
      why: `no candidate: ${n1}: it holds another history than the master's, with the group's marker of epoch 1 and 7 keys; ${n2}: it holds another history than the master's, with the group's marker of epoch 1 and 9 keys; how new ${n1} and ${n2} are can't be proved: start ${n0} with its data, or choose one by hand, let the others follow it, and run \`lambda-sentinel adopt cache\``,
    });
    expect(kindsOf(decision)).toEqual(["emit"]);
  });

  test("nobody is told to choose a stranger", () => {
    const { why } = among(unknown(null, 7), unknown(1, 9));

    expect(why).toContain(`${n1}: it holds another history than the master's; `);
    expect(why).toContain(`how new ${n2} is can't be proved`);
    expect(among(unknown(null, 7), unknown(null, 9)).why).not.toContain("proved");
  });
});
