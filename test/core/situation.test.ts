import { describe, expect, test } from "@jest/globals";
import type { Sample } from "../../lib/core/model.ts";
import { analyse, suspicion } from "../../lib/core/situation.ts";
import { answers, errs, isSilent, refuses, type Seen } from "../support/answers.ts";
import {
  groupConfig,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  promotedFacts,
  replicaFacts,
} from "../support/builders.ts";
import { everybody, loseMaster, masterViewOf, Watch, watchCalm } from "../support/watch.ts";

const held = (watch: Watch) => suspicion(masterViewOf(watch));
const named = (watch: Watch) => analyse(masterViewOf(watch)).name;

/** Looks once a second at the same picture. */
function lookFor(watch: Watch, forMs: number, samples: readonly Seen<Sample>[]): Watch {
  for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
    watch.look({ afterMs: 1_000, samples });
  }
  return watch;
}

describe("suspicion of a master that does not answer", () => {
  test("building until downAfterMs, then down(silent)", () => {
    const watch = watchCalm();
    const dead = [isSilent(n0), answers(n1, orphanFacts()), answers(n2, orphanFacts())];

    expect(held(lookFor(watch, 5_000, dead))).toMatchObject({ kind: "building" });
    expect(named(watch)).toBe("Suspect");
    expect(held(lookFor(watch, 1_000, dead))).toMatchObject({ kind: "full", of: "silent" });
    expect(named(watch)).toBe("DeadMaster");
  });

  test("down(refused) already after crashAfterMs, when every answering replica lost its link", () => {
    const crashed = [refuses(n0), answers(n1, orphanFacts()), isSilent(n2)];

    expect(held(lookFor(watchCalm(), 3_000, crashed))).toMatchObject({
      kind: "full",
      of: "refused",
    });
  });

  test("refusals beside a link that is up need the whole of downAfterMs", () => {
    const refused = [refuses(n0), answers(n1, orphanFacts()), answers(n2, replicaFacts())];

    expect(held(lookFor(watchCalm(), 4_000, refused))).toMatchObject({ kind: "building" });
  });

  test("unreachable while a replica hears from it, by the policy down after all", () => {
    const alive = [isSilent(n0), answers(n1, replicaFacts()), answers(n2, orphanFacts())];
    const settings = { whenUnreachable: "failover" as const };

    const holding = lookFor(watchCalm(), 7_000, alive);
    const failing = lookFor(watchCalm({ config: groupConfig({ settings }) }), 7_000, alive);

    expect(held(holding)).toMatchObject({ kind: "unreachable", says: "alive" });
    expect(named(holding)).toBe("Unreachable");
    expect(held(failing)).toMatchObject({ kind: "full" });
  });

  test("unreachable(silent) while an idle link proves nothing yet", () => {
    const start = watchCalm();
    start.look({ samples: [answers(n0, masterFacts({ replPingMs: 10_000 }))] });
    const idle = (lastIoSeconds: number) => answers(n1, replicaFacts({ lastIoSeconds }));

    for (let second = 0; second < 7; second += 1) {
      start.look({ afterMs: 1_000, samples: [isSilent(n0), idle(second + 2), isSilent(n2)] });
    }

    expect(held(start)).toMatchObject({ kind: "unreachable", says: "silent" });
  });

  test("P3 blind when no node of the group answers: it may be our own path", () => {
    const nobody = [isSilent(n0), isSilent(n1), isSilent(n2)];
    const watch = lookFor(watchCalm(), 7_000, nobody);

    expect(held(watch)).toMatchObject({ kind: "blind" });
    expect(named(watch)).toBe("Blind");
  });

  test("N6 to N10 an error is an answer: no suspicion however long it lasts", () => {
    const reply = { kind: "error" as const, code: "BUSY" as const, text: "BUSY" };
    const watch = lookFor(watchCalm(), 20_000, [isSilent(n0, { reply })]);

    expect(held(watch)).toEqual({ kind: "none" });
  });

  test("a master that was not heard of yet is no healthy one", () => {
    const watch = new Watch();
    watch.look();

    expect(held(watch)).toMatchObject({ kind: "building" });
    expect(named(watch)).toBe("Suspect");
  });
});

