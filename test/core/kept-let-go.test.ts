import { describe, expect, test } from "@jest/globals";
import { keep } from "../../lib/core/kept.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import { removeGroup } from "../../lib/core/state-removal.ts";
import { answers } from "../support/answers.ts";
import {
  dns,
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
  settlingState,
} from "../support/builders.ts";
import { afterFailover, commandsOf, following, Watch, written } from "../support/watch.ts";

const config = groupConfig({ settings: { whenReturned: "hold" } });
const writer = { attempt: "x#1", shift: "x/1", rule: "test", why: "a test" };
const nobody = { masterHost: "127.0.0.1", masterPort: 1 };
const steady = settlingState({ phase: "steady", leader: null, kind: null });
const synchronised = replicaFacts({ ...following(n1), runId: "run-n0" });

function samplesWith(facts: NodeFacts) {
  return [answers(n0, facts), ...afterFailover.slice(1)];
}

/** n0 is held, which this shift has known for a while, and says this of itself now. */
function saying(facts: NodeFacts): Watch {
  const watch = new Watch({ state: { ...steady, kept: [n0] }, config });
  watch.look({ samples: samplesWith(orphanFacts(nobody)) });
  watch.look({ samples: samplesWith(facts), afterMs: 1_000 });
  return watch;
}

describe("S9 R727 a hold ends by itself", () => {
  test.each<[string, NodeFacts, string]>([
    [
      "was started again without its data",
      orphanFacts({ ...nobody, keys: 0, marker: null }),
      "holds no keys",
    ],
    ["holds the marker alone", orphanFacts({ ...nobody, keys: 1, marker: 1 }), "holds no keys"],
    ["was attached by hand", synchronised, `has been synchronised with ${n1}`],
  ])("where the node %s", (_what, facts, why) => {
    const watch = saying(facts);
    const decision = watch.look({ samples: samplesWith(facts), afterMs: 1_000 });

    expect(decision.rule).toBe("R727");
    expect(written(decision)).toMatchObject({ kept: [], previousMaster: null });
    expect(decision.why).toBe(`${n0} ${why}: nothing is held there any more`);
    watch.look({ done: decision, samples: samplesWith(facts) });
    expect(watch.noticed).toMatchObject([{ name: "-held", node: n0, message: decision.why }]);
  });

  test("where the node is none of the group any more", () => {
    const held = "10.0.0.9:6379";
    const watch = new Watch({ state: { ...steady, kept: [held] }, config });
    const decision = watch.look({ samples: afterFailover });

    expect(decision.rule).toBe("R727");
    expect(written(decision).kept).toEqual([]);
  });

  test.each<[string, NodeFacts]>([
    ["keeps what it has", orphanFacts(nobody)],
    ["is loading", orphanFacts({ ...nobody, keys: 0, isLoading: true })],
    ["is being synchronised", { ...synchronised, isLinkUp: false, isSyncing: true }],
    ["follows somebody else", replicaFacts({ ...following(n2), runId: "run-n0" })],
  ])("and not where it %s", (_what, facts) => {
    const watch = saying(facts);

    expect(watch.look({ samples: samplesWith(facts), afterMs: 1_000 }).rule).not.toBe("R727");
  });

  test("and not by what it said before it was held", () => {
    const watch = new Watch({ state: steady, config });
    watch.look({ samples: samplesWith(synchronised) });
    watch.table = keep(steady, n0, writer).next;
    const decision = watch.look({ samples: afterFailover.slice(1), afterMs: 2_500 });

    expect(watch.memory.state?.kept).toEqual([n0]);
    expect(decision.rule).toBe("R799");
  });
});

describe("who is held", () => {
  test("is none of those whom the replicas' name lists", () => {
    const named = groupConfig({ dns: { ...dns, replicas: "cache-ro.example.com" } });
    const addresses = (kept: readonly string[]) => {
      const state = settlingState({ leader: "a/2", kept });
      const watch = new Watch({ state, config: named });
      const samples = samplesWith(orphanFacts(nobody));
      const first = watch.look({ samples });
      const second = watch.look({ done: first, samples });
      return commandsOf(second).flatMap((one) =>
        one.kind === "publish" && one.role === "replicas" ? one.records.at(-1)?.values : [],
      );
    };

    expect(addresses([n0])).toEqual(["10.0.0.3"]);
    // Readers find somebody all the same.
    expect(addresses([n0, n2])).toEqual(["10.0.0.2"]);
  });

  test("is nobody once the group is removed, and no outage counts any more", () => {
    const state = groupState({ kept: [n1], earlyEpochs: [2, 3] });

    expect(removeGroup(state, "ann", writer).next).toMatchObject({ kept: [], earlyEpochs: [] });
  });

  test("says master again, and is made read-only again", () => {
    const again = masterFacts({ runId: "run-new", replid: "id-9", marker: 1 });
    const watch = saying(again);

    expect(watch.look({ samples: samplesWith(again) }).rule).toBe("R730");
  });
});
