import { describe, expect, test } from "@jest/globals";
import {
  absorbSample,
  discardMisses,
  evidenceFullAtMs,
  firstMissAtMs,
  isRefusedTooLong,
  isSilentTooLong,
  isSuspect,
  type NodeMemory,
  unknownNode,
} from "../../lib/core/detector.ts";
import type { Sample } from "../../lib/core/model.ts";
import { answers, errs, isSilent, refuses, type Seen } from "../support/answers.ts";
import { masterFacts, n0, replicaFacts, defaultSettings as settings } from "../support/builders.ts";

/** Folds samples taken at these instants; each was sent 3 ms before. */
function seen(...samples: readonly (readonly [nowMs: number, sample: Seen<Sample>])[]): NodeMemory {
  return samples.reduce((memory, [nowMs, at]) => absorbSample(memory, at(nowMs)), unknownNode(n0));
}

const asAnswered = answers(n0, masterFacts());

describe("positions in the stream", () => {
  test("a replica that lost its link is remembered where INFO last saw it (ROLE does not say)", () => {
    const linkless = answers(n0)(3_003);
    const memory = [
      answers(n0, replicaFacts({ offset: 900 }))(2_003),
      { ...linkless, role: { role: "replica" as const, offset: null } },
    ].reduce(absorbSample, unknownNode(n0));

    expect(memory.positions.at(-1)).toMatchObject({ offset: 900 });
    expect(memory.role).toBe("replica");
  });
});

describe("what a session does not ask", () => {
  const overSession: Seen<Sample> = (nowMs) => ({
    ...answers(n0, masterFacts({ replPingMs: null, sentinels: null }))(nowMs),
    over: "session",
  });

  test("stays as a probe was told: the ping period, and the Sentinels", () => {
    const told = answers(n0, masterFacts({ replPingMs: 1_000, sentinels: 2 }));

    expect(seen([1_000, told], [2_000, overSession]).facts).toMatchObject({
      replPingMs: 1_000,
      sentinels: 2,
    });
  });

  test("is not known where the last probe was refused it", () => {
    const told = answers(n0, masterFacts({ sentinels: 0 }));
    const refused = answers(n0, masterFacts({ sentinels: null }));

    expect(seen([1_000, told], [2_000, refused], [3_000, overSession]).facts?.sentinels).toBeNull();
  });
});

describe("silence", () => {
  test("is full evidence downAfterMs after the sending of the first unanswered probe", () => {
    const memory = seen([1_000, asAnswered], [2_003, isSilent(n0)], [3_003, isSilent(n0)]);

    expect(firstMissAtMs(memory)).toBe(2_000);
    expect(isSilentTooLong(memory, settings, 6_999)).toBe(false);
    expect(isSilentTooLong(memory, settings, 7_000)).toBe(true);
    expect(evidenceFullAtMs(memory, settings)).toBe(7_000);
  });

  test.each([
    ["a pong", answers(n0)],
    ["an error", errs(n0, "LOADING")],
  ])("ends with %s", (_name, sample) => {
    const memory = seen([2_003, isSilent(n0)], [3_003, isSilent(n0)], [4_003, sample]);

    expect(isSuspect(memory)).toBe(false);
    expect(evidenceFullAtMs(memory, settings)).toBeNull();
    expect(memory.lastAnsweredAtMs).toBe(4_001);
  });

  test.each(["timeout", "reset"] as const)("a %s is silence", (kind) => {
    expect(seen([1_000, isSilent(n0, { reply: { kind } })]).missedAtMs).toEqual([997]);
  });

  test("that lasts for hours keeps its beginning in bounded memory (fault C13)", () => {
    const probes = Array.from({ length: 500 }, (_, second) => second * 1_000 + 3);

    const memory = seen(...probes.map((atMs) => [atMs, isSilent(n0)] as const));

    expect(memory.missedAtMs).toHaveLength(64);
    expect(firstMissAtMs(memory)).toBe(0);
  });
});

