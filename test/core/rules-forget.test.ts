import { describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import type { ForgetRequest } from "../../lib/core/requests.ts";
import { answers, isSilent } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  openOn,
  replicaFacts,
} from "../support/builders.ts";
import { eventsOf, type Watch, wallTimeAt, written } from "../support/watch.ts";
import {
  addressOf,
  discovering,
  everybodyWith,
  isWriting,
  n3,
  n3Facts,
  n4,
  replicasAnswer,
  watchFound,
} from "./discovery-stage.ts";

const until = wallTimeAt(900_000);

function wish(node: string | null, change: Partial<ForgetRequest> = {}): ForgetRequest {
  return { id: "op#1", kind: "forget", by: "ops", node, until, ...change };
}

/** n3 and n4 were found before; this is asked of a calm group, and read now. */
function ask(
  request: ForgetRequest,
  samples = bothSilent,
  state: Partial<GroupState> = {},
  config = discovering,
) {
  const watch = watchFound([n3, n4], {}, config);
  const discovered = [n3, n4].map(addressOf);
  watch.table = groupState({ rev: 11, discovered, request, ...state });
  const first = watch.look({ samples, afterMs: 1_000 });
  return { watch, first, answer: () => watch.look({ samples, state: "unread" }) };
}

const bothSilent = [...everybodyWith(), isSilent(n3), isSilent(n4)];

function answerTo(request: ForgetRequest, samples = bothSilent) {
  return ask(request, samples).answer();
}

describe("R390 a discovered node that an operator names", () => {
  test("is forgotten after a look at everybody that is younger than the request", () => {
    const { first, answer } = ask(wish(n3));

    expect(first).toMatchObject({
      rule: "R390",
      plan: [],
      look: { probe: [n0, n1, n2, n3, n4], info: true, state: false },
    });
    const decision = answer();
    expect(decision.rule).toBe("R390");
    expect(written(decision)).toMatchObject({ discovered: [addressOf(n4)], request: null });
    expect(eventsOf(decision)).toEqual([
      expect.objectContaining({ name: "-slave", level: "warning", node: n3 }),
    ]);
  });

  test("is forgotten too when it answers and follows nobody of ours", () => {
    const samples = [
      ...everybodyWith(),
      answers(n3, masterFacts({ runId: "x", marker: null, replid: "id-8", keys: 3 })),
      isSilent(n4),
    ];

    expect(answerTo(wish(n3), samples).rule).toBe("R390");
  });
});

describe("R390 where discovery is off", () => {
  test("a node that answers as a replica goes as well, because nobody finds it again", () => {
    const samples = [...everybodyWith(n3), answers(n3, n3Facts()), isSilent(n4)];

    const { answer } = ask(wish(n3), samples, {}, groupConfig());

    expect(answer().rule).toBe("R390");
  });
});

describe("R392 a reset", () => {
  test("forgets what was found and does not answer, and nothing else", () => {
    const samples = [...everybodyWith(n3), answers(n3, n3Facts()), isSilent(n4)];

    const decision = answerTo(wish(null), samples);

    expect(decision.rule).toBe("R392");
    expect(written(decision)).toMatchObject({ discovered: [addressOf(n3)], request: null });
    expect(eventsOf(decision).map((one) => [one.name, one.node])).toEqual([
      ["-slave", n4],
      ["+reset-master", null],
    ]);
  });

  test("keeps a node that is silent here and in step for the master", () => {
    const samples = [...everybodyWith(n3), isSilent(n3), isSilent(n4)];

    expect(written(answerTo(wish(null), samples))?.discovered).toEqual([addressOf(n3)]);
  });

  test("N26 keeps a node whose name could not be looked up: it was not asked", () => {
    const unresolved = { kind: "unresolved" as const, text: "no answer" };
    const samples = [...everybodyWith(), isSilent(n3), isSilent(n4, { reply: unresolved })];

    expect(written(answerTo(wish(null), samples)).discovered).toEqual([addressOf(n4)]);
  });

  test("keeps the master of before, which may come back as one", () => {
    const previousMaster = { ...masterRecord, node: n4 };
    const { answer } = ask(wish(null), bothSilent, { previousMaster });

    expect(written(answer()).discovered).toEqual([addressOf(n4)]);
    expect(ask(wish(n4), bothSilent, { previousMaster }).answer().rule).toBe("R390");
  });

  test("is done when everything answers", () => {
    const samples = [...everybodyWith(n3, n4), ...replicasAnswer(n3, n4)];

    const decision = answerTo(wish(null), samples);

    expect(decision.why).toBe("ops asked for a reset: nothing is left to forget");
    expect(written(decision)).toMatchObject({ request: null });
  });
});

