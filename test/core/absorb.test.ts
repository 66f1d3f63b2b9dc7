import { describe, expect, test } from "@jest/globals";
import { unknownNode } from "../../lib/core/detector.ts";
import { isJoinable } from "../../lib/core/memory.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  n0,
  n1,
  n2,
  nodeConfig,
  openOn,
  orphanFacts,
  vote,
} from "../support/builders.ts";
import { everybody, Watch, watchCalm, withoutMaster } from "../support/watch.ts";

describe("what a shift knows of STATE", () => {
  test("a read that was asked for earlier never replaces a later one", () => {
    const watch = watchCalm();
    watch.table = groupState({ rev: 12 });
    watch.look();
    watch.table = groupState({ rev: 11 });

    watch.look({ stateAskedAgoMs: 20 });

    expect(watch.memory.state?.rev).toBe(12);
  });

  test("the answer to a lost write is the newest there is", () => {
    const watch = watchCalm();
    const state = groupState({ rev: 15 });
    const outcome = {
      kind: "state-lost" as const,
      state,
      askedAtMs: watch.nowMs + 1,
      readAtMs: watch.nowMs + 2,
    };

    watch.look({ outcomes: [outcome], state: "unread" });

    expect(watch.memory.state?.rev).toBe(15);
  });

  test("an absent item is known to be absent, which is not the same as not asked", () => {
    const watch = new Watch({ state: null });
    expect(watch.memory.state).toBeUndefined();

    watch.look();

    expect(watch.memory.state).toBeNull();
  });
});

describe("F2 which rounds a shift may vote in", () => {
  const joins = (watch: Watch, number: number) =>
    isJoinable(watch.memory, groupState({ round: openOn(number) }));

  test("those that were opened after its own first read, and the one it was woken for", () => {
    expect(joins(new Watch(), 9)).toBe(false);
    expect([4, 5].map((number) => joins(watchCalm(), number))).toEqual([false, true]);
    expect([3, 4].map((number) => joins(watchCalm({ wokenFor: 4 }), number))).toEqual([
      false,
      true,
    ]);
  });

  test("none that it knew before a freeze", () => {
    const watch = watchCalm({ wokenFor: 4 });
    watch.table = groupState({ rev: 11, round: openOn(5) });
    watch.look();

    watch.look({ wasFrozen: true });

    expect([4, 5, 6].map((number) => joins(watch, number))).toEqual([false, false, true]);
  });
});

describe("a freeze", () => {
  test("forgets misses, sessions, votes and the promotion under way", () => {
    const watch = watchCalm();
    watch.look({
      samples: withoutMaster,
      prepared: [prepares(n1, orphanFacts())],
      votes: [vote("b")],
    });

    watch.look({ wasFrozen: true, state: "unread" });

    expect(watch.memory.nodes[n0]?.missedAtMs).toEqual([]);
    expect(watch.memory).toMatchObject({
      prepared: {},
      votes: null,
      promotion: null,
      wokenFor: null,
    });
  });

  test("keeps what was seen after the thaw", () => {
    const watch = watchCalm();

    watch.look({ wasFrozen: true, samples: [isSilent(n0)] });

    expect(watch.memory.nodes[n0]?.missedAtMs).toHaveLength(1);
  });
});

describe("C2 a probe that was under way during a freeze", () => {
  const asleep = 20_000;

  test("and is told as unanswered at the thaw, is no miss: its answer may lie in the socket", () => {
    const watch = watchCalm();

    watch.look({ wasFrozen: true, samples: [(nowMs) => isSilent(n0)(nowMs - asleep)] });

    expect(watch.memory.nodes[n0]?.missedAtMs).toEqual([]);
  });

  test("and was answered, is an answer", () => {
    const watch = watchCalm();
    watch.look({ samples: [isSilent(n0)] });

    watch.look({ wasFrozen: true, samples: [(nowMs) => answers(n0)(nowMs - asleep)] });

    expect(watch.memory.nodes[n0]?.lastReply?.kind).toBe("pong");
  });
});

describe("a new configuration", () => {
  test("that looks for a node elsewhere knows nothing of it, and still all of the others", () => {
    const watch = watchCalm();
    const before = watch.memory.config;
    const away = { host: "10.9.0.2", port: 6379 };
    const config = {
      ...before,
      version: before.version + 1,
      nodes: before.nodes.map((node) => (node.id === n1 ? { ...node, probe: away } : node)),
    };
    const known = watch.memory.nodes[n2];

    watch.look({ config, samples: [] });

    expect(watch.memory.nodes[n1]).toEqual(unknownNode(n1));
    expect(watch.memory.nodes[n2]).toEqual(known);
  });

  test("keeps what is known of the nodes that stay, and drops votes and sessions", () => {
    const watch = watchCalm();
    watch.look({ prepared: [prepares(n1, orphanFacts())], votes: [vote("b")] });
    const added = "10.0.0.4:6379";
    const config = groupConfig({ version: 2, nodes: [n0, n1, added].map(nodeConfig) });

    watch.look({ config });

    expect(Object.keys(watch.memory.nodes)).toEqual([n0, n1, added]);
    expect(watch.memory.nodes[n0]?.facts?.role).toBe("master");
    expect(watch.memory.nodes[added]?.lastReply).toBeNull();
    expect(watch.memory).toMatchObject({ prepared: {}, votes: null });
  });

  test("samples of nodes that are gone are dropped", () => {
    const watch = watchCalm();
    watch.look({ config: groupConfig({ version: 2, nodes: [n0, n1].map(nodeConfig) }) });

    watch.look({ samples: everybody });

    expect(watch.memory.nodes[n2]).toBeUndefined();
  });
});

describe("F16 how long the committed master is known", () => {
  test("from the predecessor's heartbeat, where the master is still the same", () => {
    const watch = watchCalm({ masterKnown: { epoch: 1, forMs: 20_000 } });

    expect(watch.nowMs - watch.memory.masterKnown.sinceMs).toBeGreaterThanOrEqual(20_000);
    expect(watch.memory.masterKnown.sinceMs).toBe(80_000);
  });

  test("for ever, where it was committed before this shift looked", () => {
    expect(watchCalm().memory.masterKnown).toEqual({
      epoch: 1,
      sinceMs: Number.NEGATIVE_INFINITY,
    });
  });

  test("from when this observer saw it change", () => {
    const watch = watchCalm();
    watch.table = groupState({ rev: 11, epoch: 2, masterEpoch: 2 });

    watch.look();

    expect(watch.memory.masterKnown).toEqual({ epoch: 2, sinceMs: watch.nowMs - 1 });
  });
});
