import { describe, expect, test } from "@jest/globals";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, NodeFacts } from "../../lib/core/model.ts";
import { answers, prepares } from "../support/answers.ts";
import {
  groupConfig,
  masterFacts,
  masterRecord,
  n0,
  n1,
  promotedFacts,
  replicaFacts,
  settlingState,
} from "../support/builders.ts";
import { afterFailover, commandsOf, following, Watch, written } from "../support/watch.ts";

/** What the master before this one was called when it was replaced, and no node of the group is called any more. */
const gone = "10.0.9.9:6379";
const hold = groupConfig({ settings: { whenReturned: "hold" } });
const calm: Partial<GroupState> = { phase: "steady", leader: null, kind: null };

interface Old {
  readonly state?: Partial<GroupState>;
  readonly facts?: NodeFacts;
  readonly config?: GroupConfig;
}

/** Epoch 2 is committed, and the server that was the master before answers as n0. */
function returns({ state = {}, facts = masterFacts(), config = groupConfig() }: Old = {}) {
  const settled = settlingState({ ...calm, previousMaster: { ...masterRecord, node: gone } });
  const before = { ...settled, ...state };
  const watch = new Watch({ state: before, config });
  const samples = [answers(n0, facts), ...afterFailover.slice(1)];
  watch.look({ samples });
  return { watch, samples, before, facts, decision: watch.look({ samples, afterMs: 1_000 }) };
}

/** The rules of the looks that follow, each command of which succeeds, and whom n0 was told to follow. */
function goOn({ watch, samples, facts, decision }: ReturnType<typeof returns>) {
  const rules = [decision.rule];
  let done = decision;
  for (let look = 0; look < 8; look += 1) {
    done = watch.look({ done, samples, prepared: [prepares(n0, facts, 9)], afterMs: 1_000 });
    rules.push(done.rule);
    const attach = commandsOf(done).find((one) => one.kind === "attach");
    if (attach !== undefined) return { rules, attached: [attach.node, attach.master] };
  }
  return { rules, attached: null };
}

describe("L3 R722 the old master answers under a name that it did not have", () => {
  test("STATE calls it by that name wherever it named it, once its own is no node's", () => {
    const { before, decision } = returns({ state: { kept: [gone] } });

    expect(decision.rule).toBe("R722");
    expect(decision.why).toBe(`${gone} is no node of the group any more, and answers as ${n0}`);
    expect(written(decision)).toMatchObject({
      previousMaster: { ...masterRecord, node: n0 },
      lastEpoch: { from: n0 },
      kept: [n0],
      ...{ master: before.master, epoch: before.epoch, phase: "steady" },
    });
  });

  test("then what it lost is stored, and it is made a replica", () => {
    const { rules, attached } = goOn(returns({ facts: masterFacts({ offset: 1_500 }) }));

    expect(rules.slice(0, 2)).toEqual(["R722", "R720"]);
    expect(attached).toEqual([n0, n1]);
  });

  test("S9 then it is held, where that is wanted and nobody knows what it holds alone", () => {
    // Promoted once more by hand: the same run, with another history.
    const facts = masterFacts({ replid: "id-8", replid2: "id-2", secondOffset: 1_100 });
    const { rules, attached } = goOn(returns({ facts, config: hold }));

    expect(rules.slice(0, 2)).toEqual(["R722", "R725"]);
    expect(attached).toEqual([n0, "127.0.0.1:1"]);
  });

  test("also while another observer settles", () => {
    const state = { phase: "settling" as const, leader: "b/1", kind: "failover" as const };

    expect(returns({ state }).decision.rule).toBe("R722");
  });

  test.each<[string, Old]>([
    ["its own name is a node's", { state: { previousMaster: masterRecord } }],
    ["nobody was the master before", { state: { previousMaster: null } }],
    ["it is another run", { facts: masterFacts({ runId: "run-new", replid: "id-9" }) }],
    ["it follows", { facts: replicaFacts({ ...following(n1), runId: "run-n0" }) }],
    [
      "it is the master itself under another name",
      {
        state: { previousMaster: { ...masterRecord, node: gone, runId: "run-n1" } },
        facts: promotedFacts(),
      },
    ],
  ])("nothing is renamed where %s", (_what, old) => {
    expect(returns(old).decision.rule).not.toBe("R722");
  });
});
