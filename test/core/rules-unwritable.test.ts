import { describe, expect, test } from "@jest/globals";
import { discardMisses } from "../../lib/core/detector.ts";
import type { GroupState, NodeFacts, Sample } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import { formatVerdict, verdictOf } from "../../lib/core/verdict.ts";
import { answers, errs, isSilent, prepares, type Seen } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
} from "../support/builders.ts";
import {
  eventNames,
  eventsOf,
  everybody,
  kindsOf,
  type Watch,
  type WatchStart,
  watchCalm,
  written,
} from "../support/watch.ts";

/** Fault N10: a master that answers and refuses writes (whenUnwritable). */

const failover = groupConfig({ settings: { whenUnwritable: "failover", cooldownMs: 60_000 } });
const full: Partial<NodeFacts> = { oddities: ["memory-full"] };
const replicas = [answers(n1, replicaFacts()), answers(n2, replicaFacts())];
const misconf = [errs(n0, "MISCONF"), ...replicas];
const isFull = [answers(n0, masterFacts(full)), ...replicas];

const ready = (one: Partial<NodeFacts> = {}, two: Partial<NodeFacts> = {}) => [
  prepares(n0, masterFacts(), 10),
  prepares(n1, replicaFacts({ offset: 990, ...one }), 11),
  prepares(n2, replicaFacts({ offset: 1_000, ...two }), 12),
];

const request = { id: "op#1", kind: "switchover" as const, by: "ops", ...noWishes };

const calm = (start: WatchStart = {}) => watchCalm({ config: failover, ...start });

function lookFor(watch: Watch, forMs: number, samples: readonly Seen<Sample>[]) {
  let decision = watch.look({ samples });
  for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
    decision = watch.look({ afterMs: 1_000, samples });
  }
  return decision;
}

/** The decision after everybody was asked over the sessions that would change roles. */
function decided(watch: Watch, prepared = ready(), samples = misconf) {
  expect(lookFor(watch, 5_000, samples)).toMatchObject({
    rule: "R785",
    look: { prepare: [n0, n1, n2], order: "nodes-first", state: true },
  });
  return watch.look({ prepared, samples });
}

function sinceOf(watch: Watch): number | null {
  return watch.memory.nodes[n0]?.unwritableSinceMs ?? null;
}

describe("N10 a master that refuses writes", () => {
  test("is degraded, is told of once, and stays the master by default", () => {
    const watch = watchCalm();
    watch.look({ samples: isFull });
    const [page] = watch.noticed;
    const node = watch.memory.nodes[n0];

    expect(page).toMatchObject({
      name: "+page",
      node: n0,
      message: expect.stringContaining("degraded: it holds more than maxmemory"),
    });
    expect(node && formatVerdict(verdictOf(node, failover.settings, watch.nowMs))).toBe("degraded");
    expect(lookFor(watch, 60_000, isFull).rule).toBe("R799");
    expect(watch.noticed).toEqual([]);
  });

  test("a replica that is full takes what its master sends: it is up", () => {
    const watch = calm();
    watch.look({ samples: [answers(n0, masterFacts()), answers(n1, replicaFacts(full))] });

    expect(watch.memory.verdicts[n1]).toEqual({ kind: "up" });
  });

  test.each<[string, Seen<Sample>[], boolean]>([
    [
      "INFO over a session",
      [(nowMs) => ({ ...answers(n0, masterFacts())(nowMs), over: "session" })],
      true,
    ],
    ["a probe that is missed", [isSilent(n0)], true],
    ["a PONG", [answers(n0)], false],
    ["another error", [errs(n0, "BUSY")], false],
    ["another role", [answers(n0, replicaFacts())], false],
  ])("after %s", (_name, samples, isHeld) => {
    const watch = calm();
    lookFor(watch, 2_000, misconf);
    const before = sinceOf(watch);
    watch.look({ samples });

    expect(before).not.toBeNull();
    expect(sinceOf(watch)).toBe(isHeld ? before : null);
  });

  test("INFO over a session is no PONG: it is degraded on, and told of once", () => {
    const overSession: Seen<Sample> = (nowMs) => ({
      ...answers(n0, masterFacts())(nowMs),
      over: "session",
    });
    const watch = calm();
    watch.look({ samples: misconf });
    expect(watch.noticed).toMatchObject([{ name: "+page" }]);

    watch.look({ samples: [overSession] });
    expect(watch.memory.verdicts[n0]).toEqual({ kind: "degraded" });
    watch.look({ samples: misconf });
    expect(watch.noticed).toEqual([]);
  });

  test("a frozen observer begins to count anew", () => {
    const watch = calm();
    lookFor(watch, 2_000, misconf);
    const node = watch.memory.nodes[n0];

    expect(node && discardMisses(node).unwritableSinceMs).toBeNull();
  });
});

