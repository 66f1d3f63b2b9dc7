import { describe, expect, test } from "@jest/globals";
import { claim, openRound } from "../../lib/core/state.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import {
  dns,
  groupConfig,
  n0,
  n1,
  n2,
  orphanFacts,
  promotedFacts,
  promotingState,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import {
  bothObserved,
  claimed,
  commandsOf,
  eventNames,
  everybody,
  following,
  kindsOf,
  loseMaster,
  openAndConfirm,
  voteAndCount,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

/** Findings of the protocol review, each as the shortest trace that broke the first draft. */

const byB = { attempt: "b#1", shift: "b/1", rule: "X000", why: "b acts" };
const agreed = [vote("a"), vote("b")];

describe("F6 until the commit the old master wins", () => {
  test("it comes back between claim and promotion", () => {
    const watch = watchCalm();
    const counted = voteAndCount(watch);

    expect(watch.look({ done: counted, samples: everybody }).rule).toBe("P500");
  });

  test("it comes back between promotion and commit; the candidate is then demoted on sight", () => {
    const watch = watchCalm();
    const promote = claimed(watch);
    const closed = watch.look({ done: promote, samples: everybody });
    const twoMasters = [
      ...everybody.slice(0, 1),
      answers(n1, promotedFacts()),
      ...everybody.slice(2),
    ];
    const observes = watch.look({ done: closed, samples: twoMasters });

    const demotes = watch.look({ samples: twoMasters, prepared: [prepares(n1, promotedFacts())] });

    expect([closed.rule, observes.rule, demotes.rule]).toEqual(["P500", "R730", "R730"]);
    expect(commandsOf(demotes)).toContainEqual(
      expect.objectContaining({ kind: "attach", node: n1, master: n0 }),
    );
  });
});

describe("F7 settling does not lock out the next failover", () => {
  test("the new master dies at once: the next epoch is claimed out of settling", () => {
    const watch = watchCalm();
    const commit = watch.look({ done: claimed(watch), state: "unread" });
    const samples = [isSilent(n0), isSilent(n1), answers(n2, orphanFacts())];
    watch.look({ done: commit, samples });
    const cast = openAndConfirm(watch, samples);
    const down = (observer: string) => vote(observer, { epoch: 2, round: 6, node: n1 });

    const decision = watch.look({
      done: cast,
      samples,
      votes: [down("a"), down("b")],
      prepared: [prepares(n2, orphanFacts())],
    });

    expect(decision.rule).toBe("S370");
    expect(written(decision)).toMatchObject({ epoch: 3, phase: "promoting", masterEpoch: 2 });
  });
});

describe("F8 the committed master answers as a replica", () => {
  test("nobody is pointed to it, and after a grace it is voted down", () => {
    const watch = watchCalm();
    const cycle = [
      answers(n0, replicaFacts({ masterHost: "10.0.0.2" })),
      answers(n1, replicaFacts()),
      answers(n2, replicaFacts()),
    ];
    const early = watch.look({ samples: cycle });
    const opened = watch.look({ samples: cycle, afterMs: 5_100 });
    watch.look({ done: opened, samples: cycle });

    expect(kindsOf(early)).toEqual([]);
    expect(opened.rule).toBe("S310");
    expect(opened.why).toContain("down(not-master)");
  });

  test("the only node left is master uncommitted: it is claimed and adopted", () => {
    const watch = watchCalm();
    const orphan = promotedFacts({ marker: 1 });
    const samples = [isSilent(n0), answers(n1, orphan), isSilent(n2)];
    const prepared = [prepares(n1, orphan)];
    const cast = openAndConfirm(watch, samples);

    const decision = watch.look({ done: cast, samples, votes: agreed, prepared });

    expect(decision.rule).toBe("S370");
    expect(written(decision).candidate?.node).toBe(n1);
  });
});

describe("F10 the fence in DNS carries the epoch of the commit", () => {
  test("a drift repair during a later epoch's claim still writes the committed one", () => {
    const watch = watchCalm({ config: groupConfig({ dns }) });
    const standing = watch.table;
    if (standing === null) throw new Error("expected a STATE");
    const candidate = { node: n1, replid: "id-1", offset: 1_000 };
    const intent = { kind: "failover" as const, isAutomatic: true, candidate, masterOffset: null };
    const failed = { ...claim(standing, intent, byB).next, phase: "steady" as const, leader: null };
    watch.table = { ...failed, candidate: null };

    const record = { from: "dns" as const, addresses: ["10.6.6.6"], alias: null, ports: [] };
    const decision = watch.look({ samples: everybody, record });

    expect(watch.table?.epoch).toBe(2);
    expect(commandsOf(decision)).toContainEqual(
      expect.objectContaining({
        kind: "publish",
        owner: { deployment: "prod", group: "cache", epoch: 1 },
      }),
    );
  });
});

describe("F11 a configuration that changes between count and claim", () => {
  test("has ended the round, and stops whoever holds the old one", () => {
    const watch = watchCalm();
    watch.look({ done: openAndConfirm(watch), samples: withoutMaster });
    if (watch.table !== null) watch.table = { ...watch.table, rev: 30, configVersion: 2 };

    expect(
      watch.look({ samples: withoutMaster, votes: agreed, prepared: bothObserved }),
    ).toMatchObject({
      rule: "F140",
      plan: [],
    });
  });

  test("votes cast under another digest do not add up", () => {
    const mixed = [vote("a"), vote("b", { digest: "digest-2" })];

    expect(voteAndCount(watchCalm(), mixed).rule).toBe("S340");
  });
});

describe("F12 a pause that comes in the middle", () => {
  const pause = { by: "ops", reason: "upgrade", until: null, rev: 12 };

  test("of a promotion: the epoch is finished, takeover included", () => {
    const watch = watchCalm({ state: promotingState({ leader: null, pause }) });

    expect(watch.look({ samples: withoutMaster }).rule).toBe("L400");
    const leading = new Watch({ state: promotingState({ leader: "a/2", pause }) });
    leading.look({ samples: withoutMaster });
    expect(kindsOf(leading.look({ samples: withoutMaster, prepared: bothObserved }))).toContain(
      "promote",
    );
  });

  test("of a count: nothing is claimed", () => {
    const watch = watchCalm();
    watch.look({ done: openAndConfirm(watch), samples: withoutMaster });
    if (watch.table !== null) watch.table = { ...watch.table, rev: 12, pause };

    const decision = watch.look({ samples: withoutMaster, votes: agreed, prepared: bothObserved });

    expect(decision.rule).toBe("R700");
    expect(kindsOf(decision)).toEqual(["emit"]);
  });
});

describe("F15 an epoch never waits", () => {
  test("its candidate is gone: it is closed, and a new claim needs a new round", () => {
    const watch = watchCalm();
    const promote = claimed(watch);
    const node = { command: "promote" as const, node: n1, epoch: 2 };
    const refused = { kind: "effect-failed" as const, ...node, why: "refused", isCertain: true };
    watch.look({ outcomes: [refused], state: "unread" });
    const gone = [isSilent(n0), isSilent(n1), answers(n2, orphanFacts())];

    const closed = watch.look({ samples: gone, prepared: [prepares(n1, null)] });
    const next = watch.look({ done: closed, samples: gone });

    expect(promote.rule).toBe("P540");
    expect(written(closed)).toMatchObject({ phase: "steady", candidate: null });
    expect(eventNames(closed)).toEqual(["-failover-abort-slave-timeout"]);
    expect(next.rule).toBe("S310");
    expect(written(next).round.number).toBe(6);
  });
});

test("F14, N18 a node that follows another group's master is not ours by its address alone", () => {
  const watch = watchCalm();
  const theirs = replicaFacts({ ...following(n1), replid: "id-y", replid2: null, marker: null });
  const samples = [...everybody.slice(0, 2), answers(n2, theirs)];
  watch.look({ samples });

  const decision = watch.look({ samples, prepared: [prepares(n2, theirs)] });

  expect(kindsOf(decision)).not.toContain("attach");
  expect(eventNames(decision)).toEqual(["+page"]);
});

test("the round that another observer opens is seen opened, and may be voted in (F2)", () => {
  const watch = watchCalm();
  const standing = watch.table;
  if (standing === null) throw new Error("expected a STATE");
  watch.table = openRound(standing, n0, byB).next;
  loseMaster(watch);

  expect(watch.look({ samples: withoutMaster }).rule).toBe("S330");
});
