import { describe, expect, test } from "@jest/globals";
import type { Decision } from "../../lib/core/decide.ts";
import { elect } from "../../lib/core/election.ts";
import { isKept, keep, letGo } from "../../lib/core/kept.ts";
import type { GroupState, LossReport, MasterRecord, NodeFacts } from "../../lib/core/model.ts";
import { allLinksDown } from "../../lib/core/testimony.ts";
import { answers, prepares } from "../support/answers.ts";
import {
  contender,
  groupConfig,
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n1Record,
  n2,
  orphanFacts,
  promotedFacts,
  replicaFacts,
  settlingState,
} from "../support/builders.ts";
import {
  afterFailover,
  commandsOf,
  eventNames,
  everybody,
  following,
  kindsOf,
  Watch,
  watchCalm,
  written,
} from "../support/watch.ts";

const config = groupConfig({ settings: { whenReturned: "hold" } });
const writer = { attempt: "x#1", shift: "x/1", rule: "test", why: "a test" };
const lost: LossReport = {
  bytes: 300,
  certainty: "lower-bound",
  oldOffset: 1_300,
  newOffset: 1_000,
};
/** Of n1, started again from a file: without a second id, or with its own first one and how far it had come by then. */
const fromAof = { ...n1Record, runId: "run-n1b", replid: "id-3", replid2: null, secondOffset: -1 };
const fromRdb = { ...fromAof, replid2: "id-2", secondOffset: 9_001 };
const none: LossReport = { ...lost, bytes: 0, certainty: "exact", oldOffset: 1_000 };
/** Another process at the old master's address, with the group's data. */
const restarted = masterFacts({ runId: "run-new", replid: "id-9", marker: 1 });
const nobodyFacts = orphanFacts({ masterHost: "127.0.0.1", masterPort: 1 });

function attaches(decision: Decision) {
  return commandsOf(decision).filter((command) => command.kind === "attach");
}

interface Return {
  readonly loss?: LossReport | null;
  readonly facts?: NodeFacts;
  readonly config?: typeof config;
  readonly state?: Partial<GroupState>;
  /** n1 as it is recorded, and answers. */
  readonly successor?: MasterRecord;
}

/** Epoch 2 is settled; n0 comes back and is observed. */
function returning(change: Return) {
  const master = change.successor ?? n1Record;
  const { runId, replid, replid2, secondOffset } = master;
  const settled = settlingState({
    ...{ phase: "steady", leader: null, kind: null, master },
    ...change.state,
  });
  const loss = change.loss === undefined ? lost : change.loss;
  const lastEpoch = settled.lastEpoch === null ? null : { ...settled.lastEpoch, loss };
  const watch = new Watch({ state: { ...settled, lastEpoch }, config: change.config ?? config });
  const facts = change.facts ?? restarted;
  const samples = [
    answers(n0, facts),
    answers(n1, promotedFacts({ runId, replid, replid2, secondOffset })),
    answers(n2, replicaFacts({ ...following(n1), replid })),
  ];
  watch.look({ samples });
  return {
    watch,
    samples,
    facts,
    decision: watch.look({ samples, prepared: [prepares(n0, facts, 9)] }),
  };
}

describe("R725 a returned old master is held", () => {
  test("S9 in STATE first, and then read-only, with nobody to follow", () => {
    const { watch, samples, facts, decision } = returning({});
    const prepared = [prepares(n0, facts, 10)];
    const observed = watch.look({ done: decision, samples });
    const acts = kindsOf(observed).includes("attach")
      ? observed
      : watch.look({ samples, prepared });

    expect(decision.rule).toBe("R725");
    expect(written(decision)).toMatchObject({ kept: [n0], phase: "steady" });
    expect(eventNames(decision)).toEqual(["+held"]);
    expect(attaches(acts)).toMatchObject([
      { node: n0, master: "127.0.0.1:1", address: { host: "127.0.0.1", port: 1 } },
    ]);
  });

  test("S9 after its exact loss is stored, where it is the process that it was", () => {
    const { watch, samples, decision } = returning({ facts: masterFacts({ offset: 1_500 }) });

    expect(decision.rule).toBe("R720");
    expect(watch.look({ done: decision, samples }).rule).toBe("R725");
  });

  test("by whoever sees it while another observer settles", () => {
    const state = { phase: "settling" as const, leader: "b/1", kind: "failover" as const };

    expect(returning({ state }).decision.rule).toBe("R725");
  });

  test.each<[string, Return]>([
    ["no offset of it was ever seen", { loss: { ...lost, bytes: null, certainty: "unknown" } }],
    ["a lower bound of 0 proves nothing", { loss: { ...lost, bytes: 0 } }],
    ["an epoch that failed since has taken the report", { loss: null }],
    [
      "it has taken writes since its loss was found to be none",
      {
        loss: none,
        facts: masterFacts({ offset: 1_001 }),
      },
    ],
    [
      "it has taken writes since, and its successor was started again from an AOF",
      { loss: none, facts: masterFacts({ offset: 1_450 }), successor: fromAof },
    ],
    [
      "it has taken writes since, and its successor was started again from an RDB",
      { loss: none, facts: masterFacts({ offset: 1_450 }), successor: fromRdb },
    ],
    [
      "it has taken none since, and its successor may have lost some in its restart",
      { loss: none, facts: masterFacts({ offset: 1_000 }), successor: fromAof },
    ],
    [
      "its successor was started again from an RDB before it was ever compared",
      { loss: { ...lost, bytes: 0 }, facts: masterFacts(), successor: fromRdb },
    ],
  ])("S10 where %s", (_what, change) => {
    const { decision } = returning(change);

    expect(decision.rule).toBe("R725");
    expect(written(decision)).toMatchObject({ kept: [n0] });
  });

  test.each<[string, Return]>([
    ["the policy is to attach it", { config: groupConfig() }],
    ["nothing was lost", { loss: none }],
    ["nothing was lost, by what it says itself", { loss: none, facts: masterFacts() }],
    ["it comes back empty", { facts: { ...restarted, keys: 0, marker: null } }],
    ["it comes back with its marker alone", { facts: { ...restarted, keys: 1 } }],
    ["it is held already", { state: { kept: [n0] } }],
    ["it has been released", { state: { previousMaster: null } }],
  ])("not where %s", (_what, change) => {
    expect(returning(change).decision.rule).not.toBe("R725");
  });

  test("N18 not where it is foreign", () => {
    const facts = masterFacts({ runId: "run-x", replid: "id-x", marker: null });

    expect(kindsOf(returning({ facts }).decision)).not.toContain("write-state");
  });
});

