import { describe, expect, test } from "@jest/globals";
import { openRound } from "../../lib/core/state.ts";
import { answers, isSilent, refuses } from "../support/answers.ts";
import {
  groupState,
  n0,
  n1,
  n2,
  openOn,
  orphanFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import {
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  kindsOf,
  loseMaster,
  openAndConfirm,
  voteAndCount,
  type Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

/** Observer b opens the next round on n0. */
function openByB(watch: Watch): void {
  const writer = { attempt: "b#1", shift: "b/1", rule: "S310", why: "n0 is down" };
  if (watch.table !== null) watch.table = openRound(watch.table, n0, writer).next;
}

const nobody = [isSilent(n0), isSilent(n1), isSilent(n2)];
const reached = [isSilent(n0), answers(n1, replicaFacts()), answers(n2, replicaFacts())];

describe("S310 opening a round", () => {
  test("on full evidence, and the others are woken for it", () => {
    const decision = loseMaster(watchCalm());

    expect(decision.rule).toBe("S310");
    expect(written(decision).round).toMatchObject({ number: 5, suspect: n0, openedBy: "a/2" });
    expect(commandsOf(decision)).toContainEqual({ kind: "wake", round: 5 });
    expect(decision.look).toMatchObject({ afterMs: 0, probe: [n0], info: true, prepare: [n1, n2] });
  });

  test("F2 a round of unknown age is superseded, never joined", () => {
    const decision = loseMaster(watchCalm({ state: groupState({ round: openOn(5) }) }));

    expect(decision.rule).toBe("S310");
    expect(written(decision).round.number).toBe(6);
  });

  test("F2 not where a round is open that this shift saw opened: it is joined", () => {
    const watch = watchCalm();
    openByB(watch);

    loseMaster(watch);
    const decision = watch.look({ samples: withoutMaster });

    expect(decision.rule).toBe("S330");
    expect(commandsOf(decision)[0]).toMatchObject({ kind: "cast-vote", vote: { round: 5 } });
  });

  test("F2 not where this shift was woken for the open round", () => {
    const watch = watchCalm({ state: groupState({ round: openOn(5) }), wokenFor: 5 });

    expect(loseMaster(watch).rule).toBe("S330");
  });

  test("a freeze makes the rounds that were known ones of unknown age", () => {
    const watch = watchCalm();
    openByB(watch);
    watch.look({ samples: everybody });

    watch.look({ samples: everybody, wasFrozen: true });

    expect(loseMaster(watch).rule).toBe("S310");
  });

  test("P3 never by an observer that reaches no node", () => {
    const decision = loseMaster(watchCalm(), nobody);

    expect(kindsOf(decision)).not.toContain("write-state");
  });
});

describe("S320 and S330 voting", () => {
  test("S320 a probe sent before the round was read is no ground for a vote", () => {
    const watch = watchCalm();
    for (let second = 0; second < 5; second += 1) {
      watch.look({ samples: withoutMaster, afterMs: 1_000 });
    }
    openByB(watch);

    const first = watch.look({ samples: withoutMaster, afterMs: 1_000 });
    const second = watch.look({ samples: withoutMaster });

    expect(first).toMatchObject({ rule: "S320", plan: [], look: { probe: [n0], info: true } });
    expect(second.rule).toBe("S330");
  });

  test("S320 a round that a restored table opens under the same number is another one", () => {
    const watch = watchCalm();
    for (let second = 0; second < 5; second += 1) {
      watch.look({ samples: withoutMaster, afterMs: 1_000 });
    }
    const backup = watch.table;
    openByB(watch);
    expect(watch.look({ samples: withoutMaster, afterMs: 1_000 }).rule).toBe("S320");

    const writer = { attempt: "c#1", shift: "c/1", rule: "S310", why: "n0 is down" };
    watch.table = backup === null ? null : openRound(backup, n0, writer).next;
    const decision = watch.look({ samples: withoutMaster });

    expect(decision).toMatchObject({ rule: "S320", look: { probe: [n0] } });
    expect(watch.look({ samples: withoutMaster }).rule).toBe("S330");
  });

  test("S320 a vote that the table did not take is cast again on a probe of now (P3)", () => {
    const watch = watchCalm();
    expect(openAndConfirm(watch).rule).toBe("S330");

    const soon = watch.look({ votes: [], afterMs: 2_000 });
    const later = watch.look({ votes: [], afterMs: 7_000 });

    expect(soon.rule).toBe("S330");
    expect(later).toMatchObject({ rule: "S320", look: { probe: expect.arrayContaining([n0]) } });
  });

  test("S330 down names round, epoch, configuration, suspect and the last offset seen", () => {
    const decision = openAndConfirm(watchCalm());

    expect(decision.rule).toBe("S330");
    expect(commandsOf(decision)[0]).toMatchObject({
      kind: "cast-vote",
      vote: { ...vote("a"), evidence: expect.stringContaining("no valid reply for") },
    });
    expect(decision.look).toMatchObject({
      state: true,
      votes: true,
      prepare: [n1, n2],
      bystander: n0,
    });
  });

  test.each([
    ["up", everybody, "up"],
    ["blind", nobody, "blind"],
    ["unreachable", reached, "unreachable"],
  ] as const)("S330 %s by what this observer sees itself", (_name, samples, verdict) => {
    const watch = watchCalm();
    for (let second = 0; second < 6; second += 1) watch.look({ samples, afterMs: 1_000 });
    openByB(watch);
    watch.look({ samples });

    const decision = watch.look({ samples });

    expect(decision.rule).toBe("S330");
    expect(commandsOf(decision)[0]).toMatchObject({ kind: "cast-vote", vote: { verdict } });
    expect(decision.look.votes).toBe(false);
  });

  test("S330 not while evidence is building", () => {
    const watch = watchCalm();
    openByB(watch);
    watch.look({ samples: withoutMaster });

    expect(kindsOf(watch.look({ samples: withoutMaster }))).not.toContain("cast-vote");
  });

  test("F3 one vote in a round: a change of mind opens the next", () => {
    const watch = watchCalm();
    openByB(watch);
    watch.look({ samples: everybody });
    const up = watch.look({ samples: everybody });
    watch.look({ done: up, samples: everybody });

    const decision = loseMaster(watch);

    expect(up.rule).toBe("S330");
    expect(decision.rule).toBe("S310");
    expect(written(decision).round.number).toBe(6);
  });

  test("F3 a vote that stood already is the one that counts", () => {
    const watch = watchCalm();
    openAndConfirm(watch);
    const standing = vote("a", { verdict: "blind" });

    watch.look({ outcomes: [{ kind: "vote-lost", standing }], samples: withoutMaster });

    expect(watch.memory.voted).toEqual({ round: 5, verdict: "blind" });
  });

  test("S330 not for a round that asks who is master, nor for another suspect", () => {
    const watch = watchCalm();
    for (const round of [openOn(5, { purpose: "bootstrap" }), openOn(6, { suspect: n1 })]) {
      watch.table = groupState({ rev: 20 + round.number, round });
      expect(kindsOf(watch.look({ samples: everybody }))).not.toContain("cast-vote");
    }
  });
});

describe("S300 withdrawing", () => {
  test("F3 goes through STATE as soon as the master answers", () => {
    const watch = watchCalm();
    watch.look({ done: openAndConfirm(watch), samples: withoutMaster });

    const decision = watch.look({ samples: everybody });

    expect(decision.rule).toBe("S300");
    expect(written(decision)).toMatchObject({
      rev: 12,
      round: { number: 5, status: "closed", reason: `${n0} answers a again` },
    });
    expect(eventNames(decision)).toEqual(["-round"]);
  });

  test("F3 stands above the claim: a reached quorum does not help", () => {
    const watch = watchCalm();
    watch.look({ done: openAndConfirm(watch), samples: withoutMaster });

    const decision = watch.look({ samples: everybody, votes: [vote("a"), vote("b")] });

    expect(decision.rule).toBe("S300");
  });

  test("F3 is followed by a rest of downAfterMs, or a flapping minority keeps reopening", () => {
    const watch = watchCalm();
    watch.look({ done: openAndConfirm(watch), samples: withoutMaster });
    const withdrawn = watch.look({ samples: everybody });
    watch.look({ done: withdrawn, samples: everybody });
    const crashed = [refuses(n0), answers(n1, orphanFacts()), answers(n2, orphanFacts())];

    const rules: string[] = [];
    for (let second = 0; second < 6; second += 1) {
      rules.push(watch.look({ samples: crashed, afterMs: 1_000 }).rule);
    }

    expect(rules.slice(0, 4)).not.toContain("S310");
    expect(rules.at(-1)).toBe("S310");
  });

  test("nothing is withdrawn by silence", () => {
    const watch = watchCalm();
    watch.look({ done: openAndConfirm(watch), samples: withoutMaster });

    expect(watch.look({ samples: withoutMaster }).rule).toBe("S340");
  });
});

describe("S335 what is no death", () => {
  test("Unreachable is held and said once while replicas hear from the master", () => {
    const watch = watchCalm();
    const first = loseMaster(watch, reached);

    expect(first.rule).toBe("S335");
    expect(eventsOf(first)).toMatchObject([
      { name: "+hold", node: n0, message: expect.stringContaining("Unreachable") },
    ]);
    expect(watch.look({ samples: reached })).toMatchObject({ rule: "S335", plan: [] });
  });

  test("P3 Blind is held while no node answers at all", () => {
    const decision = loseMaster(watchCalm(), nobody);

    expect(decision.rule).toBe("S335");
    expect(decision.why).toContain("Blind");
  });
});

test("F7 a master that dies while it settles is suspected as in steady", () => {
  const watch = watchCalm({ state: groupState({ phase: "settling", leader: "b/1" }) });

  expect(loseMaster(watch).rule).toBe("S310");
  expect(voteAndCount(watchCalm({ state: groupState({ phase: "settling" }) })).rule).toBe("S370");
});
