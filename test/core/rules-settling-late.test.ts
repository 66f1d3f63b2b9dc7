import { describe, expect, test } from "@jest/globals";
import { answers } from "../support/answers.ts";
import { n0, n1, n2, orphanFacts, settlingState } from "../support/builders.ts";
import { afterFailover, eventNames, following, Watch, written } from "../support/watch.ts";
import { notPublished, settling } from "./settling-stage.ts";

describe("L2 T625 a settling that lasts too long", () => {
  const unlinked = [...afterFailover.slice(0, 2), answers(n2, orphanFacts(following(n1)))];

  test("ends when only a replica whose link does not come up is missing, and calls it by name", () => {
    const { watch, decision } = settling({ dns: true, samples: unlinked });
    watch.look({ done: decision, samples: unlinked });

    const beat = watch.look({ samples: unlinked, afterMs: 59_000 });
    expect(watch.look({ done: beat, samples: unlinked }).rule).toBe("T640");
    expect(watch.look({ samples: unlinked, afterMs: 1_000 }).rule).toBe("L410");
    const end = watch.look({ samples: unlinked });
    expect(end.rule).toBe("T625");
    expect(end.why).toContain(`waiting for ${n2}; the repairs go on in calm`);
    expect(written(end)).toMatchObject({
      phase: "steady",
      leader: null,
      published: { epoch: 2, node: n1 },
    });
    expect(eventNames(end)).toEqual(["+failover-end"]);
  });

  test("does not end without the record", () => {
    const { watch } = settling({ dns: true, samples: unlinked });

    const late = watch.look({ samples: unlinked, afterMs: 61_000 });
    const beat = watch.look({ done: late, samples: unlinked });

    const again = watch.look({ done: beat, samples: unlinked });
    const failed = watch.look({ outcomes: [notPublished(false)], samples: unlinked });

    expect([late, beat, again, failed].map(({ rule }) => rule)).toEqual([
      "L410",
      "L420",
      "T600",
      "T640",
    ]);
  });

  test("ends without a record that was refused: that waits for people in calm too", () => {
    const { watch } = settling({ dns: true, samples: afterFailover });
    watch.look({ outcomes: [notPublished(true)], samples: afterFailover });

    watch.look({ samples: afterFailover, afterMs: 61_000 });
    const beat = watch.look({ samples: afterFailover });
    const again = watch.look({ done: beat, samples: afterFailover });
    const end = watch.look({ outcomes: [notPublished(true)], samples: afterFailover });

    expect([beat.rule, again.rule, end.rule]).toEqual(["L420", "T600", "T625"]);
    expect(written(end)).toMatchObject({ phase: "steady", published: { epoch: 1, node: n0 } });
  });

  test("counts what the shifts before have seen of it", () => {
    const watch = new Watch({
      state: settlingState({ leader: "a/2" }),
      masterKnown: { epoch: 2, forMs: 59_000 },
    });
    watch.look({ samples: unlinked });

    expect(watch.look({ samples: unlinked, afterMs: 900 }).rule).toBe("T640");
    expect(watch.look({ samples: unlinked, afterMs: 200 }).rule).toBe("T625");
  });
});
