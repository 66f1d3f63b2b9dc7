import { describe, expect, test } from "@jest/globals";
import { n0, n1 } from "../support/builders.ts";
import {
  afterFailover,
  claimed,
  commandsOf,
  eventNames,
  kindsOf,
  loseMaster,
  openAndConfirm,
  voteAndCount,
  Watch,
  watchCalm,
  written,
} from "../support/watch.ts";

describe("the whole failover, decision by decision", () => {
  test("suspect, vote, claim, promote, commit, settle, watch on", () => {
    const watch = watchCalm();
    const rules: string[] = [];
    const note = <T extends { rule: string }>(decision: T): T => {
      rules.push(decision.rule);
      return decision;
    };

    const counted = note(voteAndCount(watch));
    const promote = note(watch.look({ done: counted, state: "unread" }));
    const commit = note(watch.look({ done: promote, state: "unread" }));
    note(watch.look({ done: commit, samples: afterFailover }));
    const repair = note(watch.look({ samples: afterFailover }));
    const calm = note(watch.look({ done: repair, samples: afterFailover }));

    expect(rules).toEqual(["S370", "P540", "P510", "T640", "T620", "R799"]);
    expect(kindsOf(calm)).toEqual([]);
    expect(watch.table).toMatchObject({
      phase: "steady",
      epoch: 2,
      masterEpoch: 2,
      leader: null,
      master: { node: n1, replid: "id-2", replid2: "id-1", secondOffset: 1_001 },
      previousMaster: { node: n0 },
      lastEpoch: { result: "completed", isAutomatic: true, from: n0, to: n1 },
    });
  });

  test("each step names its rule, writes one thing and says so", () => {
    const watch = watchCalm();

    const opened = loseMaster(watch);
    expect(opened.rule).toBe("S310");
    expect(written(opened).round).toMatchObject({ number: 5, status: "open", suspect: n0 });

    const voting = openAndConfirm(watchCalm());
    expect(voting.rule).toBe("S330");
    expect(kindsOf(voting)).toEqual(["cast-vote", "emit"]);

    const claiming = voteAndCount(watchCalm());
    expect(eventNames(claiming)).toEqual([
      "+odown",
      "+new-epoch",
      "+try-failover",
      "+elected-leader",
      "+selected-slave",
    ]);

    const promoting = claimed(watchCalm());
    expect(commandsOf(promoting)[0]).toMatchObject({ kind: "promote", node: n1, session: 11 });
  });

  test("deciding twice on the same memory gives the same decision (invariant S15)", () => {
    const first = new Watch();
    const second = new Watch();

    expect(claimed(first)).toEqual(claimed(second));
  });
});
