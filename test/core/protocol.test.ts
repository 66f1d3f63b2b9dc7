import { describe, expect, test } from "@jest/globals";
import { closeRound } from "../../lib/core/state.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  n0,
  n1,
  n1Record,
  n2,
  openOn,
  orphanFacts,
  promotedFacts,
  promotingState,
  replicaFacts,
  settlingState,
  vote,
} from "../support/builders.ts";
import {
  afterFailover,
  bothObserved,
  commandsOf,
  kindsOf,
  loseMaster,
  openAndConfirm,
  voteAndCount,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

/** Findings of the protocol review, each as the shortest trace that broke the first draft. */

const byB = { attempt: "b#1", shift: "b/1", rule: "X000", why: "b acts" };
const agreed = [vote("a"), vote("b")];

describe("F1 a repair must not demote the node that has just become master", () => {
  const promoted = promotedFacts({ marker: 1 });
  const sees = [answers(n0, masterFacts()), answers(n1, promoted), answers(n2, replicaFacts())];

  test("a. STATE that was read before the node answered justifies nothing", () => {
    const watch = watchCalm();
    watch.look({ samples: sees });

    const decision = watch.look({
      samples: sees,
      prepared: [prepares(n1, promoted)],
      stateAskedAgoMs: 5,
    });

    expect(decision).toMatchObject({
      rule: "R730",
      plan: [],
      look: { prepare: [n1], order: "nodes-first", state: true },
    });
  });

  test("a. the STATE read after it names the node, as candidate or as master: hands off", () => {
    for (const state of [promotingState(), settlingState()]) {
      const watch = watchCalm();
      watch.look({ samples: sees });
      watch.table = state;
      const decision = watch.look({ samples: sees, prepared: [prepares(n1, promoted)] });
      const touched = commandsOf(decision).filter((one) => "node" in one && one.node === n1);
      expect(touched).toEqual([]);
    }
  });

  test("b. a leader that has been superseded in settling repoints nobody", () => {
    const watch = new Watch({ state: settlingState({ leader: "a/2" }) });
    watch.look({ samples: afterFailover });
    const candidate = { node: n2, replid: "id-2", offset: 1_000 };
    watch.table = promotingState({
      rev: 20,
      epoch: 3,
      masterEpoch: 2,
      master: n1Record,
      candidate,
    });

    const astray = prepares(n2, orphanFacts());

    expect(watch.look({ samples: afterFailover, prepared: [astray] })).toMatchObject({
      rule: "L430",
      plan: [],
    });
  });

  test("d. a candidate that is master already is promoted all the same before the commit", () => {
    const watch = watchCalm();
    const prepared = [prepares(n1, promoted, 11), prepares(n2, orphanFacts(), 12)];
    const counted = watch.look({
      done: openAndConfirm(watch),
      samples: withoutMaster,
      votes: agreed,
      prepared,
    });

    const decision = watch.look({ done: counted, state: "unread" });

    expect(decision.rule).toBe("P540");
    expect(kindsOf(decision)).toContain("promote");
  });
});

describe("F2 votes of a suspicion long past complete no quorum", () => {
  test("hours later one observer with a blip finds the round open, and opens the next", () => {
    const watch = watchCalm({ state: groupState({ round: openOn(5) }) });
    const opened = loseMaster(watch);
    const cast = watch.look({ done: opened, samples: withoutMaster });
    const stale = [vote("b", { round: 5 }), vote("a", { round: 6 })];

    const counted = watch.look({ done: cast, samples: withoutMaster, votes: stale });

    expect(written(opened).round.number).toBe(6);
    expect(counted.rule).toBe("S340");
  });

  test("a shift does not count its own predecessor's vote as its own", () => {
    const watch = watchCalm();
    openAndConfirm(watch);

    const decision = watch.look({ samples: withoutMaster, votes: agreed, prepared: bothObserved });

    expect(kindsOf(decision)).toEqual(["cast-vote", "emit"]);
  });
});

describe("F3 a vote that is taken back defeats every claim that counted it", () => {
  test("the claim stands on the rev that was read before the votes", () => {
    const watch = watchCalm();
    const decision = voteAndCount(watch);
    const standing = watch.table;
    if (standing === null) throw new Error("expected a STATE");

    const withdrawal = closeRound(standing, "n0 answers b again", byB);

    expect(commandsOf(decision)[0]).toMatchObject({ kind: "write-state", base: withdrawal.base });
  });

  test("a round that was closed meanwhile is not claimed in", () => {
    const watch = watchCalm();
    const done = openAndConfirm(watch);
    watch.look({ done, samples: withoutMaster });
    if (watch.table !== null) watch.table = closeRound(watch.table, "n0 answers b", byB).next;

    const decision = watch.look({ samples: withoutMaster, votes: agreed, prepared: bothObserved });

    expect(decision.rule).toBe("S310");
    expect(written(decision).round.number).toBe(6);
  });
});

describe("F5 lineage through restarts", () => {
  test("a. after an AOF restart of the master its replicas can still be promoted", () => {
    const watch = watchCalm();
    const fresh = { replid: "id-9", offset: 50 };
    const restarted = masterFacts({ ...fresh, runId: "run-new" });
    const adopted = watch.look({ samples: [answers(n0, restarted)] });
    const samples = [
      isSilent(n0),
      answers(n1, orphanFacts(fresh)),
      answers(n2, orphanFacts(fresh)),
    ];
    const cast = watch.look({ done: adopted, samples: [answers(n0, restarted)] });
    const voted = watch.look({ done: openAndConfirm(watch, samples), samples });

    const decision = watch.look({
      samples,
      votes: agreed,
      prepared: [prepares(n1, orphanFacts(fresh)), prepares(n2, orphanFacts(fresh))],
    });

    expect([adopted.rule, cast.rule, voted.rule]).toEqual(["R710", "R799", "S340"]);
    expect(written(decision).candidate).toEqual({ node: n1, replid: "id-9", offset: 50 });
  });

  test("b. after a double failure the replica that never resynced is chosen", () => {
    const watch = new Watch({ state: settlingState() });
    watch.look({ samples: afterFailover });
    const samples = [isSilent(n0), isSilent(n1), answers(n2, orphanFacts())];
    const down = (observer: string) => vote(observer, { epoch: 2, node: n1 });
    const cast = openAndConfirm(watch, samples);

    const decision = watch.look({
      done: cast,
      samples,
      votes: [down("a"), down("b")],
      prepared: [prepares(n2, orphanFacts())],
    });

    expect(decision.rule).toBe("S370");
    expect(written(decision)).toMatchObject({ epoch: 3, candidate: { node: n2, replid: "id-1" } });
  });
});
