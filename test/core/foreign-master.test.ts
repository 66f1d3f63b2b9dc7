import { describe, expect, test } from "@jest/globals";
import type { NodeFacts } from "../../lib/core/model.ts";
import { analyse, suspicion } from "../../lib/core/situation.ts";
import { answers, errs, isSilent, prepares, turnsAway } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import {
  claimed,
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  kindsOf,
  masterViewOf,
  type Watch,
  watchCalm,
  written,
} from "../support/watch.ts";

/** Another server at the master's own address, with more keys than the group ever had. */
const stranger = masterFacts({
  runId: "run-x",
  replid: "id-8",
  offset: 900_000,
  keys: 300,
  marker: null,
});
const orphans = [answers(n1, orphanFacts()), answers(n2, orphanFacts())];
const orphaned = [answers(n0, stranger), ...orphans];
/** Who has copied the other server by now. */
const copies = [n1, n2].map((node) =>
  answers(node, replicaFacts({ replid: "id-8", keys: 300, marker: null })),
);
const unmarked = groupState({ master: { ...masterRecord, isMarked: false } });

function meeting(facts: NodeFacts, others = orphans, state = groupState()): Watch {
  const watch = watchCalm({ state });
  watch.look({ samples: [answers(n0, facts), ...others] });
  return watch;
}

const held = (watch: Watch) => suspicion(masterViewOf(watch));

describe("N18 another server at the master's address", () => {
  test("is no master of the group while a replica holds what the group had", () => {
    const watch = meeting(stranger);

    expect(held(watch)).toMatchObject({ kind: "full", of: "foreign" });
    expect(held(watch)).toMatchObject({ why: expect.stringContaining("300 keys") });
    expect(analyse(masterViewOf(watch)).name).toBe("ForeignMaster");
  });

  const silent = [isSilent(n1), isSilent(n2)];
  const loading = answers(n1, orphanFacts({ isLoading: true, keys: 0, replid: "id-7" }));
  const restarted = answers(n1, orphanFacts({ replid: "id-7" }));
  const copied = replicaFacts({ replid: "id-8", keys: 300, marker: null, runId: "run-n2" });
  test.each([
    ["is silent", silent],
    ["is loading", [loading, ...copies.slice(1)]],
    ["was restarted and has a history of its own", [restarted, ...copies.slice(1)]],
    ["can't be asked, for its address leads to n2", [n1, n2].map((n) => answers(n, copied))],
    ["can't be asked, for its address leads here", [answers(n1, stranger), ...copies.slice(1)]],
  ])(
    "is none either while a node that may hold that %s, if STATE knows of the marker",
    (_what, others) => {
      expect(held(meeting(stranger, others))).toMatchObject({ kind: "full", of: "foreign" });
      expect(held(meeting(stranger, others, unmarked))).toEqual({ kind: "none" });
    },
  );

  test("N3 is the master with another data set once nobody holds anything else: it may be the emptied one", () => {
    const watch = watchCalm();

    const decision = watch.look({ samples: [answers(n0, stranger), ...copies] });

    expect(decision.rule).toBe("R710");
    expect(eventNames(decision)).toEqual(["+reboot", "+page"]);
  });

  test("is only remembered once it turns us away: whose server that is nobody knows", () => {
    const watch = meeting(stranger, orphans);
    watch.look({ samples: [turnsAway(n0, "NOAUTH"), ...orphans] });

    expect(held(watch)).toEqual({ kind: "none" });
  });

  test("is only remembered by a late connection too, until that was told who it is", () => {
    const watch = meeting(stranger, orphans);
    watch.look({ samples: [isSilent(n0, { isFreshConnect: true }), ...orphans] });
    watch.look({ samples: [answers(n0), ...orphans] });
    expect(held(watch)).toEqual({ kind: "none" });

    watch.look({ samples: orphaned });
    expect(held(watch)).toMatchObject({ kind: "full", of: "foreign" });
  });

  test.each(["BUSY", "MISCONF"] as const)(
    "is the same server while its connection stands: %s",
    (code) => {
      const watch = meeting(stranger, orphans);
      watch.look({ samples: [errs(n0, code), ...orphans] });

      expect(held(watch)).toMatchObject({ kind: "full", of: "foreign" });
    },
  );

  test("is none by a replica's marker alone: STATE may not know of it yet", () => {
    expect(held(meeting(stranger, orphans, unmarked))).toMatchObject({ of: "foreign" });
  });

  const { marker: _absent, ...unasked } = stranger;
  test.each<[string, NodeFacts]>([
    ["holds the marker: a restart from an AOF", { ...stranger, marker: 1 }],
    [
      "continues the history: a restart from an RDB",
      { ...stranger, replid2: "id-1", secondOffset: 1_001 },
    ],
    [
      "is the very process: it lost its backlog, or was emptied by hand",
      { ...stranger, runId: "run-n0" },
    ],
    ["could not be asked for its marker", unasked],
    ["is still loading", { ...stranger, isLoading: true }],
  ])("N2 is not meant by one that %s", (_what, facts) => {
    expect(held(meeting(facts))).toEqual({ kind: "none" });
  });

  test("N2 is not meant by one without keys, if the group had none", () => {
    const bare = [n1, n2].map((node) => answers(node, orphanFacts({ keys: 1 })));

    expect(held(meeting({ ...stranger, keys: 0 }, bare))).toEqual({ kind: "none" });
  });

  test("N2 is not meant where neither STATE nor a replica knows of a marker: it was not written yet", () => {
    const flushed = [n1, n2].map((node) => answers(node, orphanFacts({ keys: 2, marker: null })));

    expect(held(meeting({ ...stranger, keys: 2 }, flushed, unmarked))).toEqual({ kind: "none" });
  });

  test("is none while a replica's marker is younger than what is remembered of it, if STATE knows of it", () => {
    const behind = [n1, n2].map((node) => answers(node, orphanFacts({ marker: null })));

    expect(held(meeting(stranger, behind))).toMatchObject({ kind: "full", of: "foreign" });
  });

  test("is not known by what it said before its record was", () => {
    const watch = watchCalm();
    watch.look({ samples: orphaned });
    const master = { ...masterRecord, runId: "run-y", replid: "id-7" };
    watch.table = groupState({ rev: 11, master });
    watch.look({ samples: orphans });

    expect(held(watch)).toEqual({ kind: "none" });
  });
});

