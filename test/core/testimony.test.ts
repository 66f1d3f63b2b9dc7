import { describe, expect, test } from "@jest/globals";
import { absorbSample, type NodeMemory, unknownNode } from "../../lib/core/detector.ts";
import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import { allLinksDown, allowsDeath, summarise, testimonies } from "../../lib/core/testimony.ts";
import { answers, isSilent, type Seen } from "../support/answers.ts";
import {
  groupConfig,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
  defaultSettings as settings,
} from "../support/builders.ts";

type Moment = readonly [nowMs: number, sample: Seen<Sample>];

function memoryOf(node: string, moments: readonly Moment[]): NodeMemory {
  return moments.reduce(
    (memory, [nowMs, at]) => absorbSample(memory, at(nowMs)),
    unknownNode(node),
  );
}

/** n0 answered at 10 s and has been silent since a probe sent at 11 s. */
function silentMaster(facts: Partial<NodeFacts> = {}): NodeMemory {
  return memoryOf(n0, [
    [10_000, answers(n0, masterFacts({ replPingMs: 10_000, ...facts }))],
    [11_003, isSilent(n0)],
    [12_003, isSilent(n0)],
  ]);
}

/** n1 as INFO showed it at these instants. */
function replica(...infos: readonly (readonly [nowMs: number, facts: Partial<NodeFacts>])[]) {
  return memoryOf(
    n1,
    infos.map(([nowMs, facts]) => [nowMs, answers(n1, replicaFacts(facts))] as const),
  );
}

function heard(nowMs: number, master: NodeMemory, ...others: readonly NodeMemory[]) {
  return testimonies(groupConfig(), master, others, nowMs);
}

const idle = { offset: 1_000, lastIoSeconds: 3 };

describe("F13 what a replica says of a master that does not answer", () => {
  test("alive: its offset advances between two answers asked after the first miss", () => {
    const busy = replica(
      [12_000, { ...idle, offset: 1_000 }],
      [13_000, { ...idle, offset: 1_001 }],
    );

    expect(heard(13_000, silentMaster(), busy)).toMatchObject([{ replica: n1, says: "alive" }]);
  });

  test("alive: it heard from the master more than a second after the first miss", () => {
    const link = replica([14_000, { lastIoSeconds: 1 }]);

    expect(heard(14_000, silentMaster(), link)).toMatchObject([{ says: "alive" }]);
  });

  test("INFO's whole seconds never make a word out of before into a word of after", () => {
    const link = replica([12_500, { lastIoSeconds: 1 }]);

    expect(heard(12_500, silentMaster(), link)).toMatchObject([{ says: "silent" }]);
  });

  test("dead: its link is down", () => {
    const cut = replica([13_000, { isLinkUp: false }]);

    expect(heard(13_000, silentMaster(), cut)).toMatchObject([{ says: "dead", isLinkDown: true }]);
  });

  test("silent: an idle master feeds its link only once in its ping period", () => {
    const link = replica([12_000, idle], [13_000, { ...idle, lastIoSeconds: 4 }]);

    expect(heard(13_000, silentMaster(), link)).toMatchObject([{ says: "silent" }]);
  });

  test("dead: silence longer than the master's ping period and a grace", () => {
    const quiet = replica([20_000, { lastIoSeconds: 11 }]);

    expect(heard(20_998, silentMaster(), quiet)).toMatchObject([{ says: "silent" }]);
    expect(heard(20_999, silentMaster(), quiet)).toMatchObject([
      { says: "dead", isLinkDown: false },
    ]);
  });

  test("the ping period is the master's own where it was seen, Redis's default where not", () => {
    const quiet = replica([14_000, { lastIoSeconds: 4 }]);

    expect(heard(14_000, silentMaster({ replPingMs: 1_000 }), quiet)).toMatchObject([
      { says: "dead" },
    ]);
    expect(heard(14_000, silentMaster({ replPingMs: null }), quiet)).toMatchObject([
      { says: "silent" },
    ]);
  });

  test("dead: a stream that advanced at every recent probe has stopped", () => {
    const stopped = replica(
      [8_000, { offset: 700 }],
      [9_000, { offset: 800 }],
      [10_000, { offset: 900 }],
      [12_000, idle],
      [13_000, { ...idle, lastIoSeconds: 4 }],
    );

    expect(heard(13_000, silentMaster(), stopped)).toMatchObject([
      { says: "dead", why: "a busy stream stopped" },
    ]);
  });

  test("a stream that had paused before proves nothing by stopping", () => {
    const bursty = replica(
      [8_000, { offset: 700 }],
      [9_000, { offset: 700 }],
      [10_000, { offset: 1_000 }],
      [12_000, idle],
      [13_000, idle],
    );

    expect(heard(13_000, silentMaster(), bursty)).toMatchObject([{ says: "silent" }]);
  });

  test("one answer after the first miss is not enough to call a stream stopped", () => {
    const once = replica(
      [8_000, { offset: 700 }],
      [9_000, { offset: 800 }],
      [10_000, { offset: 900 }],
      [12_000, idle],
    );

    expect(heard(12_000, silentMaster(), once)).toMatchObject([{ says: "silent" }]);
  });
});

