import { describe, expect, test } from "@jest/globals";
import type { Sample } from "../../lib/core/model.ts";
import { analyse, suspicion } from "../../lib/core/situation.ts";
import { answers, errs, isSilent, type Seen } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n1Record,
  n2,
  orphanFacts,
  replicaFacts,
} from "../support/builders.ts";
import { eventNames, masterViewOf, type Watch, watchCalm } from "../support/watch.ts";

const { probeIntervalMs, downAfterMs } = groupConfig().settings;
const held = (watch: Watch) => suspicion(masterViewOf(watch));

/** It was killed at byte 1,000 of its history, and its RDB is of byte 600. */
const older = masterFacts({
  ...{ runId: "run-new", replid: "id-9", replid2: "id-1", secondOffset: 601, offset: 600 },
  uptimeSeconds: 1,
});
/** Of the history before the master's, and of its own since. */
const ownWay = { runId: "run-n1", replid: "id-7", replid2: "id-0", offset: 5_000 };
/** What the replicas show until they have synchronised with it, and then. */
const waiting = [answers(n1, orphanFacts()), answers(n2, orphanFacts())];
const copied = [n1, n2].map((node) => answers(node, replicaFacts({ replid: "id-9", offset: 600 })));

describe("N2 a committed master that came back with what its RDB saved last", () => {
  const seeing = (samples: readonly Seen<Sample>[], facts = older) => {
    const watch = watchCalm();
    const decision = watch.look({ afterMs: 3_000, samples: [answers(n0, facts), ...samples] });
    return { watch, decision };
  };

  test("is amnesic while a replica has more of its history, and is never adopted", () => {
    const { watch, decision } = seeing(waiting);

    expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
    expect(analyse(masterViewOf(watch))).toEqual({
      name: "AmnesicMaster",
      why: "it restarted with older data: its history ends at 600, a replica has it up to 1000",
    });
    expect(decision.rule).toBe("S310");
  });

  test.each([
    ["second id", { ...masterRecord, replid2: "id-0", secondOffset: 701 }, []],
    ["earlier masters", masterRecord, ["id-1", "id-0"]],
  ])(
    "is so too where it was saved before its promotion: the id is of its %s",
    (_of, master, histories) => {
      const watch = watchCalm({ state: groupState({ master, histories }) });
      watch.look({
        afterMs: 3_000,
        samples: [answers(n0, { ...older, replid2: "id-0" }), ...waiting],
      });

      expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
    },
  );

  test("is so too where it was saved before people promoted the master before it by hand", () => {
    const previousMaster = { ...n1Record, replid: "id-0", replid2: "id-by-hand" };
    const master = { ...masterRecord, replid2: "id-0", secondOffset: 701 };
    const watch = watchCalm({ state: groupState({ master, previousMaster }) });
    const facts = { ...older, replid2: "id-by-hand", marker: null };

    const decision = watch.look({ afterMs: 3_000, samples: [answers(n0, facts), ...waiting] });

    expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
    expect(decision.rule).toBe("S310");
  });

  test.each([
    ["its own", 2],
    ["from before its promotion", 1],
  ])(
    "is not where nobody knows the id, and the marker is %s: an AOF may have begun a history at byte 0",
    (_of, marker) => {
      const watch = watchCalm({ state: groupState({ epoch: 2, masterEpoch: 2 }) });
      const begun = { ...older, replid2: "id-of-aof", secondOffset: 1, offset: 0, marker };
      const others = [n1, n2].map((node) => answers(node, orphanFacts({ marker: 2 })));

      const decision = watch.look({ afterMs: 3_000, samples: [answers(n0, begun), ...others] });

      expect(held(watch)).toEqual({ kind: "none" });
      expect(decision.rule).toBe("R710");
    },
  );

  test("is another server where neither an id nor a marker says whose data it is", () => {
    const unknown = { ...older, replid2: "id-by-hand", marker: null };

    expect(held(seeing(waiting, unknown).watch)).toMatchObject({ kind: "full", of: "foreign" });
  });

  test.each([
    ["has not followed it yet", orphanFacts({ replid: "id-0", offset: 690 })],
    ["was promoted in its place", masterFacts({ ...ownWay, secondOffset: 691 })],
  ])("is so too beside one of the history before that %s", (_what, facts) => {
    const state = groupState({ master: { ...masterRecord, replid2: "id-0", secondOffset: 701 } });
    const watch = watchCalm({ state });
    const samples = [answers(n0, { ...older, replid2: "id-0" }), answers(n1, facts)];
    watch.look({ afterMs: 3_000, samples });

    expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
  });

  test("is not, and is adopted, where it was saved when it stopped", () => {
    const saved = { ...older, secondOffset: 1_001, offset: 1_000 };
    const { watch, decision } = seeing(waiting, saved);

    expect(held(watch)).toEqual({ kind: "none" });
    expect(decision.rule).toBe("R710");
    expect(eventNames(decision)).toEqual(["+reboot"]);
  });

  test("is neither suspected nor adopted by what a replica said before; that is asked again at once", () => {
    const { watch, decision } = seeing([answers(n1), answers(n2)]);

    expect(held(watch)).toEqual({ kind: "none" });
    expect(decision.rule).not.toBe("R710");
    expect(decision.look.info).toBe(true);
    expect(decision.look.afterMs).toBeLessThanOrEqual(probeIntervalMs / 10);
  });

  test("is adopted once everybody has copied it, and people are told how much is gone", () => {
    const { watch } = seeing([answers(n1), answers(n2)]);

    const decision = watch.look({ samples: [answers(n0, older), ...copied] });

    expect(decision.rule).toBe("R710");
    expect(eventNames(decision)).toEqual(["+reboot", "+page"]);
    expect(JSON.stringify(decision)).toContain("at least 400 bytes that it had are on no node");
  });

  test("does not wait for a replica that turns us away: it says nothing of what it holds", () => {
    const { watch } = seeing([answers(n1), answers(n2)]);
    const away = errs(n2, "NOAUTH", "NOAUTH");

    const decision = watch.look({ samples: [answers(n0, older), ...copied.slice(0, 1), away] });

    expect(decision.rule).toBe("R710");
  });

  test("waits for a replica that has missed a probe, until it is down", () => {
    const { watch } = seeing([answers(n1), answers(n2)]);
    const lookAfter = (afterMs: number) =>
      watch.look({ afterMs, samples: [answers(n0, older), ...copied.slice(0, 1), isSilent(n2)] });

    expect(lookAfter(100).rule).not.toBe("R710");
    expect(lookAfter(downAfterMs - 200).rule).not.toBe("R710");
    expect(lookAfter(1_000).rule).toBe("R710");
  });

  test("is not compared with what went on in its own new history", () => {
    const goesOn = replicaFacts({
      replid: "id-9",
      replid2: "id-1",
      secondOffset: 551,
      offset: 2_000,
    });

    expect(held(seeing([answers(n1, goesOn), answers(n2, goesOn)]).watch)).toEqual({
      kind: "none",
    });
  });

  test("is not compared with a replica that loads what it has copied, and still shows the old history", () => {
    const loading = orphanFacts({ isLoading: true });
    const { watch } = seeing([answers(n1, loading), answers(n2, loading)]);

    expect(held(watch)).toEqual({ kind: "none" });
  });

  test("is not by a role that somebody changed: the same process has all its data", () => {
    expect(held(seeing(waiting, { ...older, runId: "run-n0" }).watch)).toEqual({ kind: "none" });
  });
});
