import { describe, expect, test } from "@jest/globals";
import type { GroupState, Vote } from "../../lib/core/model.ts";
import type { ReplaceRequest } from "../../lib/core/requests.ts";
import { noWishes } from "../../lib/core/state.ts";
import { prepares } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import {
  commandsOf,
  eventNames,
  everybody,
  loseMaster,
  openAndConfirm,
  type Watch,
  wallTimeAt,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

function asked(change: Partial<ReplaceRequest> = {}): ReplaceRequest {
  return { id: "op#1", kind: "failover", by: "ops", ...noWishes, ...change };
}

function watchAsked(change: Partial<ReplaceRequest>, state: Partial<GroupState> = {}): Watch {
  return watchCalm({ state: groupState({ ...state, request: asked(change) }) });
}

const observed = [
  prepares(n0, masterFacts(), 10),
  prepares(n1, replicaFacts(), 11),
  prepares(n2, replicaFacts(), 12),
];

describe("R690 a pause with an end (ADR 0008)", () => {
  const until = wallTimeAt(130_000);
  const pause = { by: "ops", reason: "upgrade", until, rev: 9 };

  test("holds until then", () => {
    const watch = watchCalm({ state: groupState({ pause }) });

    expect(watch.look({ samples: everybody, afterMs: 29_000 }).rule).toBe("R700");
  });

  test.each(["steady", "settling"] as const)("is ended through STATE in %s", (phase) => {
    const watch = watchCalm({ state: groupState({ pause, phase, leader: "b/1" }) });

    const decision = watch.look({ samples: everybody, afterMs: 30_000 });

    expect(decision.rule).toBe("R690");
    expect(written(decision)).toMatchObject({
      pause: null,
      phase,
      lastTransition: { rule: "R690", why: `the pause of ops ended at ${until}` },
    });
    expect(eventNames(decision)).toEqual(["+resume"]);
  });

  test("S12 stands in the way of a claim until then, and its end is written first", () => {
    const watch = watchCalm({ state: groupState({ pause }) });

    expect(loseMaster(watch).rule).toBe("R700");
    const ended = watch.look({ samples: withoutMaster, afterMs: 30_000 });
    expect(commandsOf(ended).map((one) => one.kind)).toEqual(["write-state", "emit"]);
    expect(watch.look({ done: ended, samples: withoutMaster }).rule).toBe("S310");
  });
});

describe("R380 a request for later", () => {
  const at = wallTimeAt(130_000);

  test("disturbs no calm before its time", () => {
    const watch = watchAsked({ kind: "switchover", at });

    const decision = watch.look({ samples: everybody, afterMs: 1_000 });

    expect(decision).toMatchObject({ rule: "R799", look: { info: false, prepare: [] } });
  });

  test("is carried out when its time has come", () => {
    const watch = watchAsked({ kind: "switchover", at });
    watch.look({ samples: everybody, afterMs: 30_000 });

    const decision = watch.look({ samples: everybody, prepared: observed });

    expect(decision.rule).toBe("R380");
    expect(written(decision)).toMatchObject({ kind: "switchover", epoch: 2 });
  });

  test("R370 is dropped when nobody carried it out within minutes of its time", () => {
    const watch = watchAsked({ kind: "switchover", at });

    const decision = watch.look({ samples: everybody, afterMs: 331_000 });

    expect(decision.rule).toBe("R370");
    expect(decision.why).toBe(`switchover refused: it was planned for ${at}, 301 s ago`);
    expect(written(decision)).toMatchObject({ request: null, epoch: 1 });
  });
});

describe("R380 a node that an operator names", () => {
  test("is chosen, though another one would be", () => {
    const prepared = [
      prepares(n0, masterFacts(), 10),
      prepares(n1, replicaFacts({ priority: 1 }), 11),
      prepares(n2, replicaFacts({ priority: 100 }), 12),
    ];

    expect(written(watchAsked({}).look({ samples: everybody, prepared })).candidate?.node).toBe(n1);
    expect(
      written(watchAsked({ to: n2 }).look({ samples: everybody, prepared })).candidate?.node,
    ).toBe(n2);
  });

  test("S8 is refused when it may not be promoted", () => {
    const never = prepares(n2, replicaFacts({ priority: 0 }), 12);
    const prepared = [...observed.slice(0, 2), never];

    const decision = watchAsked({ to: n2 }).look({ samples: everybody, prepared });

    expect(decision.why).toContain(`${n2}: its replica-priority is 0`);
    expect(written(decision)).toMatchObject({ request: null, epoch: 1 });
  });
});

/** Both replicas answer; n2 lacks this many bytes of what the votes saw of the master. */
function counting(watch: Watch, lagBytes = 0, votes: readonly Vote[] = [vote("a"), vote("b")]) {
  const seen = votes.map((one) => ({ ...one, lastOffset: 100_000_000 }));
  const offset = 100_000_000 - lagBytes;
  const prepared = [
    prepares(n1, orphanFacts({ offset, runId: "run-n1", priority: 1 }), 11),
    prepares(n2, orphanFacts({ offset, runId: "run-n2" }), 12),
  ];
  const done = openAndConfirm(watch);
  return watch.look({ done, samples: withoutMaster, votes: seen, prepared });
}

const justFailedOver: Partial<GroupState> = { automaticEpoch: 1 };
const masterKnown = { epoch: 1, forMs: 20_000 };

describe("S350 what lifts the cool-down", () => {
  function rule(change: Partial<ReplaceRequest>): string {
    const state = groupState({ ...justFailedOver, request: asked(change) });
    return counting(watchCalm({ state, masterKnown })).rule;
  }

  test("is a failover that is due", () => {
    expect(rule({})).toBe("S370");
  });

  test("is not one that is planned for later", () => {
    expect(rule({ at: wallTimeAt(900_000) })).toBe("S350");
  });

  test("is not a switchover, which only a living master can do", () => {
    expect(rule({ kind: "switchover" })).toBe("S350");
  });
});

describe("a dead master and an operator's wish", () => {
  test("the node that was named takes its place", () => {
    expect(written(counting(watchAsked({}))).candidate?.node).toBe(n1);
    expect(written(counting(watchAsked({ to: n2 }))).candidate?.node).toBe(n2);
  });

  test("S357 a node that may not be promoted is no reason to promote nobody", () => {
    const watch = watchAsked({ to: n0 });

    const refused = counting(watch);

    expect(refused.rule).toBe("S357");
    expect(refused.why).toMatch(`failover refused: ${n0} can't replace ${n0}: ${n1}: ${n0} was`);
    expect(written(refused)).toMatchObject({ request: null, epoch: 1, round: { status: "open" } });
    const votes = [vote("a"), vote("b")];
    const next = watch.look({ done: refused, samples: withoutMaster, votes });
    expect(next.rule).toBe("S370");
    expect(written(next)).toMatchObject({ isAutomatic: true, candidate: { node: n1 } });
  });

  const lagBytes = 40_000_000;

  test("S360 a lag beyond maxLagBytes needs consent", () => {
    expect(counting(watchAsked({}), lagBytes)).toMatchObject({
      rule: "S360",
      why: expect.stringContaining("40000000 bytes behind, more than maxLagBytes 31457280"),
    });
  });

  test("a consent that suffices lets it be promoted", () => {
    const decision = counting(watchAsked({ allowedLossBytes: lagBytes }), lagBytes);

    expect(written(decision)).toMatchObject({ epoch: 2, isAutomatic: false });
  });

  test("S360 a consent that doesn't suffice is named", () => {
    const decision = counting(watchAsked({ allowedLossBytes: lagBytes - 1 }), lagBytes);

    expect(decision.why).toContain("40000000 bytes behind, more than the consented 39999999");
  });

  test("S360 the reason is told once for each wish, though the round is the same", () => {
    const watch = watchCalm();
    const held = counting(watch, lagBytes);
    const votes = [vote("a"), vote("b")].map((one) => ({ ...one, lastOffset: 100_000_000 }));
    const replicas = [n1, n2].map((node, index) =>
      prepares(node, orphanFacts({ offset: 60_000_000, runId: `run-${node}` }), 14 + index),
    );
    const askFor = (id: string) => {
      const state = watch.table ?? groupState();
      watch.table = { ...state, rev: state.rev + 1, request: asked({ id, allowedLossBytes: 1 }) };
      return watch.look({ samples: withoutMaster, votes, prepared: replicas });
    };

    const told = ["op#1", "op#1", "op#2"].map((id) => eventNames(askFor(id)));

    expect(eventNames(held)).toEqual(["-failover-abort-no-good-slave"]);
    expect(told).toEqual([
      ["-failover-abort-no-good-slave"],
      [],
      ["-failover-abort-no-good-slave"],
    ]);
  });
});
