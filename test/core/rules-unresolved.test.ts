import { describe, expect, test } from "@jest/globals";
import { openRound } from "../../lib/core/state.ts";
import { answers, isNowhere } from "../support/answers.ts";
import { n0, n1, n2, orphanFacts, vote } from "../support/builders.ts";
import { kindsOf, openAndConfirm, watchCalm, withoutMaster } from "../support/watch.ts";

describe("N26 a master whose name can't be looked up", () => {
  const nowhere = [isNowhere(n0), answers(n1, orphanFacts()), answers(n2, orphanFacts())];

  test("is told of once, and opens no round however long it lasts", () => {
    const watch = watchCalm();
    const seen: string[] = [];
    const told: string[] = [];

    for (let second = 0; second < 20; second += 1) {
      const decision = watch.look({ samples: nowhere, afterMs: 1_000 });
      seen.push(...kindsOf(decision));
      told.push(...watch.noticed.map(({ name, node, message }) => `${name} ${node} ${message}`));
    }

    expect(seen).toEqual([]);
    expect(told).toEqual([expect.stringMatching(`^\\+page ${n0} ${n0} is unresolved: .*ETIMEOUT`)]);
  });

  test("is no voice in a round of others, and takes back no vote", () => {
    const joining = watchCalm();
    const writer = { attempt: "b#1", shift: "b/1", rule: "S310", why: "n0 is down" };
    if (joining.table !== null) joining.table = openRound(joining.table, n0, writer).next;
    const voted = watchCalm();
    voted.look({ done: openAndConfirm(voted), samples: withoutMaster });

    const decisions = [joining, voted].map((watch) => watch.look({ samples: nowhere }));

    expect(decisions.flatMap(kindsOf)).toEqual([]);
    expect(voted.look({ samples: nowhere, votes: [vote("a"), vote("b")] }).plan).toEqual([]);
  });
});
