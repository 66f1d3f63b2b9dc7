import { expect, test } from "@jest/globals";
import type { Look } from "../../lib/core/commands.ts";
import { observe } from "../../lib/shift/observe.ts";
import { groupConfig, n0 } from "../support/builders.ts";
import { handsWith } from "../support/hands.ts";
import { createMemoryStore } from "../support/memory-store.ts";

/** What began and what ended, in that order, of one node and of STATE. */
async function lookIn(order: Look["order"]): Promise<readonly string[]> {
  const seen: string[] = [];
  const memory = createMemoryStore();
  const store = {
    ...memory,
    readState: async (group: string) => {
      seen.push("STATE is asked for");
      const got = await memory.readState(group);
      seen.push("STATE is there");
      return got;
    },
  };
  const hands = handsWith(async () => {
    seen.push("the node is asked");
    await new Promise((resolve) => setImmediate(resolve));
    seen.push("the node has answered");
    const reply = { kind: "pong" } as const;
    return { node: n0, sentAtMs: 0, receivedAtMs: 1, reply, isFreshConnect: false };
  }, store);
  await observe(hands, {
    look: {
      ...{ afterMs: 0, probe: [n0], info: false, rehearse: "no", prepare: [], newcomers: [] },
      ...{ bystander: null, order, state: true, votes: false, record: "none" },
    },
    config: groupConfig(),
    memory: { nodes: {}, elsewhere: {}, areOthersSeen: true },
    outcomes: [],
    attempt: "a/1#1",
  });
  return seen;
}

const node = ["the node is asked", "the node has answered"];
const state = ["STATE is asked for", "STATE is there"];

test.each([
  ["nodes-first", [...node, ...state]],
  ["state-first", [...state, ...node]],
] as const)("a look %s", async (order, seen) => {
  expect(await lookIn(order)).toEqual(seen);
});

test("a look at both together waits for neither", async () => {
  const seen = await lookIn("together");

  expect(seen.slice(0, 2).toSorted()).toEqual(["STATE is asked for", "the node is asked"]);
});