describe("R785 the hand-over of a master that refuses writes", () => {
  test("MISCONF: not before downAfterMs, and then to the best replica, without a vote", () => {
    const watch = calm();
    expect(lookFor(watch, 4_000, misconf).rule).toBe("R799");

    const decision = decided(calm());

    expect(decision.rule).toBe("R785");
    expect(written(decision)).toMatchObject({
      phase: "promoting",
      kind: "switchover",
      isAutomatic: true,
      candidate: { node: n2 },
      round: { number: groupState().round.number },
    });
    expect(eventNames(decision)).toContain("+try-failover");
  });

  test("full: it takes no transaction, so it stays, and that is said once", () => {
    const watch = calm();
    const reasons = Array.from({ length: 9 }, () => eventsOf(lookFor(watch, 1_000, isFull))).flat();

    expect(reasons).toMatchObject([
      { name: "+hold", message: expect.stringContaining("takes no transaction") },
    ]);
  });

  test("passes over a replica that is full too, and stays where all are", () => {
    expect(written(decided(calm(), ready({}, full)))).toMatchObject({ candidate: { node: n1 } });

    const watch = calm();
    const decision = decided(watch, ready(full, full));
    expect(kindsOf(decision)).toEqual(["emit"]);
    expect(eventsOf(decision)).toMatchObject([
      { name: "+hold", message: expect.stringContaining(`${n1}: it holds more than maxmemory`) },
    ]);
    expect(eventNames(watch.look({ prepared: ready(full, full), samples: misconf }))).toEqual([]);
  });

  test("passes over a replica that can't save either, which a person's request does not", () => {
    const broken: Partial<NodeFacts> = { oddities: ["cannot-save"] };
    expect(written(decided(calm(), ready({}, broken)))).toMatchObject({ candidate: { node: n1 } });
    expect(eventsOf(decided(calm(), ready(broken, broken)))).toMatchObject([
      { name: "+hold", message: expect.stringContaining(`${n2}: it could not write its data`) },
    ]);

    const asked = calm({ state: groupState({ request }) });
    const decision = asked.look({ prepared: ready(broken, broken), samples: misconf });
    expect(decision.rule).toBe("R380");
    expect(written(decision)).toMatchObject({ candidate: { node: n2 }, isAutomatic: false });
  });

  test("needs the server's own FAILOVER, and a replica that keeps up", () => {
    const old = [prepares(n0, masterFacts({ failoverState: null }), 10), ...ready().slice(1)];
    const orphans = [
      prepares(n0, masterFacts(), 10),
      prepares(n1, orphanFacts(), 11),
      prepares(n2, orphanFacts(), 12),
    ];

    expect(eventsOf(decided(calm(), old))[0]?.message).toContain("offers no FAILOVER");
    expect(eventsOf(decided(calm(), orphans))[0]?.message).toContain("no replica of");
  });

  test.each<[string, Partial<GroupState>]>([
    [
      "its own cool-down after an automatic failover",
      { epoch: 1, masterEpoch: 1, automaticEpoch: 1 },
    ],
    [
      "the back-off after a hand-over that failed",
      { epoch: 6, masterEpoch: 1, automaticEpoch: null },
    ],
  ])("waits for %s", (_name, change) => {
    const watch = calm({ state: groupState(change), masterKnown: { epoch: 1, forMs: 0 } });

    const decision = lookFor(watch, 6_000, misconf);

    expect(decision).toMatchObject({ rule: "R785", plan: [] });
    expect(decision.why).toContain("the next try is in");
    expect(lookFor(watch, 60_000, misconf).look.prepare).toEqual([n0, n1, n2]);
  });

  test("does nothing while a round is open, while it is paused, and when writes are taken again", () => {
    const round = { ...groupState().round, status: "open" as const, suspect: n0 };
    const pause = { by: "ops", reason: "work", until: null, rev: 1 };

    expect(lookFor(calm({ state: groupState({ round }) }), 9_000, misconf).rule).not.toBe("R785");
    expect(lookFor(calm({ state: groupState({ pause }) }), 9_000, misconf).rule).toBe("R700");
    const watch = calm();
    lookFor(watch, 9_000, misconf);
    expect(watch.look({ samples: everybody }).rule).toBe("R799");
  });
});
