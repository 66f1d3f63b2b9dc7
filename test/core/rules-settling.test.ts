import { describe, expect, test } from "@jest/globals";
import type { Decision } from "../../lib/core/decide.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import {
  masterFacts,
  n0,
  n1,
  n1Record,
  n2,
  orphanFacts,
  promotedFacts,
  replicaFacts,
  settlingState,
  vote,
} from "../support/builders.ts";
import {
  afterFailover,
  commandsOf,
  eventNames,
  following,
  kindsOf,
  voteAndCount,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";
import { notPublished, published, settling } from "./settling-stage.ts";

/** The commit of a failover in which these votes were counted. */
function committed(votes = [vote("a"), vote("b")]): { watch: Watch; commit: Decision } {
  const watch = watchCalm(published);
  const promote = watch.look({ done: voteAndCount(watch, votes), state: "unread" });
  return { watch, commit: watch.look({ done: promote, state: "unread" }) };
}

describe("T600 publishing, repointing and fencing, side by side", () => {
  test("F10 the record carries the epoch of the commit and the master's address", () => {
    const { decision } = settling({ dns: true });

    expect(decision.rule).toBe("T600");
    expect(commandsOf(decision)).toEqual([
      {
        kind: "publish",
        role: "master",
        zoneId: "Z1",
        owner: { deployment: "prod", group: "cache", epoch: 2 },
        records: [
          expect.objectContaining({ type: "TXT", values: [expect.stringContaining("epoch=2")] }),
          expect.objectContaining({ type: "A", values: ["10.0.0.2"] }),
        ],
      },
    ]);
  });

  test("one step holds them all: what was observed before the claim is attached at once", () => {
    const { watch, commit } = committed();

    const samples = [isSilent(n0), answers(n1, promotedFacts()), answers(n2, orphanFacts())];
    const decision = watch.look({ done: commit, samples });

    expect(decision.rule).toBe("T600");
    expect(decision.plan.at(-1)).toMatchObject([
      { kind: "publish" },
      { kind: "attach", node: n2, session: 12, epoch: 2, master: n1 },
    ]);
    expect(eventNames(decision)).toEqual(["+slave-reconf-sent"]);
  });

  test("parallelSyncs bounds how many replicas resync at once", () => {
    const astray = [
      answers(n0, orphanFacts({ masterHost: "10.0.0.3" })),
      answers(n1, promotedFacts()),
      answers(n2, orphanFacts()),
    ];
    const prepared = [
      prepares(n0, orphanFacts({ masterHost: "10.0.0.3" })),
      prepares(n2, orphanFacts()),
    ];
    const { watch } = settling({ samples: astray });

    const decision = watch.look({ samples: astray, prepared });
    const synced = watch.look({
      samples: [answers(n0, orphanFacts(following(n1))), ...astray.slice(1)],
      prepared,
    });

    expect(kindsOf(decision).filter((kind) => kind === "attach")).toHaveLength(1);
    expect(kindsOf(synced)).not.toContain("attach");
  });

  test("S11 a vote up holds the publication until the old master is fenced, fenceWaitMs at most", () => {
    const { watch, commit } = committed([vote("a"), vote("b"), vote("c", { verdict: "up" })]);

    const early = watch.look({ done: commit, samples: withoutMaster });
    const late = watch.look({ samples: withoutMaster, afterMs: 600 });

    expect(kindsOf(early)).not.toContain("publish");
    expect(kindsOf(late)).toContain("publish");
  });

  test("a publication that failed is tried again after a back-off that grows", () => {
    const { watch } = settling({ dns: true });

    const rests = watch.look({ outcomes: [notPublished(false)], samples: afterFailover });
    const again = watch.look({ samples: afterFailover, afterMs: 300 });
    watch.look({ outcomes: [notPublished(false)], samples: afterFailover });
    const restsLonger = watch.look({ samples: afterFailover, afterMs: 300 });

    expect(rests.rule).toBe("T640");
    expect(eventNames(rests)).toEqual(["-published"]);
    expect(again.rule).toBe("T600");
    expect(restsLonger.rule).toBe("T640");
    expect(watch.look({ samples: afterFailover, afterMs: 250 }).rule).toBe("T600");
  });
});

describe("R9 a publication that was refused", () => {
  test("is tried again each minute by the shift that settles: rights may be given back", () => {
    const { watch } = settling({ dns: true });
    watch.look({ outcomes: [notPublished(true)], samples: afterFailover });

    const beat = watch.look({ samples: afterFailover, afterMs: 59_000 });
    const early = watch.look({ done: beat, samples: afterFailover });
    const tooLong = watch.look({ samples: afterFailover, afterMs: 1_000 });
    const late = watch.look({ samples: afterFailover });

    expect([beat, early, tooLong].map(({ rule }) => rule)).toEqual(["L420", "T630", "L410"]);
    expect(late.rule).toBe("T600");
    expect(kindsOf(late)).toContain("publish");
  });
});

describe("T610 and T650 observing before repairing", () => {
  const old = answers(n0, masterFacts());
  const samples = [old, ...afterFailover.slice(1)];

  test("F1 rule 2: T610 the leader observes, reads STATE, then attaches", () => {
    const { watch, decision } = settling({ samples });

    expect(decision).toMatchObject({
      rule: "T610",
      plan: [],
      look: { prepare: [n0], order: "nodes-first", state: true },
    });
    const acts = watch.look({
      samples,
      prepared: [prepares(n0, masterFacts({ runId: "other" }), 9)],
    });
    expect(commandsOf(acts)).toContainEqual(
      expect.objectContaining({ kind: "attach", node: n0, session: 9 }),
    );
  });

  test("T650 an observer that does not lead fences an old master on sight", () => {
    const { watch, decision } = settling({ leader: "b/1", samples });

    const loss = watch.look({ samples, prepared: [prepares(n0, masterFacts(), 9)] });
    const fences = watch.look({ done: loss, samples });

    expect(decision).toMatchObject({ rule: "T650", plan: [], look: { prepare: [n0] } });
    expect([loss.rule, fences.rule]).toEqual(["R720", "T650"]);
    expect(eventNames(fences)).toContain("+convert-to-slave");
  });

  test("T650 leaves replicas to the leader", () => {
    const astray = [...afterFailover.slice(0, 2), answers(n2, orphanFacts())];
    const { watch } = settling({ leader: "b/1", samples: astray });

    expect(watch.look({ samples: astray, prepared: [prepares(n2, orphanFacts())] })).toMatchObject({
      rule: "L430",
      plan: [],
    });
  });
});

describe("T620 the end of settling", () => {
  test("the record is read back and every node that answers follows", () => {
    const { watch, decision } = settling({ dns: true });

    const end = watch.look({ done: decision, samples: afterFailover });

    expect(end.rule).toBe("T620");
    expect(written(end)).toMatchObject({
      phase: "steady",
      leader: null,
      published: { epoch: 2, node: n1 },
    });
    expect(eventNames(end)).toEqual(["+failover-end"]);
  });

  test("N18 what was seen of the marker goes into the same write", () => {
    const { watch, decision } = settling();
    const master = { ...n1Record, isMarked: false };
    watch.table = settlingState({ rev: 14, leader: "a/2", master });
    watch.look({ done: decision, samples: afterFailover });

    const end = watch.look({ samples: afterFailover });

    expect(end.rule).toBe("T620");
    expect(written(end).master).toEqual(n1Record);
  });

  test("F7 a node that does not answer is not waited for: steady repairs it later", () => {
    const samples = [isSilent(n0), ...afterFailover.slice(1)];

    expect(settling({ samples }).watch.look({ samples }).rule).toBe("T620");
  });

  test.each([
    ["follows the old master", replicaFacts(), "T610"],
    ["has its link down", orphanFacts(following(n1)), "T640"],
  ])("not while a node that answers %s", (_name, facts, rule) => {
    const samples = [...afterFailover.slice(0, 2), answers(n2, facts)];

    expect(settling({ samples }).watch.look({ samples }).rule).toBe(rule);
  });

  test("not by answers from before the commit", () => {
    const { watch, commit } = committed();

    expect(watch.look({ done: commit }).rule).not.toBe("T620");
  });

  test("not while the master itself does not answer as master", () => {
    const samples = [...afterFailover.slice(0, 1), isSilent(n1), ...afterFailover.slice(2)];

    expect(settling({ samples }).watch.look({ samples }).rule).toBe("T640");
  });
});

describe("T630 a publication that was refused", () => {
  test("R9, D10 waits for people, and is said once", () => {
    const { watch } = settling({ dns: true });

    const first = watch.look({ outcomes: [notPublished(true)], samples: afterFailover });
    const second = watch.look({ samples: afterFailover });

    expect(first.rule).toBe("T630");
    expect(first.why).toContain("it belongs to group sessions");
    expect(eventNames(first)).toEqual(["-published"]);
    expect(second).toMatchObject({ rule: "T630", plan: [] });
  });
});

test("F12 what is open is finished while the group is paused", () => {
  const pause = { by: "ops", reason: "upgrade", until: null, rev: 9 };
  const watch = new Watch({ state: settlingState({ leader: "a/2", pause }) });
  watch.look({ samples: afterFailover });

  expect(watch.look({ samples: afterFailover }).rule).toBe("T620");
});
