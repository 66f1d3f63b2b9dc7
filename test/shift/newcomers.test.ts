import { describe, expect, test } from "@jest/globals";
import type { NodeFacts } from "../../lib/core/model.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import { askNewcomers } from "../../lib/shift/newcomers.ts";
import { n3, n3Facts } from "../core/discovery-stage.ts";
import { alone } from "../support/alone.ts";
import { groupConfig, nodeConfig } from "../support/builders.ts";
import { createFakeClock } from "../support/cli.ts";

type Hands = Parameters<typeof askNewcomers>[0];

/** A server that answers with these facts, or with a failure, or that refuses to be connected to. */
function ask(
  answer: NodeFacts | "silent" | "closed",
  neighbours: Partial<Hands["neighbours"]> = {},
) {
  const calls: string[] = [];
  const hands: Hands = {
    clock: createFakeClock(),
    neighbours: { ...alone, ...neighbours },
    nodes: {
      openSession: async (_node, deadlineMs) => {
        calls.push(`open within ${deadlineMs}`);
        if (answer === "closed") return failure("refused", "nobody listens");
        return success({
          observe: async () => (answer === "silent" ? failure("timeout", "slow") : success(answer)),
          close: () => calls.push("close"),
        });
      },
    },
  };
  return askNewcomers(hands, groupConfig(), [nodeConfig(n3)]).then((got) => ({ got, calls }));
}

describe("a server that is no node of the group", () => {
  test("is asked over a connection that is closed again", async () => {
    const { got, calls } = await ask(n3Facts());

    expect(got).toEqual([
      { node: nodeConfig(n3), askedAtMs: 0, facts: n3Facts(), why: "", owner: null },
    ]);
    expect(calls).toEqual(["open within 500", "close"]);
  });

  test("that does not answer leaves no connection either, and says why", async () => {
    const silent = await ask("silent");
    const closed = await ask("closed");

    expect(silent.got).toMatchObject([{ facts: null, why: "slow" }]);
    expect(silent.calls).toEqual(["open within 500", "close"]);
    expect(closed.got).toMatchObject([{ facts: null, why: "nobody listens" }]);
  });

  test("is not connected to when it is another group's, or may be", async () => {
    const theirs = await ask(n3Facts(), { ownerOf: () => "sessions" });
    const unknown = await ask(n3Facts(), { areKnown: () => false });

    expect(theirs.got).toMatchObject([{ facts: null, owner: "sessions" }]);
    expect(unknown.got).toMatchObject([{ facts: null, owner: null }]);
    expect([...theirs.calls, ...unknown.calls]).toEqual([]);
  });

  test("is another group's by the server that answers", async () => {
    const { got } = await ask(n3Facts(), {
      ownerOf: (_node, runId) => (runId === "run-n3" ? "sessions" : null),
    });

    expect(got).toMatchObject([{ facts: { runId: "run-n3" }, owner: "sessions" }]);
  });
});
