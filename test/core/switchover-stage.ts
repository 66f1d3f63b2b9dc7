import { expect } from "@jest/globals";
import type { Decision } from "../../lib/core/decide.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import { noWishes } from "../../lib/core/state.ts";
import { prepares } from "../support/answers.ts";
import { groupState, masterFacts, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { everybody, type Watch, watchCalm, written } from "../support/watch.ts";

/** A hand-over from n0 to n1, as far as it got. */

export const request = { id: "op#1", kind: "failover" as const, by: "ops", ...noWishes };
export const asked = groupState({ request });

export function observing(master: NodeFacts | null, first: NodeFacts | null = replicaFacts()) {
  return [prepares(n0, master, 10), prepares(n1, first, 11), prepares(n2, replicaFacts(), 12)];
}

export function claimedHandOver(watch: Watch = watchCalm({ state: asked })): Decision {
  return watch.look({ samples: everybody, prepared: observing(masterFacts()) });
}

/** Has asked n0 to hand over to n1. */
export function askedToHandOver(): Watch {
  const watch = watchCalm({ state: asked });
  const handOver = watch.look({ done: claimedHandOver(watch), state: "unread" });
  watch.look({ done: handOver, samples: everybody });
  return watch;
}

export function expectClosed(decision: Decision, rule: string): void {
  expect(decision.rule).toBe(rule);
  expect(written(decision)).toMatchObject({
    phase: "steady",
    master: { node: n0 },
    request: null,
    lastEpoch: { kind: "switchover", result: "failed" },
  });
}
