import { describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { answers, prepares } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  openOn,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import { commandsOf, kindsOf, Watch, written } from "../support/watch.ts";

const found = masterFacts({ marker: null });
const replica = replicaFacts({ marker: null });
const everybody = [answers(n0, found), answers(n1, replica), answers(n2, replica)];
const votes = ["a", "b"].map((one) =>
  vote(one, { verdict: "names", node: n0, epoch: 4, round: 7 }),
);

/** A group that was removed in epoch 4 and applied again; this shift has opened round 7 and voted in it. */
function voted(change: Partial<GroupState> = {}) {
  const round = openOn(6, { purpose: "bootstrap", suspect: null });
  const removed = { epoch: 4, masterEpoch: 4, master: null, published: null, round };
  const watch = new Watch({ state: groupState({ ...removed, ...change }) });
  const opened = watch.look({ samples: everybody });
  const cast = watch.look({ done: opened, samples: everybody });
  const waits = watch.look({ samples: everybody, done: cast });
  return { watch, decision: watch.look({ done: waits, samples: everybody, votes }) };
}

describe("B230 a removed group that is adopted anew", () => {
  test("F1 has what may bring commands of its earlier reign closed before", () => {
    const { watch, decision } = voted();

    const prepared = [prepares(n0, found, 9)];
    const cut = watch.look({ samples: everybody, prepared, votes });
    const adopted = watch.look({ samples: everybody, done: cut, votes });

    expect(decision).toMatchObject({
      rule: "B230",
      plan: [],
      look: { prepare: [n0], votes: true },
    });
    expect(commandsOf(cut)).toEqual([{ kind: "cut", node: n0, session: 9, epoch: 4 }]);
    expect(cut.look).toMatchObject({ state: true, votes: true });
    expect(written(adopted)).toMatchObject({ epoch: 5, masterEpoch: 5, phase: "settling" });
  });

  test("S12 has nothing closed in a pause", () => {
    const pause = { by: "ops", reason: "upgrade", until: null, rev: 9 };

    const { decision } = voted({ pause });

    expect(decision.rule).toBe("B230");
    expect(kindsOf(decision)).not.toContain("cut");
    expect(written(decision)).toMatchObject({ epoch: 5, phase: "settling" });
  });
});
