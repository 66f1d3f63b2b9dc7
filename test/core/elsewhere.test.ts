import { describe, expect, test } from "@jest/globals";
import { groupView, masterView, viewOf } from "../../lib/core/decide.ts";
import type { Others, Sighting } from "../../lib/core/elsewhere.ts";
import { unfitness } from "../../lib/core/readiness.ts";
import { doAllFollow } from "../../lib/core/rules/repairs.ts";
import { answers, isSilent, prepares } from "../support/answers.ts";
import { groupState, masterFacts, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { eventsOf, everybody, kindsOf, Watch, watchCalm } from "../support/watch.ts";

const alias = "127.0.0.2:6379";

function sees(change: Partial<Sighting> = {}): Others {
  const own = { group: "carts", node: alias, runId: "run-shared", askedAtMs: 0 };
  return { areSeen: true, sightings: [{ ...own, isAnswering: true, isClaimed: true, ...change }] };
}

const shared = replicaFacts({ runId: "run-shared" });
/** The shared node has come back as a master, with the data of this group. */
const second = masterFacts({ runId: "run-shared" });
const others = everybody.filter((one) => one(0).node !== n1);
const unasked: Others = { areSeen: false, sightings: [] };

describe("F14: B240 a server of two groups", () => {
  test("is adopted by neither of them, with the other group and the other name in the reason", () => {
    for (const isClaimed of [true, false]) {
      const watch = new Watch({ state: groupState({ master: null }) });
      const samples = [...others, answers(n1, shared)];

      const told = watch.look({ samples, others: sees({ isClaimed }), afterMs: 20_000 });

      expect(told.rule).toBe("B240");
      expect(told.why).toContain(`${n1} is a server of group carts, too, under the name ${alias}`);
      expect(told.why).toContain("this group is not adopted with it; leave it to one of them");
    }
  });

  test("is looked for before anything is adopted, for no longer than a dead node is waited for", () => {
    const watch = new Watch({ state: groupState({ master: null }) });
    const first = watch.look({ samples: everybody, others: unasked });
    const later = watch.look({ samples: everybody, others: unasked, afterMs: 20_000 });

    expect(first).toMatchObject({
      rule: "B240",
      why: "the nodes of the other groups have not been asked yet",
    });
    expect(later.rule).not.toBe("B240");
  });
});

describe("R715 a server of two groups", () => {
  test("is told of once, with what becomes of it", () => {
    const watch = watchCalm();
    const samples = [...others, answers(n1, shared)];
    const told = watch.look({ samples, others: sees() });
    const after = watch.look({ samples, others: sees() });

    expect([told.rule, after.rule]).toEqual(["R715", "R799"]);
    expect(eventsOf(told)[0]).toMatchObject({
      node: n1,
      evidence: { oddity: "another-group" },
      message: `${n1} is a server of group carts, too, under the name ${alias}: neither group promotes, attaches or demotes it; leave it to one of them, or restart it if it is a copy of a running machine`,
    });
  });

  test("is left alone by a group that could not act on it, and that is said", () => {
    const watch = watchCalm();
    const samples = [...others, answers(n1, shared)];
    const told = watch.look({ samples, others: sees({ isClaimed: false }) });

    expect(told.why).toContain("carts leaves it alone");
  });
});

test("R715 a server with the data of the other group is said to be that one's", () => {
  const watch = watchCalm();
  const theirs = masterFacts({ runId: "run-shared", replid: "id-9", marker: null });
  const told = watch.look({ samples: [...others, answers(n1, theirs)], others: sees() });

  expect(told.why).toContain("it holds what carts has, and is left alone here");
});

describe("R730 a server of two groups", () => {
  function comesBack(found: Others) {
    const watch = watchCalm();
    const samples = [...others, answers(n1, second)];
    const looks = [0, 1, 2].map(() =>
      watch.look({ samples, prepared: [prepares(n1, second)], others: found }),
    );
    return looks.flatMap((decision) => kindsOf(decision));
  }

  test("is repointed by neither, and by the one that alone may claim it", () => {
    expect(comesBack(sees())).not.toContain("attach");
    expect(comesBack(sees({ isClaimed: false }))).toContain("attach");
  });

  test("is not repointed before the other groups have been asked", () => {
    const watch = watchCalm();
    const samples = [...others, answers(n1, second)];
    const seen = { samples, prepared: [prepares(n1, second)] };
    const fresh = new Watch({ state: watch.table });
    const looks = [0, 1, 2].map(() => fresh.look({ ...seen, others: unasked }));

    expect(looks.flatMap((one) => kindsOf(one))).not.toContain("attach");
    expect(kindsOf(fresh.look({ ...seen, afterMs: 20_000, others: unasked }))).toContain("attach");
  });
});

describe("the choice of a new master", () => {
  function whyNot(found: Others): string | null | undefined {
    const watch = watchCalm();
    watch.look({ samples: [...others, answers(n1, shared)], others: found });
    const group = groupView(viewOf(watch.memory, watch.nowMs, ""), groupState());
    const view = masterView(group);
    return view === null ? "no master" : unfitness(view).get(n1);
  }

  test("passes over a server that another group could act on, and over no other", () => {
    expect(whyNot(sees())).toContain("it is a server of another group, too, under another name");
    expect(whyNot(sees({ isClaimed: false }))).toBeNull();
  });
});

describe("the end of settling", () => {
  function settled(found: Others) {
    const watch = watchCalm();
    watch.look({ samples: [...others, answers(n1, second)], others: found });
    const view = masterView(groupView(viewOf(watch.memory, watch.nowMs, ""), groupState()));
    return view !== null && doAllFollow(view);
  }

  test("does not wait for a node that nobody may attach", () => {
    expect(settled(sees())).toBe(true);
    expect(settled(sees({ isClaimed: false }))).toBe(false);
  });
});

describe("the other name of a node", () => {
  function known() {
    const watch = watchCalm();
    watch.look({ samples: [...others, answers(n1, shared)], others: sees() });
    expect(watch.memory.elsewhere[n1]).toMatchObject({ group: "carts", node: alias });
    return watch;
  }

  const restarted = [...others, answers(n1, replicaFacts({ runId: "run-next" }))];

  test("outlives a restart that the one group sees before the other does", () => {
    const watch = known();
    watch.look({ samples: restarted, others: sees({ askedAtMs: watch.nowMs }) });
    expect(watch.memory.elsewhere[n1]?.differsSinceMs).toBe(watch.nowMs);
    watch.look({ samples: restarted, others: sees({ runId: "run-next", askedAtMs: watch.nowMs }) });
    expect(watch.memory.elsewhere[n1]?.differsSinceMs).toBeNull();
  });

  test("is forgotten when both were asked again, and are two servers", () => {
    const watch = known();
    watch.look({ samples: restarted, others: sees({ askedAtMs: watch.nowMs }) });
    watch.look({ samples: restarted, others: sees({ askedAtMs: watch.nowMs - 1_000 }) });
    expect(watch.memory.elsewhere[n1]).toBeDefined();
    watch.look({ samples: restarted, others: sees({ askedAtMs: watch.nowMs + 5 }) });
    expect(watch.memory.elsewhere[n1]).toBeUndefined();
  });

  test("is kept while either name is silent, and gone with the other group's node", () => {
    const watch = known();
    const silent = sees({ isAnswering: false, runId: "run-old", askedAtMs: 1_000_000 });
    for (const _ of [1, 2, 3]) watch.look({ samples: restarted, others: silent });
    expect(watch.memory.elsewhere[n1]).toBeDefined();
    watch.look({ samples: [...others, isSilent(n1)], others: sees({ runId: null }) });
    expect(watch.memory.elsewhere[n1]).toBeDefined();

    watch.look({ samples: restarted, others: { areSeen: true, sightings: [] } });
    expect(watch.memory.elsewhere[n1]).toBeUndefined();
  });

  test("is the one that was found first, whatever the order", () => {
    const watch = known();
    const both = [...sees({ group: "baskets" }).sightings, ...sees().sightings];
    watch.look({
      samples: [...others, answers(n1, shared)],
      others: { areSeen: true, sightings: both },
    });
    expect(watch.memory.elsewhere[n1]?.group).toBe("carts");
    expect(watch.memory.elsewhere[n0]).toBeUndefined();
    expect(watch.memory.elsewhere[n2]).toBeUndefined();
  });
});
