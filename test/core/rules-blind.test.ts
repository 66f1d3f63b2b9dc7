import { describe, expect, test } from "@jest/globals";
import { openRound } from "../../lib/core/state.ts";
import { isSilent, prepares } from "../support/answers.ts";
import { n0, n1, n2 } from "../support/builders.ts";
import { commandsOf, loseMaster, type Watch, watchCalm } from "../support/watch.ts";

/** Observer b opens the next round on n0. */
function openByB(watch: Watch): void {
  const writer = { attempt: "b#1", shift: "b/1", rule: "S310", why: "n0 is down" };
  if (watch.table !== null) watch.table = openRound(watch.table, n0, writer).next;
}

describe("P3 an observer that loses every path in the middle of its rounds", () => {
  test("probes whoever could not be prepared, and so finds out that it is blind", () => {
    const watch = watchCalm();
    const opens = loseMaster(watch);
    const unprepared = [prepares(n1, null), prepares(n2, null)];

    const again = watch.look({ done: opens, prepared: unprepared });
    expect(again).toMatchObject({ rule: "S320", look: { probe: [n0, n1, n2] } });

    const samples = [isSilent(n0), isSilent(n1), isSilent(n2)];
    const vote = commandsOf(watch.look({ samples }))[0];
    expect(vote).toMatchObject({ kind: "cast-vote", vote: { verdict: "blind" } });
  });

  test("probes whoever it has not probed for long, whatever they answered then", () => {
    const watch = watchCalm();
    loseMaster(watch);
    openByB(watch);

    const decision = watch.look({ samples: [isSilent(n0)], afterMs: 9_000 });
    expect(decision).toMatchObject({ rule: "S320", look: { probe: [n0, n1, n2] } });
  });
});