describe("a node that is held", () => {
  test("is left alone as a replica of nobody, and does not keep a settling from its end", () => {
    const samples = [answers(n0, nobodyFacts), ...afterFailover.slice(1)];
    const state = settlingState({ phase: "steady", leader: null, kind: null, kept: [n0] });
    const watch = new Watch({ state, config });
    watch.look({ samples });
    expect(watch.look({ samples, prepared: [prepares(n0, nobodyFacts)] }).rule).not.toBe("R730");

    const led = settlingState({ kept: [n0], leader: "a/2", published: { epoch: 2, node: n1 } });
    const settling = new Watch({ state: led, config: groupConfig() });
    settling.look({ samples });
    expect(settling.look({ samples, afterMs: 200 }).rule).toBe("T620");
  });

  test("is attached when an operator has released it, which each observer tells", () => {
    const samples = [answers(n0, nobodyFacts), ...afterFailover.slice(1)];
    const state = settlingState({ phase: "steady", leader: null, kind: null, kept: [n0] });
    const watch = new Watch({ state, config });
    watch.look({ samples });
    watch.table = letGo(state, n0, writer).next;
    watch.look({ samples, afterMs: 2_500 });
    expect(watch.noticed.map(({ name }) => name)).toContain("-held");

    const acts = watch.look({ samples, prepared: [prepares(n0, nobodyFacts)] });
    expect(attaches(acts)).toMatchObject([{ node: n0, master: n1 }]);
  });

  test("S7 is never chosen, not even by name, and does not hold up a choice by its silence", () => {
    const input = {
      ...{ config, master: masterRecord, isMasterEligible: false, masterOffset: 1_000 },
      ...{
        masterGoneMs: 0,
        failedBefore: null,
        isHandOver: false,
        avoided: [],
        consentedLossBytes: null,
        lesser: null,
      },
    };
    const kept = contender(n1, { isKept: true });

    const named = elect({ ...input, contenders: [kept, contender(n2)], only: n1 });
    expect(named.field[0]?.why).toBe("it keeps what it has until an operator releases it");
    expect(named.choice.kind).toBe("none");
    const silent = { ...kept, facts: null, lastKnownOffset: 9_000 };
    const chosen = elect({ ...input, contenders: [silent, contender(n2)], only: null });
    expect(chosen.choice).toMatchObject({ kind: "chosen", node: n2 });
  });

  test("has no link to lose, so that a crash is one beside it", () => {
    const watch = watchCalm({ state: groupState({ kept: [n1] }) });
    watch.look({
      samples: [...everybody.slice(0, 1), answers(n1, nobodyFacts), answers(n2, orphanFacts())],
    });
    const [held, other] = [watch.memory.nodes[n1], watch.memory.nodes[n2]];
    if (held === undefined || other === undefined) throw new Error("expected two nodes");
    const down = { replica: n2, says: "dead" as const, isLinkDown: true, why: "its link is down" };

    expect(allLinksDown([down], [held, other])).toBe(true);
    // One that follows somebody else, of whom nobody knows, has a link that nobody asked about.
    const stray = { ...held, facts: orphanFacts({ masterHost: "10.9.9.9" }) };
    expect(allLinksDown([down], [stray, other])).toBe(false);
  });

  test("is one of STATE's, until it is let go", () => {
    const next = keep(groupState({ kept: [n1], previousMaster: masterRecord }), n0, writer).next;

    expect(next.kept).toEqual([n1, n0]);
    expect(isKept(letGo(next, n1, writer).next, n1)).toBe(false);
    // Whoever was released is waited for no more, or it would be held again where it still says master.
    expect(letGo(next, n1, writer).next.previousMaster).toEqual(masterRecord);
    expect(letGo(next, n0, writer).next).toMatchObject({ kept: [n1], previousMaster: null });
  });
});
