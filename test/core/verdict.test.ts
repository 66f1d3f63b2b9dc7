import { describe, expect, test } from "@jest/globals";
import { absorbSample, discardMisses, unknownNode } from "../../lib/core/detector.ts";
import type { RedisErrorCode, Sample } from "../../lib/core/model.ts";
import { formatVerdict, verdictOf } from "../../lib/core/verdict.ts";
import { isAnswering } from "../../lib/core/view.ts";
import { answers, errs, isNowhere, isSilent, refuses, type Seen } from "../support/answers.ts";
import { masterFacts, n0, defaultSettings as settings } from "../support/builders.ts";

function memoryOf(...samples: readonly Seen<Sample>[]) {
  return samples.reduce(
    (memory, at, index) => absorbSample(memory, at(1_000 * (index + 1))),
    unknownNode(n0),
  );
}

const verdict = (nowMs: number, ...samples: readonly Seen<Sample>[]) =>
  formatVerdict(verdictOf(memoryOf(...samples), settings, nowMs));

describe("verdict", () => {
  test("up when it answers, loading when INFO says so", () => {
    expect(verdict(1_000, answers(n0, masterFacts()))).toBe("up");
    expect(verdict(1_000, answers(n0, masterFacts({ isLoading: true })))).toBe("loading");
  });

  test("slow before it was ever asked, and while evidence is building", () => {
    expect(verdict(1_000)).toBe("slow");
    expect(verdict(2_000, answers(n0), isSilent(n0))).toBe("slow");
  });

  test("down(silent) after downAfterMs, down(refused) after crashAfterMs", () => {
    expect(verdict(6_996, answers(n0), isSilent(n0))).toBe("slow");
    expect(verdict(6_997, answers(n0), isSilent(n0))).toBe("down(silent)");
    expect(verdict(3_000, answers(n0), refuses(n0), refuses(n0))).toBe("slow");
    expect(verdict(3_497, answers(n0), refuses(n0), refuses(n0))).toBe("down(refused)");
    expect(verdict(9_000, answers(n0), refuses(n0))).toBe("down(refused)");
  });

  test.each<[RedisErrorCode, string]>([
    ["LOADING", "loading"],
    ["BUSY", "busy"],
    ["MASTERDOWN", "up"],
    ["MISCONF", "degraded"],
    ["MAXCLIENTS", "full"],
    ["NOAUTH", "denied"],
    ["WRONGPASS", "denied"],
    ["NOPERM", "denied"],
    ["TLS", "denied"],
    ["PROTOCOL", "foreign"],
    ["OTHER", "degraded"],
  ])("N6 to N10: error %s is %s, never down however long it lasts", (code, expected) => {
    expect(verdict(3_600_000, errs(n0, code), errs(n0, code))).toBe(expected);
  });

  test("N26 a node that could not be asked is unresolved, and no silence of before is added to", () => {
    expect(verdict(3_600_000, answers(n0), isNowhere(n0), isNowhere(n0))).toBe("unresolved");
    expect(verdict(3_600_000, isSilent(n0), refuses(n0), refuses(n0), isNowhere(n0))).toBe(
      "unresolved",
    );
    expect(verdict(8_996, isSilent(n0), isSilent(n0), isNowhere(n0), isSilent(n0))).toBe("slow");
    expect(verdict(8_997, isSilent(n0), isSilent(n0), isNowhere(n0), isSilent(n0))).toBe(
      "down(silent)",
    );
    expect(isAnswering(memoryOf(answers(n0), isNowhere(n0)))).toBe(false);
  });

  test("foreign says what came instead of the Redis protocol", () => {
    const memory = memoryOf(errs(n0, "PROTOCOL", "PING was answered HTTP/1.1"));

    expect(verdictOf(memory, settings, 2_000)).toMatchObject({
      kind: "foreign",
      why: expect.stringContaining("HTTP/1.1"),
    });
  });

  test("C2 a freeze takes no node for answering that did not answer before it", () => {
    const thawed = discardMisses(memoryOf(answers(n0, masterFacts()), isSilent(n0)));

    expect(isAnswering(thawed)).toBe(false);
    expect(formatVerdict(verdictOf(thawed, settings, 99_000))).toBe("slow");
  });
});
