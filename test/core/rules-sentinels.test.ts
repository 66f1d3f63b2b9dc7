import { describe, expect, test } from "@jest/globals";
import { answers, prepares } from "../support/answers.ts";
import { masterFacts, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { eventNames, everybody, watchCalm } from "../support/watch.ts";

const managed = [...everybody, answers(n0, masterFacts({ sentinels: 1 }))];

describe("R775 Redis Sentinels that manage an adopted group", () => {
  test("people are told once a shift, with the node that they are connected to", () => {
    const watch = watchCalm();
    const told = watch.look({ samples: managed });

    expect(told).toMatchObject({
      rule: "R775",
      why: `a Redis Sentinel is connected to ${n0}: stop them, two managers fight; what they change is put right`,
    });
    expect(eventNames(told)).toEqual(["+page"]);
    for (let look = 0; look < 3; look += 1) {
      expect(watch.look({ samples: managed, afterMs: 1_000 }).rule).toBe("R799");
    }
    expect(watchCalm().look({ samples: managed }).rule).toBe("R775");
  });

  test("one that only a replica shows is told as well", () => {
    const samples = [...everybody, answers(n2, replicaFacts({ sentinels: 2 }))];

    expect(watchCalm().look({ samples }).why).toContain(`2 Redis Sentinels are connected to ${n2}`);
  });

  test("a second master is fenced first, whoever made it", () => {
    const facts = masterFacts({ runId: "run-n1", sentinels: 1 });
    const samples = [...managed, answers(n1, facts)];
    const watch = watchCalm();
    const observes = watch.look({ samples });
    const acts = watch.look({ samples, prepared: [prepares(n1, facts)] });

    expect(observes).toMatchObject({ rule: "R730", look: { prepare: [n1] } });
    expect(acts.rule).toBe("R730");
    expect(acts.plan.at(-1)).toMatchObject([{ kind: "attach", node: n1, master: n0 }]);
  });

  test("a node that may not be asked for its clients shows none", () => {
    const samples = [...everybody, answers(n0, masterFacts({ sentinels: null }))];

    expect(watchCalm().look({ samples }).rule).toBe("R799");
  });
});