describe("a late reply", () => {
  test("N5 counts for the probe that it answers: a slow node is slow, not down", () => {
    const memory = seen(
      [1_003, isSilent(n0)],
      [2_003, isSilent(n0)],
      [3_003, isSilent(n0, { lateReplyToMs: 1_000 })],
    );

    expect(memory.missedAtMs).toEqual([2_000, 3_000]);
    expect(isSilentTooLong(memory, settings, 6_000)).toBe(false);
    expect(memory.lastAnsweredAtMs).toBe(1_000);
  });

  test("never moves the last answer back", () => {
    const memory = seen([5_002, asAnswered], [6_003, isSilent(n0, { lateReplyToMs: 2_000 })]);

    expect(memory.lastAnsweredAtMs).toBe(5_000);
  });
});

describe("refused fresh connects", () => {
  test("are crash evidence after crashAfterMs, twice at least", () => {
    const once = seen([1_003, refuses(n0)]);
    const twice = seen([1_003, refuses(n0)], [2_003, refuses(n0)]);

    expect(isRefusedTooLong(once, settings, 9_000)).toBe(false);
    expect(isRefusedTooLong(twice, settings, 2_499)).toBe(false);
    expect(isRefusedTooLong(twice, settings, 2_500)).toBe(true);
    expect(evidenceFullAtMs(twice, settings)).toBe(2_500);
  });

  test("a reset between them breaks the series: our own CLIENT KILL resets sockets", () => {
    const reset = isSilent(n0, { reply: { kind: "reset" } });

    const memory = seen([1_003, refuses(n0)], [2_003, reset], [3_003, refuses(n0)]);

    expect(memory.refusals).toBe(1);
    expect(isRefusedTooLong(memory, settings, 9_000)).toBe(false);
    expect(isSilentTooLong(memory, settings, 6_000)).toBe(true);
  });

  test("on a connection that stood before are silence only", () => {
    const stale = isSilent(n0, { reply: { kind: "refused" }, isFreshConnect: false });

    expect(seen([1_000, stale]).refusals).toBe(0);
  });

  test("are no evidence with crashAfterMs 0", () => {
    const memory = seen([1_003, refuses(n0)], [2_003, refuses(n0)]);

    expect(isRefusedTooLong(memory, { ...settings, crashAfterMs: 0 }, 60_000)).toBe(false);
  });
});

describe("a freeze", () => {
  test("discards what the frozen process missed, and keeps what the node said (fault C2)", () => {
    const before = seen([1_000, asAnswered], [2_000, refuses(n0)], [3_000, refuses(n0)]);

    const thawed = discardMisses(before);

    expect(isSuspect(thawed)).toBe(false);
    expect(thawed.refusedSinceMs).toBeNull();
    expect(thawed.facts).toEqual(masterFacts());
    expect(isSilentTooLong(thawed, settings, 99_000)).toBe(false);
  });
});

describe("what a node said", () => {
  test("its role counts from when it was first reported", () => {
    const memory = seen(
      [1_002, answers(n0, masterFacts())],
      [2_002, answers(n0, replicaFacts())],
      [3_002, answers(n0, replicaFacts())],
    );

    expect(memory).toMatchObject({ role: "replica", roleSinceMs: 2_000 });
  });

  test("a probe without INFO keeps the facts and their age", () => {
    const memory = seen([1_003, asAnswered], [2_003, answers(n0)]);

    expect(memory).toMatchObject({ factsAskedAtMs: 1_000, factsAtMs: 1_001, latencyMs: 1 });
  });

  test("positions in the stream are remembered, the last eight of them", () => {
    const probes = Array.from({ length: 10 }, (_, index) => index + 1);

    const memory = seen(
      ...probes.map((offset) => [offset * 1_000, answers(n0, masterFacts({ offset }))] as const),
    );

    expect(memory.positions.map((position) => position.offset)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
