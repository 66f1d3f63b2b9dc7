import { describe, expect, test } from "@jest/globals";
import type { Sample } from "../../lib/core/model.ts";
import { analyse, suspicion } from "../../lib/core/situation.ts";
import { answers, type Seen } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  replicaFacts,
} from "../support/builders.ts";
import { masterViewOf, type Watch, watchCalm } from "../support/watch.ts";

const held = (watch: Watch) => suspicion(masterViewOf(watch));

describe("N3, F5 a committed master that lost its data", () => {
  const emptied = masterFacts({ runId: "run-new", replid: "id-9", keys: 0, marker: null });
  const seeing = (
    facts: typeof emptied,
    samples: readonly Seen<Sample>[] = [],
    state = groupState(),
  ) => {
    const watch = watchCalm({ state });
    watch.look({ samples: [answers(n0, facts), ...samples] });
    return watch;
  };

  test("is amnesic while a replica of its old history holds more keys", () => {
    const watch = seeing(emptied);

    expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
    expect(analyse(masterViewOf(watch)).name).toBe("AmnesicMaster");
  });

  test.each([
    ["it kept the marker: an AOF restart", { ...emptied, marker: 1 }],
    ["its history continues: an RDB restart", { ...emptied, replid2: "id-1", secondOffset: 900 }],
  ])("is not when %s", (_name, facts) => {
    expect(held(seeing(facts))).toEqual({ kind: "none" });
  });

  test.each([
    ["it kept its keys", 10, null],
    ["it kept its keys, and its successor has the marker of its promotion beside them", 9, 2],
  ])("is not when %s: an AOF restart before the marker was written", (_name, keys, marker) => {
    const state = groupState({ epoch: 2, master: { ...masterRecord, isMarked: false } });
    const others = [answers(n1, replicaFacts({ marker })), answers(n2, replicaFacts({ marker }))];

    expect(held(seeing({ ...emptied, keys }, others, state))).toEqual({ kind: "none" });
  });

  test("N6 is not while it loads: what it holds is not there yet", () => {
    expect(held(seeing({ ...emptied, isLoading: true }))).toEqual({ kind: "none" });
  });

  test("is not by what it said before its record was renewed: that was another run", () => {
    const watch = watchCalm();
    watch.look({ samples: [answers(n0, masterFacts({ marker: null }))] });
    watch.table = {
      ...masterViewOf(watch).state,
      rev: 11,
      master: { ...masterViewOf(watch).master, runId: "run-new", replid: "id-9" },
    };
    watch.look({ samples: [answers(n1, replicaFacts({ replid: "id-9", keys: 12 }))] });

    expect(held(watch)).toEqual({ kind: "none" });
  });

  test("is not by what a replica said before the restart; all are asked anew, and then it is", () => {
    const watch = watchCalm();
    const asked = watch.look({ afterMs: 3_000, samples: [answers(n0, emptied), answers(n1)] });

    expect(held(watch)).toEqual({ kind: "none" });
    expect(asked.look.info).toBe(true);
    expect(asked.look.afterMs).toBeLessThanOrEqual(groupConfig().settings.probeIntervalMs / 10);

    watch.look({ samples: [answers(n0, emptied), answers(n1, replicaFacts())] });
    expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
  });

  test("is not when every replica has copied the emptiness already", () => {
    const copied = replicaFacts({ replid: "id-9", keys: 0, marker: null });

    expect(held(seeing(emptied, [answers(n1, copied), answers(n2, copied)]))).toEqual({
      kind: "none",
    });
  });
});