describe("who may not testify", () => {
  test("a replica of another master", () => {
    const stranger = replica([13_000, { masterHost: "10.9.9.9" }]);
    const ofReplica = replica([13_000, { masterHost: "10.0.0.3" }]);

    expect(heard(13_000, silentMaster(), stranger, ofReplica)).toEqual([]);
  });

  test("a node that is no replica, or was not asked since the first miss", () => {
    const promoted = memoryOf(n1, [[13_000, answers(n1, masterFacts())]]);
    const askedBefore = replica([11_002, { lastIoSeconds: 0 }]);

    expect(heard(13_000, silentMaster(), promoted, askedBefore, unknownNode(n2))).toEqual([]);
  });

  test("a replica that does not answer now", () => {
    const gone = memoryOf(n1, [
      [12_000, answers(n1, replicaFacts())],
      [13_000, isSilent(n1)],
    ]);

    expect(heard(13_000, silentMaster(), gone)).toEqual([]);
  });

  test("anybody, while the master answers", () => {
    const master = memoryOf(n0, [[13_000, answers(n0)]]);

    expect(heard(13_000, master, replica([13_000, {}]))).toEqual([]);
  });
});

describe("the testimonies together", () => {
  const alive = { replica: n1, says: "alive" as const, why: "" };
  const silent = { replica: n1, says: "silent" as const, why: "" };
  const dead = { replica: n1, says: "dead" as const, isLinkDown: true, why: "" };

  test("alive outweighs silent, silent outweighs dead", () => {
    expect(summarise([dead, silent, alive])).toBe("alive");
    expect(summarise([dead, silent])).toBe("silent");
    expect(summarise([dead])).toBe("dead");
    expect(summarise([])).toBe("none");
  });

  test("dead and none allow a down vote; silent never; alive only by policy", () => {
    const fails = { ...settings, whenUnreachable: "failover" as const };

    expect(allowsDeath([dead], settings)).toBe(true);
    expect(allowsDeath([], settings)).toBe(true);
    expect([settings, fails].map((one) => allowsDeath([silent, dead], one))).toEqual([
      false,
      false,
    ]);
    expect([settings, fails].map((one) => allowsDeath([alive], one))).toEqual([false, true]);
  });

  test("refused connects need links down on every replica that answers", () => {
    const cut = memoryOf(n1, [[13_000, answers(n1, orphanFacts())]]);
    const linked = memoryOf(n2, [[13_000, answers(n2, replicaFacts())]]);
    const gone = memoryOf(n2, [[13_000, isSilent(n2)]]);
    const links = (...others: readonly NodeMemory[]) =>
      allLinksDown(heard(13_000, silentMaster(), ...others), others);

    expect(links(cut)).toBe(true);
    expect(links(cut, gone)).toBe(true);
    expect(links(cut, linked)).toBe(false);
    expect(links(gone)).toBe(false);
  });
});
