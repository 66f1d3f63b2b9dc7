import { describe, expect, test } from "@jest/globals";
import { groupView, masterView, viewOf } from "../../lib/core/decide.ts";
import { unfitness } from "../../lib/core/readiness.ts";
import { answers, isSilent, prepares, rehearses } from "../support/answers.ts";
import { groupState, masterFacts, n0, n1, n2, openOn, replicaFacts } from "../support/builders.ts";
import { eventNames, eventsOf, everybody, kindsOf, Watch, watchCalm } from "../support/watch.ts";

const writable = replicaFacts({ oddities: ["writable-replica"] });

describe("R715 oddities are told in calm", () => {
  test("each once a shift, with what to do, for the log and not for the table", () => {
    const watch = watchCalm();
    const samples = [...everybody, answers(n1, writable)];

    const told = watch.look({ samples });
    const calm = watch.look({ samples });
    const later = watch.look({ samples });

    expect(told).toMatchObject({ rule: "R715", look: { rehearse: "once" } });
    expect(eventNames(told)).toEqual(["+oddity"]);
    expect(eventsOf(told)[0]).toMatchObject({
      level: "warning",
      isStored: false,
      node: n1,
      message: expect.stringContaining("set replica-read-only to yes"),
      evidence: { oddity: "writable-replica" },
    });
    expect([calm.rule, later.rule]).toEqual(["R799", "R799"]);
  });

  test("what is found later is told then, and the first is not told again", () => {
    const watch = watchCalm();
    watch.look({ samples: [...everybody, answers(n1, writable)] });

    const both = watch.look({
      samples: [...everybody, rehearses(n1, writable, { oddities: ["no-client-kill"] })],
    });

    expect(eventsOf(both).map((event) => event.evidence)).toEqual([{ oddity: "no-client-kill" }]);
  });

  test("a rehearsal is remembered where a later answer brought none, and a mended one is forgotten", () => {
    const watch = watchCalm();
    const odd = rehearses(n1, replicaFacts(), { oddities: ["no-replicaof"] });
    watch.look({ samples: [...everybody, odd] });
    watch.look({ samples: [...everybody, answers(n1, replicaFacts())] });
    const kept = watch.memory.nodes[n1]?.rehearsal;
    watch.look({ samples: [...everybody, rehearses(n1, replicaFacts())] });

    expect(kept?.oddities).toEqual(["no-replicaof"]);
    expect(watch.memory.nodes[n1]?.rehearsal?.oddities).toEqual([]);
  });

  test("nothing is rehearsed while anything is urgent", () => {
    const suspected = watchCalm().look({ samples: [isSilent(n0), answers(n1), answers(n2)] });
    const round = watchCalm({ state: groupState({ round: openOn(5) }) }).look({
      samples: everybody,
    });

    expect([suspected.look.rehearse, round.look.rehearse]).toEqual(["no", "no"]);
  });

  test("R730 a second name of the master is told of, and never attached to itself", () => {
    const watch = watchCalm();
    const alias = masterFacts();
    const samples = [...everybody.filter((one) => one(0).node !== n1), answers(n1, alias)];

    const told = watch.look({ samples, prepared: [prepares(n1, alias)] });
    const after = watch.look({ samples, prepared: [prepares(n1, alias)] });

    expect(told.rule).toBe("R715");
    expect(told.why).toContain("is the same server as another node of the group");
    expect(after.rule).toBe("R799");
    expect(kindsOf(after)).toEqual([]);
  });
});

describe("who could take the master's place now", () => {
  test("is said of each node but the master, with the reason", () => {
    const watch = watchCalm();
    const stray = replicaFacts({ masterHost: "10.0.0.2" });
    watch.look({ samples: [...everybody, answers(n1, writable), answers(n2, stray)] });
    const { memory } = watch;
    const state = memory.state ?? groupState();
    const view = masterView(groupView(viewOf(memory, watch.nowMs, "x"), state));
    if (view === null) throw new Error("expected a view");

    const found = Object.fromEntries(unfitness(view));

    expect(Object.keys(found)).toEqual([n1, n2]);
    expect(found[n1]).toContain("takes writes of its own");
    expect(found[n2]).toBe(`it is no replica of ${n0}`);
  });

  test("is not said before anybody was asked", () => {
    const { memory } = new Watch({});
    const view = masterView(groupView(viewOf(memory, 0, "x"), groupState()));
    if (view === null) throw new Error("expected a view");

    expect([...unfitness(view).values()]).toEqual([null, null]);
  });
});

describe("R730 a node that refuses a change of its role", () => {
  test("is tried again, and told of once a shift", () => {
    const watch = watchCalm();
    const stray = replicaFacts({ masterHost: "10.0.0.2", oddities: ["cluster"] });
    const samples = [...everybody.filter((one) => one(0).node !== n2), answers(n2, stray)];
    const prepared = [prepares(n2, stray)];
    watch.look({ samples });

    const first = watch.look({ samples, prepared });
    const second = watch.look({ samples, prepared });

    expect([kindsOf(first), kindsOf(second)]).toEqual([["emit", "attach"], ["attach"]]);
  });
});
