import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import type { GroupState, NodeFacts } from "../../lib/core/model.ts";
import type { WriteAnswer } from "../../lib/core/spells.ts";
import { answers, errs, prepares } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  replicaFacts,
} from "../support/builders.ts";
import {
  commandsOf,
  eventsOf,
  everybody,
  type Watch,
  type WatchStart,
  watchCalm,
} from "../support/watch.ts";

/** Fault N10: what PING does not tell of a master that refuses writes (writeProbeKey). */

const config = groupConfig({ settings: { writeProbeKey: "health", whenUnwritable: "failover" } });
const periodMs = 10_000;
const observed = (facts: Partial<NodeFacts> = {}) => [prepares(n0, masterFacts(facts), 9)];

function calm(start: WatchStart = {}): Watch {
  return watchCalm({ config, ...start });
}

function told(watch: Watch, answer: WriteAnswer, why = "its words"): Outcome {
  return { kind: "write-told", node: n0, answer, why, atMs: watch.nowMs };
}

/** The write of one period, and the look that brings its answer. */
function tried(watch: Watch, answer: WriteAnswer, why?: string) {
  watch.look({ afterMs: periodMs, samples: everybody });
  watch.look({ prepared: observed(), samples: everybody });
  const decision = watch.look({ samples: everybody, outcomes: [told(watch, answer, why)] });
  return { decision, noticed: watch.noticed };
}

describe("R737 a write that is tried on the master", () => {
  test("is tried nowhere by default", () => {
    const watch = watchCalm();

    expect(watch.look({ afterMs: periodMs, samples: everybody }).rule).toBe("R799");
  });

  test("goes out over a session on which the master was observed before STATE was read", () => {
    const watch = calm();
    const first = watch.look({ samples: everybody });
    expect(first).toMatchObject({
      rule: "R737",
      plan: [],
      look: { prepare: [n0], order: "nodes-first", state: true },
    });

    const decision = watch.look({ prepared: observed(), samples: everybody });

    expect(commandsOf(decision)).toEqual([
      { kind: "write-probe", node: n0, session: 9, epoch: 1, key: "health", ttlMs: 20_000 },
    ]);
    expect(eventsOf(decision)).toEqual([]);
  });

  test("is repeated with every tenth interval, and not before", () => {
    const watch = calm();
    tried(watch, "taken");

    expect(watch.look({ afterMs: periodMs - 100, samples: everybody }).rule).toBe("R799");
    expect(watch.look({ afterMs: 200, samples: everybody }).rule).toBe("R737");
  });

  test("is not sent to who says to be a replica, nor on an observation that is newer than STATE", () => {
    const watch = calm();
    const asReplica = [prepares(n0, replicaFacts(), 9)];
    const replica = watch.look({ prepared: asReplica, samples: everybody });
    const unread = calm().look({ prepared: observed(), samples: everybody, state: "unread" });

    expect(commandsOf(replica)).toEqual([]);
    expect(commandsOf(unread)).toEqual([]);
  });

  test.each<[string, Partial<GroupState>, typeof everybody]>([
    ["paused", { pause: { by: "ops", reason: "work", until: null, rev: 1 } }, everybody],
    ["of a round", { round: { ...groupState().round, status: "open" } }, everybody],
    ["without a PONG", {}, [errs(n0, "MISCONF"), ...everybody.slice(1)]],
    [
      "of another history",
      {},
      [answers(n0, masterFacts({ replid: "id-9" })), ...everybody.slice(1)],
    ],
  ])("is not sent in a moment that is %s", (_name, change, samples) => {
    const watch = calm({ state: groupState(change) });
    watch.look({ afterMs: periodMs, samples });

    expect(commandsOf(watch.look({ prepared: observed(), samples }))).not.toContainEqual(
      expect.objectContaining({ kind: "write-probe" }),
    );
  });

  test("a session that can't be had is tried again at the next interval", () => {
    const watch = calm();
    const none = [prepares(n0, null, 0)];

    expect(watch.look({ prepared: none, samples: everybody }).rule).toBe("R799");
    expect(watch.look({ afterMs: 1_000, samples: everybody }).rule).toBe("R737");
  });
});

describe("the answer to a write", () => {
  test("a refusal makes the master degraded, with its words, and it hands over to nobody for it", () => {
    const watch = calm();
    const { noticed } = tried(watch, "refused", "NOREPLICAS Not enough good replicas");

    expect(noticed).toMatchObject([
      { name: "+page", node: n0, message: expect.stringContaining("degraded: NOREPLICAS") },
    ]);
    for (let turn = 0; turn < 9; turn += 1) {
      const { rule } = watch.look({ afterMs: 1_000, samples: everybody });
      expect(rule).toBe("R799");
    }
    expect(watch.memory.verdicts[n0]).toEqual({ kind: "degraded" });
    tried(watch, "taken");
    expect(watch.memory.verdicts[n0]).toEqual({ kind: "up" });
  });

  test("a first one that does not come says nothing, a second one is a refusal", () => {
    const watch = calm();
    tried(watch, "unanswered", "no reply within 500 ms");
    expect(watch.memory.verdicts[n0]).toEqual({ kind: "up" });

    const { noticed } = tried(watch, "unanswered", "no reply within 500 ms");

    expect(noticed).toMatchObject([
      { name: "+page", message: expect.stringContaining("no reply within 500 ms") },
    ]);
    expect(watch.memory.verdicts[n0]).toEqual({ kind: "degraded" });
  });

  test("one that is no word on writes changes nothing", () => {
    const watch = calm();
    tried(watch, "refused");
    tried(watch, "moot", "LOADING");

    expect(watch.memory.verdicts[n0]).toEqual({ kind: "degraded" });
  });

  test("a missing right is odd, and no trouble of the master's", () => {
    const watch = calm();
    const { decision } = tried(watch, "denied", "NOPERM");

    expect(watch.memory.verdicts[n0]).toEqual({ kind: "up" });
    expect(eventsOf(decision)).toMatchObject([
      { name: "+oddity", message: expect.stringContaining("add +set and the key") },
    ]);
  });

  test("is no news any more after three periods, after a change of role, and without the setting", () => {
    const old = calm();
    tried(old, "refused");
    const state = groupState({ pause: { by: "ops", reason: "work", until: null, rev: 1 } });
    old.table = state;
    for (let turn = 0; turn < 4; turn += 1) old.look({ afterMs: periodMs, samples: everybody });
    expect(old.memory.verdicts[n0]).toEqual({ kind: "up" });

    const changed = calm();
    tried(changed, "refused");
    changed.look({ samples: everybody, config: groupConfig() });
    expect(changed.memory.verdicts[n0]).toEqual({ kind: "up" });

    const demoted = calm();
    tried(demoted, "refused");
    demoted.look({ samples: [answers(n0, replicaFacts()), answers(n1), answers(n2)] });
    expect(demoted.memory.nodes[n0]?.writeProbe).toBeNull();
  });
});
