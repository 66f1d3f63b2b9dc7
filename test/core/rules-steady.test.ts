import { describe, expect, test } from "@jest/globals";
import type { NodeFacts } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import { answers, prepares } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n1Record,
  n2,
  openOn,
  promotedFacts,
  replicaFacts,
  round,
  settlingState,
} from "../support/builders.ts";
import {
  afterFailover,
  eventNames,
  everybody,
  kindsOf,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

describe("R700 a pause", () => {
  const pause = { by: "ops", reason: "upgrade", until: null, rev: 9 };

  test("F12 forbids rounds, claims, repairs and switchovers in steady", () => {
    const state = groupState({
      pause,
      request: { id: "op#1", kind: "failover", by: "ops", ...noWishes },
    });
    const watch = watchCalm({ state });

    const quiet = watch.look({ samples: everybody, prepared: [prepares(n1, promotedFacts())] });
    const dead = watch.look({ samples: withoutMaster, afterMs: 9_000 });

    for (const decision of [quiet, dead]) {
      expect(decision).toMatchObject({ rule: "R700", plan: [], why: "paused by ops: upgrade" });
    }
  });

  test("is said once", () => {
    const watch = new Watch({ state: groupState({ pause }) });

    expect(eventNames(watch.look({ samples: everybody }))).toEqual(["+pause"]);
    expect(eventNames(watch.look({ samples: everybody }))).toEqual([]);
  });
});

describe("R710 a committed master with a new history", () => {
  const restarted = masterFacts({ runId: "run-new", replid: "id-9", marker: null });
  /** Adopted, and the marker has not been written yet. */
  const unmarked = (marker: number | null = null) => {
    const state = groupState({ epoch: 2, master: { ...masterRecord, isMarked: false } });
    const watch = new Watch({ state });
    const replicas = [n1, n2].map((node) => answers(node, replicaFacts({ marker })));
    watch.look({ samples: [answers(n0, masterFacts({ marker: null })), ...replicas] });
    return watch;
  };

  test.each<[string, NodeFacts, string]>([
    [
      "F5a it continues the old one",
      { ...restarted, replid2: "id-1", secondOffset: 1_001 },
      "continues",
    ],
    ["F5a it holds the marker: an AOF restart", { ...restarted, keys: 0, marker: 1 }, "marker"],
    ["F5 it holds no fewer keys than any replica", restarted, "it holds 10 keys"],
  ])("%s", (_name, facts, reason) => {
    const decision = unmarked().look({ samples: [answers(n0, facts)] });

    expect(decision.rule).toBe("R710");
    expect(decision.why).toContain(reason);
    expect(written(decision)).toMatchObject({
      phase: "steady",
      masterEpoch: 1,
      master: { node: n0, runId: "run-new", replid: "id-9" },
    });
    // Data that lost the marker and continues nothing is another data set: adopted, and people are told.
    const isGone = reason.startsWith("it holds");
    expect(eventNames(decision)).toEqual(isGone ? ["+reboot", "+page"] : ["+reboot"]);
  });

  test("F5 the marker of a promotion is none of the keys that count, and nothing that it has lost", () => {
    const decision = unmarked(2).look({ samples: [answers(n0, { ...restarted, keys: 9 })] });

    expect(decision.rule).toBe("R710");
    expect(decision.why).toContain("it holds 9 keys");
  });

  test("N3 one that lost its data is suspected, never adopted", () => {
    const watch = watchCalm();

    const decision = watch.look({ samples: [answers(n0, { ...restarted, keys: 3 })] });

    expect(decision.rule).toBe("S310");
    expect(decision.why).toContain("down(amnesic)");
  });

  test("F5 an observer that has not asked since writes no dead ids back", () => {
    const watch = watchCalm();
    const adopted = { ...masterRecord, runId: "run-new", replid: "id-9" };
    watch.table = groupState({ rev: 11, master: adopted });

    const told = watch.look({ afterMs: 1_000 });
    const marked = { ...restarted, marker: 1 };
    const asked = watch.look({ afterMs: 1_000, samples: [answers(n0, marked)] });

    expect(told).toMatchObject({ rule: "R799", look: { info: true } });
    expect(asked).toMatchObject({ rule: "R799", look: { info: false } });
  });

  test("N6 not while it loads", () => {
    const loading = { ...restarted, isLoading: true, keys: 10 };

    expect(watchCalm().look({ samples: [answers(n0, loading)] }).rule).toBe("R799");
  });
});

describe("R720 the exact loss", () => {
  /** Epoch 2 is settled; n0 comes back with this. */
  function returning(facts: NodeFacts, master = n1Record) {
    const watch = new Watch({
      state: settlingState({ phase: "steady", leader: null, kind: null, master }),
    });
    const { runId, replid, replid2, secondOffset } = master;
    const successor = promotedFacts({ runId, replid, replid2, secondOffset });
    const samples = [answers(n0, facts), answers(n1, successor), ...afterFailover.slice(2)];
    watch.look({ samples });
    return {
      watch,
      samples,
      decision: watch.look({ samples, prepared: [prepares(n0, facts, 9)] }),
    };
  }

  test("S9 is stored when the old master itself comes back, before it is attached", () => {
    const { watch, samples, decision } = returning(masterFacts({ offset: 1_300 }));
    const next = watch.look({ done: decision, samples });

    expect(decision.rule).toBe("R720");
    expect(written(decision).lastEpoch?.loss).toEqual({
      bytes: 300,
      certainty: "exact",
      oldOffset: 1_300,
      newOffset: 1_000,
    });
    expect(eventNames(decision)).toEqual(["+loss-report"]);
    expect(next.rule).toBe("R730");
    expect(kindsOf(next)).toContain("attach");
  });

  test.each([
    ["another process, whose offset says nothing", { runId: "run-new", replid: "id-9" }],
    ["another history", { replid: "id-9" }],
  ])("is not taken from %s", (_name, change) => {
    expect(returning(masterFacts(change)).decision.rule).toBe("R730");
  });

  test("is not told by where a successor that was started again went on in its own history", () => {
    const ids = { replid: "id-3", replid2: "id-2", secondOffset: 9_001 };
    const again = { ...n1Record, runId: "run-n1b", ...ids };
    const { decision } = returning(masterFacts({ offset: 1_300 }), again);

    expect(decision.rule).toBe("R730");
  });
});

describe("R740 rounds that stand", () => {
  test("F2 a round of unknown age is closed once its suspect answers", () => {
    const decision = watchCalm({ state: groupState({ round: openOn(5) }) }).look({
      samples: everybody,
    });

    expect(decision.rule).toBe("R740");
    expect(written(decision).round).toMatchObject({ number: 5, status: "closed" });
    expect(eventNames(decision)).toEqual(["-round"]);
  });

  test("this shift's own round is closed by it, others' new ones are voted in", () => {
    const own = watchCalm();
    own.table = groupState({ round: openOn(5, { openedBy: "a/2" }) });
    const other = watchCalm();
    other.table = groupState({ round: openOn(5) });
    for (const watch of [own, other]) {
      watch.look({ samples: everybody });
      const up = watch.look({ samples: everybody });
      expect(kindsOf(up)).toContain("cast-vote");
      watch.look({ done: up, samples: everybody });
    }

    expect(own.look({ samples: everybody }).rule).toBe("R740");
    expect(other.look({ samples: everybody }).rule).toBe("R799");
  });

  test("a round about a node that is no master any more is closed", () => {
    const watch = watchCalm();
    watch.table = groupState({ round: round({ status: "open", number: 6, suspect: n1 }) });

    expect(watch.look({ samples: everybody }).rule).toBe("R740");
  });
});

describe("R799 calm", () => {
  test("everything is as STATE says: nothing is done, and the next look is an interval away", () => {
    const decision = watchCalm().look({ samples: everybody });

    expect(decision).toMatchObject({
      rule: "R799",
      why: `${n0} is master, 2 other nodes answer`,
      plan: [],
      look: { probe: [n0, n1, n2], info: false, state: false, prepare: [], votes: false },
    });
    expect(decision.look.afterMs).toBeGreaterThan(900);
  });

  test("costs a read of STATE every stateReadMs and INFO with every tenth probe", () => {
    const watch = watchCalm();
    const asked = { state: 0, info: 0 };
    let { look } = watch.look({ samples: everybody });

    for (let turn = 0; turn < 20; turn += 1) {
      asked.state += look.state ? 1 : 0;
      asked.info += look.info ? 1 : 0;
      const samples = look.info ? everybody : [answers(n0), answers(n1), answers(n2)];
      const state = look.state ? {} : { state: "unread" as const };
      look = watch.look({ ...state, samples, afterMs: look.afterMs }).look;
    }

    expect(asked).toEqual({ state: 10, info: 2 });
  });

  test("a suspicion ends the calm: INFO, STATE and the sessions that may be needed", () => {
    expect(watchCalm().look({ samples: withoutMaster }).look).toMatchObject({
      info: true,
      state: true,
      prepare: [n1, n2],
    });
  });
});
