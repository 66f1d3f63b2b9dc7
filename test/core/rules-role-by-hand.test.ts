import { describe, expect, test } from "@jest/globals";
import type { NodeFacts } from "../../lib/core/model.ts";
import { answers, prepares } from "../support/answers.ts";
import { masterFacts, n0, replicaFacts } from "../support/builders.ts";
import { commandsOf, everybody, kindsOf, watchCalm, written } from "../support/watch.ts";

describe("F1 R710 a committed master that people demoted and promoted again", () => {
  const byHand = masterFacts({ replid: "id-9", replid2: "id-1", secondOffset: 901 });
  const samples = [answers(n0, byHand), ...everybody.slice(1)];
  const observed = [prepares(n0, byHand, 9)];

  test("is recorded once every older connection to it is closed, over one on which it was seen as that", () => {
    const watch = watchCalm();

    const found = watch.look({ samples });
    const cut = watch.look({ samples, prepared: observed });
    const adopted = watch.look({ samples, done: cut });

    expect(found).toMatchObject({ rule: "R710", plan: [] });
    expect(found.look).toMatchObject({ prepare: [n0], order: "nodes-first", state: true });
    expect(cut.rule).toBe("R710");
    expect(commandsOf(cut)).toEqual([{ kind: "cut", node: n0, session: 9, epoch: 1 }]);
    expect(adopted.rule).toBe("R710");
    expect(written(adopted).master).toMatchObject({ node: n0, replid: "id-9" });
  });

  test("is cut once, however often the record can't be written", () => {
    const watch = watchCalm();
    watch.look({ samples });
    const cut = watch.look({ samples, prepared: observed });
    watch.look({ samples, done: cut });

    expect(kindsOf(watch.look({ samples, prepared: observed }))).toContain("write-state");
  });

  test("is cut again when it was demoted and promoted once more", () => {
    const watch = watchCalm();
    watch.look({ samples });
    const cut = watch.look({ samples, prepared: observed });
    const again = { ...byHand, replid: "id-10", replid2: "id-9", secondOffset: 951 };
    const later = [answers(n0, again), ...everybody.slice(1)];
    watch.look({ samples: later, done: cut });

    const decision = watch.look({ samples: later, prepared: [prepares(n0, again, 10)] });

    expect(commandsOf(decision)).toMatchObject([{ kind: "cut", session: 10 }]);
  });

  test.each<[string, NodeFacts | null]>([
    ["does not answer over a session", null],
    ["has another role over it", replicaFacts()],
    ["has another history over it", masterFacts({ replid: "id-8", replid2: "id-1" })],
  ])("is not recorded, and holds up nothing else, where it %s", (_name, facts) => {
    const watch = watchCalm();
    watch.look({ samples });

    const decision = watch.look({ samples, prepared: [prepares(n0, facts, 9)] });
    const next = watch.look({ samples, afterMs: 1_000 });

    expect(decision.rule).not.toBe("R710");
    expect(kindsOf(decision)).not.toContain("write-state");
    expect(next).toMatchObject({ rule: "R710", plan: [], look: { prepare: [n0] } });
  });

  test("is left until the next interval where its connections could not be closed", () => {
    const watch = watchCalm();
    watch.look({ samples });
    watch.look({ samples, prepared: observed });
    const failed = {
      ...{ kind: "effect-failed" as const, command: "cut" as const, node: n0, epoch: 1 },
      ...{ why: "its session was cut", isCertain: true },
    };

    const resting = watch.look({ samples, outcomes: [failed] });

    expect(resting.rule).not.toBe("R710");
    expect(watch.look({ samples, afterMs: 1_000 })).toMatchObject({
      rule: "R710",
      look: { prepare: [n0] },
    });
  });

  test("a new id without a second one is no role change: nobody is cut off", () => {
    const idle = masterFacts({ replid: "id-9" });

    const decision = watchCalm().look({ samples: [answers(n0, idle), ...everybody.slice(1)] });

    expect(kindsOf(decision)).toEqual(["write-state", "emit"]);
  });
});
