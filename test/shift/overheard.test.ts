import { describe, expect, test } from "@jest/globals";
import type { ProbeReply, Sample } from "../../lib/core/model.ts";
import type { Hands } from "../../lib/shift/hands.ts";
import { observe } from "../../lib/shift/observe.ts";
import { groupConfig, n0 } from "../support/builders.ts";
import { handsWith } from "../support/hands.ts";

/** One probe that ends when the test says so. */
function handsWithOneProbe() {
  let end: (reply: ProbeReply) => void = () => {};
  const probed = new Promise<Sample>((resolve) => {
    end = (reply) =>
      resolve({ node: n0, sentAtMs: 0, receivedAtMs: 5, reply, isFreshConnect: false });
  });
  return { hands: handsWith(() => probed), end };
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