describe("R696 is refused with its reason", () => {
  const refusals: readonly (readonly [string, ForgetRequest, typeof bothSilent, string])[] = [
    ["a node of the file", wish(n1), bothSilent, "the file names it"],
    ["a node that nobody found", wish("10.9.9.9:6379"), bothSilent, "no such node was found"],
    [
      "a node that answers as a replica",
      wish(n3),
      [...everybodyWith(), answers(n3, n3Facts()), isSilent(n4)],
      "it answers as a replica that is in step, and would be found again",
    ],
    [
      "a node that the master has as a replica",
      wish(n3),
      [...everybodyWith(n3), isSilent(n3), isSilent(n4)],
      `${n0} has it as a replica that is in step`,
    ],
    [
      "a node in an outage",
      wish(n3),
      [isSilent(n0), ...replicasAnswer(), isSilent(n3), isSilent(n4)],
      `${n0} does not answer as master`,
    ],
    [
      "a reset in an outage",
      wish(null),
      [isSilent(n0), ...replicasAnswer(), isSilent(n3), isSilent(n4)],
      `${n0} does not answer as master`,
    ],
    [
      "a reset when the master is alone",
      wish(null),
      [answers(n0, masterFacts()), isSilent(n1), isSilent(n2), isSilent(n3), isSilent(n4)],
      "no replica answers",
    ],
    [
      "what nobody did in time",
      wish(n3, { until: wallTimeAt(0) }),
      bothSilent,
      "nobody could do it",
    ],
  ];

  test.each(refusals)("%s", (_what, request, samples, reason) => {
    const { watch, first, answer } = ask(request, samples);
    const decision = first.rule === "R696" ? first : answer();

    expect(decision.rule).toBe("R696");
    expect(decision.why).toContain(reason);
    expect(written(decision)).toMatchObject({
      request: null,
      discovered: [n3, n4].map(addressOf),
    });
    expect(eventsOf(decision)).toEqual([expect.objectContaining({ name: "+hold" })]);
    expect(watch.memory.state?.request).toEqual(request);
  });

  test("the master, although it was found", () => {
    const record = {
      node: n3,
      runId: "run-n3",
      replid: "id-1",
      replid2: null,
      secondOffset: -1,
      isMarked: true,
    };
    const { first } = ask(wish(n3), [answers(n3, masterFacts({ runId: "run-n3" }))], {
      master: record,
    });

    expect(first.rule).toBe("R696");
    expect(first.why).toContain("it is the master");
  });

  test("anything during a pause", () => {
    const pause = { by: "ops", reason: "", until: null, rev: 9 };

    const { first } = ask(wish(n3), bothSilent, { pause });

    expect(first.rule).toBe("R696");
    expect(first.why).toContain("paused by ops");
  });

  test("and not while a round is open, so that no count of votes is disturbed", () => {
    const outage = [isSilent(n0), ...replicasAnswer(), isSilent(n3), isSilent(n4)];

    const { first } = ask(wish(n3), outage, { round: openOn(5) });

    expect(first.rule).not.toBe("R696");
    expect(isWriting(first)).toBe(false);
  });
});

describe("what was found and is silent", () => {
  test("is never forgotten by itself, however long it lasts", () => {
    const watch: Watch = watchFound([n3, n4]);

    const after = Array.from({ length: 30 }, () =>
      watch.look({ samples: bothSilent, afterMs: 60_000 }),
    );

    expect(after.filter(isWriting)).toEqual([]);
    expect(Object.keys(watch.memory.nodes)).toContain(n3);
  });

  test("stands beside the others again when it is back", () => {
    const watch = watchFound([n3, n4]);
    watch.look({ samples: bothSilent, afterMs: 60_000 });
    const samples = [...everybodyWith(n3), answers(n3, replicaFacts({ masterHost: "10.9.9.9" }))];

    const decision = watch.look({ samples, afterMs: 1_000 });

    expect(decision).toMatchObject({ rule: "R730", look: { prepare: [n3] } });
  });
});
