import { describe, expect, test } from "@jest/globals";
import type { NodeFacts } from "../../lib/core/model.ts";
import { prepares } from "../support/answers.ts";
import { masterFacts, n0, n1, n2, promotedFacts, replicaFacts } from "../support/builders.ts";
import { commandsOf, everybody, kindsOf, watchCalm, written } from "../support/watch.ts";
import { asked, askedToHandOver, expectClosed, observing } from "./switchover-stage.ts";

describe("F4 a role that somebody changed by hand beside a switchover", () => {
  test.each<[string, NodeFacts]>([
    ["a master of the same history", promotedFacts()],
    ["a replica of another node", replicaFacts({ masterHost: "10.0.0.3" })],
    ["a replica without its link", replicaFacts({ isLinkUp: false })],
  ])(
    "the master hands over to no node that is %s: it may lack acknowledged writes",
    (_what, first) => {
      const watch = watchCalm({ state: asked });
      const prepared = [
        ...observing(masterFacts(), first).slice(0, 2),
        prepares(n2, replicaFacts({ priority: 0 }), 12),
      ];

      const decision = watch.look({ samples: everybody, prepared });

      expect(decision.why).toContain("failover refused");
      expect(decision.why).toContain(`${n1}: it is no replica of ${n0} with its link up`);
      expect(written(decision).request).toBeNull();
    },
  );

  test("an old master that follows a third node has handed over to nobody", () => {
    const watch = askedToHandOver();
    const strayed = replicaFacts({ masterHost: "10.0.0.3" });

    const decision = watch.look({ prepared: observing(strayed, promotedFacts()) });

    expectClosed(decision, "W580");
    expect(kindsOf(decision)).not.toContain("promote");
  });
});

describe("N18 another server at an address of a switchover", () => {
  const stranger = { replid: "id-8", replid2: null, secondOffset: -1, keys: 300, marker: null };

  test("the old master's: it is not touched, and the epoch is closed", () => {
    const watch = askedToHandOver();

    const decision = watch.look({ prepared: observing(masterFacts(stranger)) });

    expectClosed(decision, "W580");
    expect(kindsOf(decision)).not.toContain("fence");
  });

  test("the target's: it is not promoted, and the old master is freed of it", () => {
    const watch = askedToHandOver();
    const demoted = replicaFacts({ failoverState: "failover-in-progress", masterHost: "10.0.0.2" });

    const decision = watch.look({ prepared: observing(demoted, masterFacts(stranger)) });

    expect(commandsOf(decision)).toMatchObject([{ kind: "fence", node: n0 }]);
  });
});