describe("N18 what is done about it", () => {
  const agreed = [vote("a", { lastOffset: null }), vote("b", { lastOffset: null })];
  const observed = [
    prepares(n0, stranger, 10),
    ...[n1, n2].map((node) => prepares(node, orphanFacts())),
  ];

  function voting(others = orphans) {
    const watch = watchCalm();
    const samples = [answers(n0, stranger), ...others];
    const round = watch.look({ samples });
    return { watch, samples, round, cast: watch.look({ done: round, samples }) };
  }

  test("S310 S330 a round is opened and a vote is cast, without the other server's offset", () => {
    const { round, cast } = voting();

    expect(round.rule).toBe("S310");
    expect(round.why).toContain("down(foreign)");
    expect(commandsOf(cast)[0]).toMatchObject({
      kind: "cast-vote",
      vote: { verdict: "down", lastOffset: null },
    });
  });

  test("S320 a vote is cast again on what it says over a session, and not once none can be opened: it may be gone", () => {
    const { watch } = voting();
    const heard = watch.look({ samples: orphaned, votes: [], prepared: observed, afterMs: 1_000 });
    expect(heard.rule).toBe("S330");

    const prepared = [prepares(n0, null), ...observed.slice(1)];
    const unheard = watch.look({ samples: orphans, votes: [], prepared, afterMs: 1_000 });
    const all = { probe: [n0, n1, n2], info: true };
    expect(unheard).toMatchObject({ rule: "S320", plan: [], look: all });

    const decision = watch.look({ samples: [isSilent(n0), ...orphans] });
    expect(kindsOf(decision)).not.toContain("cast-vote");
  });

  test("S330 nor is it held up by a session that could not be opened before it was probed", () => {
    const { watch } = voting();
    watch.look({ samples: orphans, votes: [], prepared: [prepares(n0, null)], afterMs: 1_000 });

    expect(watch.look({ samples: orphaned }).rule).toBe("S330");
  });

  test("S370 a replica that holds the group's data is promoted", () => {
    const { watch, samples, cast } = voting();

    const decision = watch.look({ done: cast, samples, votes: agreed, prepared: observed });

    expect(decision.rule).toBe("S370");
    expect(written(decision)).toMatchObject({ candidate: { node: n1 }, previousOffset: null });
  });

  test("S360 without one it is held, nobody is attached, and people are told once what to do", () => {
    const copied = replicaFacts({ replid: "id-8", keys: 300, marker: null });
    const { watch, samples, cast } = voting([answers(n1, copied), isSilent(n2)]);
    const prepared = [prepares(n1, copied)];

    const first = watch.look({ done: cast, samples, votes: agreed, prepared });
    const second = watch.look({ samples, votes: agreed, prepared });

    expect(first.rule).toBe("S360");
    expect(eventNames(first)).toEqual(["-failover-abort-no-good-slave", "+page"]);
    expect(eventsOf(first)[1]?.message).toContain("SET lambda-sentinel:{cache}:epoch 1");
    expect([second.rule, eventNames(second)]).toEqual(["S360", []]);
  });

  test("R710 it is never recorded, and R730 no stray is pointed to it, whoever waits with a vote", () => {
    const stray = answers(n2, orphanFacts({ masterHost: "10.0.0.9" }));
    const { watch, cast } = voting();
    // It heard the master again, so it waits before it votes down anew.
    const withdrawn = watch.look({ done: cast, samples: everybody });
    expect(withdrawn.rule).toBe("S300");
    watch.look({ done: withdrawn, samples: everybody });

    for (let turn = 0; turn < 3; turn += 1) {
      const samples = [answers(n0, stranger), orphans[0], stray].flatMap((one) => one ?? []);
      const prepared = [prepares(n2, orphanFacts({ masterHost: "10.0.0.9" }))];
      const decision = watch.look({ samples, prepared, afterMs: 100 });

      expect(kindsOf(decision)).toEqual([]);
    }
  });

  test("P500 with its answer it wins nothing from who is promoted", () => {
    const watch = watchCalm();
    const promote = claimed(watch);

    const decision = watch.look({ done: promote, oldMaster: stranger, state: "unread" });

    expect(decision.rule).toBe("P510");
  });

  test("its offset is nobody's lag, once it is silent as well", () => {
    const watch = meeting(stranger);
    const samples = [isSilent(n0), ...orphans];
    let decision = watch.look({ samples });
    for (let second = 0; second < 7 && decision.rule !== "S330"; second += 1) {
      decision = watch.look({ done: decision, samples, afterMs: 1_000 });
    }

    expect(commandsOf(decision)[0]).toMatchObject({ vote: { verdict: "down", lastOffset: null } });
  });
});

describe("R732 that the master carries the marker", () => {
  test("N18 is stored once, and is the marker's doing alone", () => {
    const watch = watchCalm({ state: unmarked });

    const decision = watch.look({ samples: everybody });
    const next = watch.look({ done: decision, samples: everybody });

    expect(decision.rule).toBe("R732");
    expect(written(decision).master).toEqual(masterRecord);
    expect(next.rule).not.toBe("R732");
  });

  test.each([null, undefined])("is not stored where it shows %s", (marker) => {
    const { marker: _known, ...rest } = masterFacts();
    const facts = marker === undefined ? rest : { ...rest, marker };
    const watch = watchCalm({ state: unmarked });

    const decision = watch.look({ samples: [answers(n0, facts), ...orphans] });

    expect(decision.rule).not.toBe("R732");
  });
});