describe("F8 a committed master that says replica", () => {
  const demoted = [answers(n0, replicaFacts({ masterHost: "10.0.0.2" }))];

  test("counts as down after a grace of downAfterMs", () => {
    const watch = watchCalm();
    watch.look({ samples: demoted });

    watch.look({ samples: demoted, afterMs: 4_990 });
    expect(held(watch)).toMatchObject({ kind: "building" });
    watch.look({ samples: demoted, afterMs: 20 });
    expect(held(watch)).toMatchObject({ kind: "full", of: "not-master" });
    expect(named(watch)).toBe("WrongMaster");
  });

  test("the grace begins with the shift at the earliest", () => {
    const watch = new Watch();
    watch.look({ samples: demoted });

    expect(held(watch)).toMatchObject({ kind: "building" });
  });

  test("the grace begins with the commit: until then a replica was right to be one", () => {
    const watch = watchCalm();
    lookFor(watch, 60_000, everybody);
    watch.table = {
      ...masterViewOf(watch).state,
      masterEpoch: 2,
      master: { ...masterViewOf(watch).master, node: n1 },
    };
    watch.look({ samples: [answers(n1, replicaFacts())] });

    expect(held(watch)).toMatchObject({ kind: "building" });
  });
});

describe("N7 to N9 a fresh master that answers and does not say what it is", () => {
  const newlyCommitted = (): Watch => {
    const watch = watchCalm();
    watch.table = {
      ...masterViewOf(watch).state,
      rev: 11,
      masterEpoch: 2,
      master: { ...masterViewOf(watch).master, node: n1 },
    };
    return watch;
  };

  test.each(["NOAUTH", "BUSY", "MAXCLIENTS"] as const)(
    "%s for ever: the role of its time as a replica is held against nobody",
    (code) => {
      const watch = lookFor(newlyCommitted(), 60_000, [errs(n1, code)]);

      expect(held(watch)).toEqual({ kind: "none" });
    },
  );

  test("the grace begins anew after an answer that does not say", () => {
    const watch = newlyCommitted();
    const replica = answers(n1, replicaFacts());
    lookFor(watch, 4_000, [replica]);
    lookFor(watch, 3_000, [errs(n1, "BUSY")]);

    expect(held(lookFor(watch, 3_000, [replica]))).toMatchObject({ kind: "building" });
    expect(held(lookFor(watch, 3_000, [replica]))).toMatchObject({ of: "not-master" });
  });
});

describe("what else is said of a group", () => {
  test("healthy, or two masters", () => {
    const watch = watchCalm();
    expect(named(watch)).toBe("Healthy");

    watch.look({ samples: [answers(n1, promotedFacts())] });
    expect(analyse(masterViewOf(watch))).toEqual({ name: "TwoMasters", why: `${n1} too` });
  });

  test("down(silent) is told once when it is reached, and once when it ends", () => {
    const watch = watchCalm();
    const told: string[] = [];
    const tell = () => told.push(...watch.noticed.map((event) => `${event.name} ${event.node}`));

    loseMaster(watch);
    tell();
    watch.look({ samples: [isSilent(n0)], afterMs: 2_345 });
    tell();
    watch.look({ samples: everybody });
    tell();

    expect(told).toEqual([`+sdown ${n0}`, `-sdown ${n0}`]);
  });

  test("down is told whenever the look comes: no probe need end at the very millisecond", () => {
    const watch = watchCalm();
    watch.look({ samples: [isSilent(n0)] });

    watch.look({ samples: [isSilent(n0)], afterMs: 6_000 });

    expect(watch.noticed.map((event) => event.name)).toEqual(["+sdown"]);
  });

  test("an oddity is told once, however many of its answers are late", () => {
    const watch = watchCalm();
    const told: string[] = [];
    const refusal = errs(n1, "NOAUTH");
    for (const sample of [refusal, isSilent(n1), refusal, isSilent(n1), refusal, answers(n1)]) {
      watch.look({ samples: [sample], afterMs: 1_000 });
      told.push(...watch.noticed.map((event) => event.name));
    }
    expect(told).toEqual(["+page"]);

    watch.look({ samples: [refusal], afterMs: 1_000 });
    expect(watch.noticed.map((event) => event.name)).toEqual(["+page"]);
  });

  test("a freeze, and a master that somebody else committed, are told", () => {
    const watch = watchCalm();

    watch.look({ wasFrozen: true });
    expect(watch.noticed.map((event) => event.name)).toEqual(["+tilt"]);

    const { state, master } = masterViewOf(watch);
    watch.table = { ...state, rev: 20, masterEpoch: 2, master: { ...master, node: n1 } };
    watch.look({ samples: everybody });
    expect(watch.noticed).toEqual([
      expect.objectContaining({
        name: "+config-update-from",
        level: "warning",
        message: expect.stringContaining("cache 10.0.0.1 6379 10.0.0.2 6379"),
        evidence: expect.objectContaining({ fromHost: "10.0.0.1", toHost: "10.0.0.2" }),
      }),
    ]);
  });
});
