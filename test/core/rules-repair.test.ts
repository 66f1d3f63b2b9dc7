import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import type { GroupState, NodeFacts } from "../../lib/core/model.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  orphanFacts,
  promotedFacts,
  replicaFacts,
} from "../support/builders.ts";
import {
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  kindsOf,
  watchCalm,
} from "../support/watch.ts";

const sees = (
  node: string,
  facts: NodeFacts,
  prepared = facts,
  start: Partial<GroupState> = {},
) => {
  const watch = watchCalm({ state: groupState(start) });
  const samples = [...everybody.filter((one) => one(0).node !== node), answers(node, facts)];
  const observes = watch.look({ samples });
  return {
    watch,
    samples,
    observes,
    acts: watch.look({ samples, prepared: [prepares(node, prepared)] }),
  };
};

describe("R730 repair on sight", () => {
  test("F1 rule 2: a node is observed, then STATE is read, then it is acted on", () => {
    const { observes, acts } = sees(n1, masterFacts({ runId: "run-n1" }));

    expect(observes).toMatchObject({
      rule: "R730",
      plan: [],
      look: { prepare: [n1], order: "nodes-first", state: true },
    });
    expect(acts.plan.at(-1)).toEqual([
      {
        kind: "attach",
        node: n1,
        session: 7,
        epoch: 1,
        master: n0,
        address: { host: "10.0.0.1", port: 6379 },
      },
    ]);
  });

  test("S9 what a second master holds is told before it is attached", () => {
    const { acts } = sees(n1, masterFacts({ runId: "run-n1", replid: "id-2", replid2: "id-1" }));

    expect(acts.plan[0]).toMatchObject([
      {
        kind: "emit",
        event: {
          name: "+convert-to-slave",
          evidence: { role: "master", replid: "id-2", offset: 1_000, keys: 10, runId: "run-n1" },
        },
      },
    ]);
  });

  test("a replica of the wrong master is pointed to the right one", () => {
    const { acts } = sees(n2, replicaFacts({ masterHost: "10.0.0.2" }));

    expect(acts.rule).toBe("R730");
    expect(eventNames(acts)).toEqual(["+fix-slave-config"]);
    expect(kindsOf(acts)).toContain("attach");
  });

  test("S9 what was seen of a master in its own reign is no ground once it is none any more", () => {
    const watch = watchCalm();
    watch.look({ samples: everybody, prepared: [prepares(n0, masterFacts())] });
    const { replid, replid2, secondOffset } = promotedFacts();
    const master = { node: n1, runId: "run-n1", replid, replid2, secondOffset, isMarked: true };
    const previousMaster = masterRecord;
    watch.table = groupState({ rev: 9, epoch: 2, masterEpoch: 2, master, previousMaster });
    const samples = [
      answers(n0, replicaFacts({ runId: "run-n0", masterHost: "10.0.0.3" })),
      answers(n1, promotedFacts()),
      answers(n2, replicaFacts({ replid: "id-2", replid2: "id-1", masterHost: "10.0.0.2" })),
    ];
    watch.look({ samples, afterMs: 1_000 });

    const decision = watch.look({ samples, afterMs: 100 });

    expect(decision).toMatchObject({ rule: "R730", plan: [], look: { prepare: [n0] } });
  });

  test("N18, S18 a foreign node is left alone and said once, however calm the rest is", () => {
    const foreign = masterFacts({ runId: "x", replid: "id-9", keys: 99, marker: null });
    const { watch, samples, acts } = sees(n2, foreign);
    const later: string[] = [];

    for (let turn = 0; turn < 6; turn += 1) {
      const decision = watch.look({ samples, prepared: [prepares(n2, foreign)] });
      later.push(...eventNames(decision));
      expect(kindsOf(decision)).not.toContain("attach");
    }

    expect(eventsOf(acts)).toMatchObject([
      { name: "+page", message: expect.stringContaining("foreign") },
    ]);
    expect(later).toEqual([]);
  });

  test("N18 what was foreign is observed again once it shows itself as another server", () => {
    const foreign = masterFacts({ runId: "x", replid: "id-9", keys: 99, marker: null });
    const own = masterFacts({ runId: "run-n2", replid: "id-1" });
    const { watch } = sees(n2, foreign);
    const samples = [everybody[0], everybody[1], answers(n2, own)].flatMap((one) => one ?? []);

    expect(watch.look({ samples, afterMs: 1_000 })).toMatchObject({
      rule: "R730",
      look: { prepare: [n2], order: "nodes-first", state: true },
    });
    expect(kindsOf(watch.look({ samples, prepared: [prepares(n2, own)] }))).toContain("attach");
  });

  test("N6, N18 what was still loading when it was observed is observed again: it showed no keys yet", () => {
    const foreign = masterFacts({ runId: "x", replid: "id-9", keys: 99, marker: null });
    const loading = { ...foreign, keys: 0, isLoading: true };
    const { acts } = sees(n2, foreign, loading);

    expect(acts).toMatchObject({ rule: "R730", plan: [], look: { prepare: [n2] } });
  });

  test("a foreign node takes no turn of parallelSyncs from a replica of the wrong master", () => {
    const foreign = masterFacts({ runId: "x", replid: "id-9", keys: 99, marker: null });
    const stray = answers(n2, replicaFacts({ masterHost: "10.0.0.2" }));
    const { watch } = sees(n1, foreign);
    const samples = [everybody[0], answers(n1, foreign), stray].flatMap((one) => one ?? []);

    expect(watch.look({ samples, prepared: [prepares(n1, foreign)] })).toMatchObject({
      rule: "R730",
      look: { prepare: [n2] },
    });
  });

  test("a replica whose link does not come up gives its turn of parallelSyncs back, and is called by name", () => {
    const unlinked = answers(n1, replicaFacts({ isLinkUp: false }));
    const stray = answers(n2, replicaFacts({ masterHost: "10.0.0.2" }));
    const samples = [everybody[0], unlinked, stray].flatMap((one) => one ?? []);
    const watch = watchCalm();
    watch.look({ samples });

    expect(watch.look({ samples, afterMs: 59_000 }).rule).toBe("R799");
    const told = watch.look({ samples, afterMs: 1_000 });
    expect(told).toMatchObject({ rule: "R730", look: { prepare: [n2] } });
    const fixed = watch.look({
      samples,
      prepared: [prepares(n2, replicaFacts({ masterHost: "10.0.0.2" }))],
    });
    expect(kindsOf(fixed)).toContain("attach");
    expect(eventNames(fixed)).toEqual(["+fix-slave-config", "-slave-reconf-sent-timeout"]);
  });

  test("an empty node at a configured address is taken in", () => {
    const empty = masterFacts({ runId: "x", replid: "id-9", keys: 0, marker: null });

    expect(kindsOf(sees(n2, empty).acts)).toContain("attach");
  });

  test("F1 the candidate of an open epoch and the committed master are never touched", () => {
    const candidate = { node: n1, replid: "id-1", offset: 1_000 };
    const orphaned = promotedFacts({ marker: 1 });
    expect(kindsOf(sees(n1, orphaned).acts)).toContain("attach");

    expect(sees(n1, orphaned, orphaned, { candidate }).acts.plan).toEqual([]);
    const demoted = [answers(n0, replicaFacts({ masterHost: "10.0.0.2" })), ...everybody.slice(1)];
    expect(
      watchCalm().look({ samples: demoted, prepared: [prepares(n0, replicaFacts())] }).plan,
    ).toEqual([]);
  });

  test("F8 nothing is repaired while the master itself does not answer as master", () => {
    const watch = watchCalm();
    const samples = [
      isSilent(n0),
      answers(n1, promotedFacts({ marker: 1 })),
      answers(n2, orphanFacts()),
    ];

    expect(kindsOf(watch.look({ samples, prepared: [prepares(n1, promotedFacts())] }))).toEqual([]);
  });

  test("an old marker is written, the marker of a newer epoch is hands off", () => {
    const facts = masterFacts({ marker: null });
    const watch = watchCalm();
    const samples = [answers(n0, facts), ...everybody.slice(1)];

    const observes = watch.look({ samples });
    const marks = watch.look({ samples, prepared: [prepares(n0, facts, 9)] });

    expect(observes.look.prepare).toEqual([n0]);
    expect(commandsOf(marks)).toContainEqual({ kind: "mark", node: n0, session: 9, epoch: 1 });
  });

  test("a repair that failed rests for an interval", () => {
    const facts = masterFacts({ runId: "run-n1" });
    const { watch, samples } = sees(n1, facts);
    const failed: Outcome = {
      kind: "effect-failed",
      command: "attach",
      node: n1,
      epoch: 1,
      why: "cut",
      isCertain: false,
    };

    expect(watch.look({ samples, outcomes: [failed] }).rule).toBe("R799");
    expect(watch.look({ samples, afterMs: 1_000 })).toMatchObject({
      rule: "R730",
      look: { prepare: [n1] },
    });
  });
});
