import { describe, expect, test } from "@jest/globals";
import type { Command, Outcome } from "../../lib/core/commands.ts";
import { tellOutcome } from "../../lib/shift/effect-log.ts";
import { groupConfig, groupState, n1, promotedFacts, promotingState } from "../support/builders.ts";

const promote: Command = { kind: "promote", node: n1, session: 1, epoch: 2, beside: null };
const probe: Command = {
  ...{ kind: "write-probe", node: n1, session: 1, epoch: 2 },
  ...{ key: "probe", ttlMs: 1_000 },
};
const failed = { kind: "effect-failed", command: "promote", node: n1, epoch: 2 } as const;

function told(command: Command, outcome: Outcome) {
  const lines: (readonly [string, string, Readonly<Record<string, unknown>>])[] = [];
  const reporter = {
    event: () => {},
    line: (level: string, message: string, fields: Readonly<Record<string, unknown>>) => {
      lines.push([level, message, fields]);
    },
    flush: () => Promise.resolve(),
  };
  const memory = { config: groupConfig(), state: groupState({ epoch: 2, rev: 7 }) };
  tellOutcome({ reporter }, memory, { rule: "P500", command, tookMs: 11.6 }, outcome);
  return lines;
}

describe("an effect", () => {
  test("is one line with its rule, node, epoch and duration", () => {
    const outcome: Outcome = {
      ...{ kind: "promoted", node: n1, epoch: 2, facts: promotedFacts(), askedAtMs: 0, atMs: 1 },
      ...{ oldMaster: null, warnings: [], trips: { store: 1, redis: 1 } },
    };
    expect(told(promote, outcome)).toEqual([
      [
        "info",
        `promote ${n1}: done`,
        {
          ...{ what: "effect", effect: "promote", outcome: "done", rule: "P500", node: n1 },
          ...{ group: "cache", epoch: 2, round: expect.any(Number), rev: 7, tookMs: 12 },
        },
      ],
    ]);
  });

  test.each([
    [true, "failed"],
    [false, "unknown"],
  ])("whose failure is certain: %s, ends as %s", (isCertain, end) => {
    const [line] = told(promote, { ...failed, why: "no answer", isCertain });

    expect(line).toMatchObject(["warn", `promote ${n1}: no answer`, { outcome: end }]);
  });

  test("that was withheld has its line already, and a write that a master took is calm", () => {
    expect(told(promote, { kind: "withheld", command: "promote", why: "late" })).toEqual([]);
    const write = { kind: "write-told", node: n1, atMs: 0 } as const;
    expect(told(probe, { ...write, answer: "taken", why: "" })).toEqual([]);
    expect(told(probe, { ...write, answer: "refused", why: "MISCONF" })).toHaveLength(1);
  });

  test("that is a write of STATE tells what it would have made of it, and who was faster", () => {
    const next = promotingState({ rev: 8 });
    const write: Command = { kind: "write-state", base: 7, next, attempt: "a#1" };
    const lost: Outcome = {
      ...{ kind: "state-lost", state: groupState({ rev: 9 }), askedAtMs: 0, readAtMs: 1 },
    };
    const [line] = told(write, lost);

    expect(line).toMatchObject([
      "warn",
      `STATE rev 8, phase promoting, epoch ${next.epoch}: not written: rev 9 was there first`,
      { outcome: "lost", rev: 8, epoch: next.epoch },
    ]);
  });
});
