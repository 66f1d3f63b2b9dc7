import { describe, expect, test } from "@jest/globals";
import type { ProbeReply, Sample } from "../../lib/core/model.ts";
import type { RedisNodes } from "../../lib/ports/redis.ts";
import { createBudget } from "../../lib/shift/budget.ts";
import type { Hands } from "../../lib/shift/hands.ts";
import { observe } from "../../lib/shift/observe.ts";
import { alone } from "../support/alone.ts";
import { groupConfig, n0 } from "../support/builders.ts";
import { createFakeClock } from "../support/cli.ts";
import { createMemoryStore } from "../support/memory-store.ts";

/** One probe that ends when the test says so. */
function handsWithOneProbe() {
  let end: (reply: ProbeReply) => void = () => {};
  const probed = new Promise<Sample>((resolve) => {
    end = (reply) =>
      resolve({ node: n0, sentAtMs: 0, receivedAtMs: 5, reply, isFreshConnect: false });
  });
  const nodes: RedisNodes = {
    probe: () => probed,
    openSession: () => Promise.reject(new Error("no session is expected")),
    onLost: () => {},
    close: () => Promise.resolve(),
  };
  const clock = createFakeClock();
  const unused = () => Promise.reject(new Error("no record is expected"));
  const hands: Hands = {
    ...{ store: createMemoryStore(), clock, nodes },
    dns: { read: unused, resolve: unused, publish: unused },
    reporter: { event: () => {}, line: () => {}, flush: () => Promise.resolve() },
    waker: null,
    neighbours: alone,
    budget: createBudget(clock, 60_000, new AbortController().signal),
    freezes: { lastThawMs: () => Number.NEGATIVE_INFINITY, stop: () => {} },
    ...{ sessions: new Map(), trips: { store: 0, redis: 0 }, failing: new Map() },
    ...{ overheard: [], reading: [] },
  };
  return { hands, end };
}

async function look(hands: Hands, bystander: string | null) {
  const { samples } = await observe(hands, {
    look: {
      ...{
        afterMs: 0,
        probe: [],
        info: false,
        rehearse: "no",
        prepare: [],
        newcomers: [],
        bystander,
      },
      ...{ order: "together", state: false, votes: false, record: "none" },
    },
    config: groupConfig(),
    memory: { nodes: {}, elsewhere: {}, areOthersSeen: true },
    outcomes: [],
    attempt: "a/1#1",
  });
  return samples.map((sample) => sample.reply.kind);
}

describe("F3 a node that is asked beside a look", () => {
  test("is not waited for, and heard by the look after its answer, once", async () => {
    const { hands, end } = handsWithOneProbe();

    expect(await look(hands, n0)).toEqual([]);
    end({ kind: "pong" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await look(hands, null)).toEqual(["pong"]);
    expect(await look(hands, null)).toEqual([]);
  });

  test("says nothing by its silence: nobody waited for it", async () => {
    const { hands, end } = handsWithOneProbe();

    await look(hands, n0);
    end({ kind: "timeout" });
    await new Promise((resolve) => setImmediate(resolve));

    expect(await look(hands, null)).toEqual([]);
  });
});
