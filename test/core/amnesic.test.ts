import { describe, expect, test } from "@jest/globals";
import type { Decision } from "../../lib/core/decide.ts";
import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import { analyse, suspicion } from "../../lib/core/situation.ts";
import { answers, errs, prepares, type Seen, turnsAway } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  openOn,
  orphanFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import { commandsOf, masterViewOf, Watch, watchCalm } from "../support/watch.ts";

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
    ["its history continues: an RDB restart", { ...emptied, replid2: "id-1", secondOffset: 1_001 }],
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

  test.each(["NOAUTH", "MAXCLIENTS", "BUSY", "LOADING"] as const)(
    "is not by what an older connection was told, once a new one is answered with %s: its data may be back",
    (code) => {
      const watch = seeing(emptied);
      watch.look({ samples: [turnsAway(n0, code), answers(n1), answers(n2)] });
      expect(held(watch)).toEqual({ kind: "none" });

      // Who keeps turning new connections away says no more of itself.
      watch.look({ samples: [turnsAway(n0, code), answers(n1), answers(n2)] });
      expect(held(watch)).toEqual({ kind: "none" });

      watch.look({ samples: [answers(n0, emptied), answers(n1), answers(n2)] });
      expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
    },
  );

  test.each(["MISCONF", "BUSY", "OTHER"] as const)(
    "is still the emptied one while the connection stands over which it told so: %s",
    (code) => {
      const watch = seeing(emptied);
      watch.look({ samples: [errs(n0, code), answers(n1), answers(n2)] });

      expect(held(watch)).toMatchObject({ kind: "full", of: "amnesic" });
    },
  );

  test("is not voted down by an observer that was told so before it slept, and is turned away since", () => {
    const watch = seeing(emptied);
    const woken = watch.look({
      afterMs: 20_000,
      wasFrozen: true,
      samples: [turnsAway(n0, "NOAUTH"), answers(n1, replicaFacts()), answers(n2, replicaFacts())],
    });

    expect(woken.rule).not.toBe("S310");
    expect(held(watch)).toEqual({ kind: "none" });
  });

  test("is not when every replica has copied the emptiness already", () => {
    const copied = replicaFacts({ replid: "id-9", keys: 0, marker: null });

    expect(held(seeing(emptied, [answers(n1, copied), answers(n2, copied)]))).toEqual({
      kind: "none",
    });
  });
});

describe("S320 the one more probe of a master that answers", () => {
  const emptied = masterFacts({ runId: "run-new", replid: "id-9", keys: 0, marker: null });
  const held = replicaFacts();
  const copied = replicaFacts({ replid: "id-9", keys: 0, marker: null });
  const opened = groupState({ rev: 11, round: openOn(5) });

  /** Who is asked says what it is by now; `afterMs`: how long the table or the nodes took. */
  function vouch(watch: Watch, after: Decision, others: NodeFacts, afterMs = 10): Decision {
    const { probe } = after.look;
    const samples = probe.map((node) => answers(node, node === n0 ? emptied : others));
    return watch.look({ done: after, samples, afterMs });
  }

  const verdictOf = (decision: Decision) =>
    commandsOf(decision).flatMap((command) =>
      command.kind === "cast-vote" ? [command.vote.verdict] : [],
    );

  test("is one of all: who last asked them before the restart does not take it for a whole one", () => {
    const watch = watchCalm();
    watch.table = opened;
    const confirming = watch.look({
      afterMs: 3_000,
      samples: [answers(n0), answers(n1), answers(n2)],
    });

    expect(confirming).toMatchObject({ rule: "S320", look: { probe: [n0, n1, n2], info: true } });
    expect(verdictOf(vouch(watch, confirming, held))).toEqual(["down"]);
  });

  test("is one of all: a table that was slow to open the round makes nobody change its mind", () => {
    const watch = watchCalm();
    const opening = watch.look({
      samples: [answers(n0, emptied), answers(n1, held), answers(n2, held)],
    });

    expect(opening.rule).toBe("S310");
    expect(verdictOf(vouch(watch, opening, held, 900))).toEqual(["down"]);
  });

  test("is one of all: who has copied the emptiness since is no ground for a vote", () => {
    const watch = watchCalm();
    const opening = watch.look({
      samples: [answers(n0, emptied), answers(n1, held), answers(n2, held)],
    });

    expect(verdictOf(vouch(watch, opening, copied))).toEqual(["up"]);
  });
});

describe("N3 the links that an emptied master's replicas lost", () => {
  const lost = orphanFacts({ linkDownSeconds: 150 });

  /** What comes of a round on a master whose empty run has lived for so long, known as the master for so long. */
  function outcome(uptimeSeconds: number | undefined, knownForMs: number): string {
    const lived = uptimeSeconds === undefined ? {} : { uptimeSeconds };
    const emptied = masterFacts({
      runId: "run-new",
      replid: "id-9",
      keys: 0,
      marker: null,
      ...lived,
    });
    const samples = [answers(n0, emptied), answers(n1, lost), answers(n2, lost)];
    const watch = new Watch({ masterKnown: { epoch: 1, forMs: knownForMs } });
    watch.look({ samples });
    const opened = watch.look({ samples });
    const cast = watch.look({ done: opened, samples });
    const votes = [vote("a"), vote("b")];
    const prepared = [prepares(n1, lost, 11), prepares(n2, lost, 12)];
    return watch.look({ done: cast, samples, votes, prepared }).rule;
  }

  test("are held against the age of the run that has nothing, in whatever shift", () => {
    expect(outcome(110, 1_000_000)).toBe("S370");
    expect(outcome(90, 1_000_000)).toBe("S360");
  });

  test("are not held against more than its reign: a server may be older than that", () => {
    expect(outcome(10_000, 110_000)).toBe("S370");
    expect(outcome(10_000, 90_000)).toBe("S360");
  });

  test("count in full where the server does not say how old it is", () => {
    expect(outcome(undefined, 1_000_000)).toBe("S360");
  });
});
