import { expect } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import type { Decision } from "../../lib/core/decide.ts";
import { n0, n1, promotingState } from "../support/builders.ts";
import { eventNames, Watch, withoutMaster, written } from "../support/watch.ts";

/** Leaders of an epoch, before and after its promotion. */

export const failed = (why: string, isCertain = false): Outcome => ({
  kind: "effect-failed",
  command: "promote",
  node: n1,
  epoch: 2,
  why,
  isCertain,
});

/** The epoch was closed as failed: the old master stays, and its candidate is nobody's. */
export function expectClosed(decision: Decision, rule: string, event: string): void {
  expect(decision.rule).toBe(rule);
  expect(written(decision)).toMatchObject({
    phase: "steady",
    master: { node: n0 },
    masterEpoch: 1,
    candidate: null,
    leader: null,
    lastEpoch: { epoch: 2, result: "failed", to: n1 },
  });
  expect(eventNames(decision)).toEqual([event]);
}

/** Leads an epoch that it did not claim itself, and has asked the old master. */
export function resumed(): Watch {
  const watch = new Watch({ state: promotingState({ leader: "a/2" }) });
  watch.look({ samples: withoutMaster });
  watch.look({ samples: withoutMaster });
  return watch;
}
