import { describe, expect, test } from "@jest/globals";
import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import { answers, errs, isNowhere, isSilent, prepares, type Seen } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import { everybody, Watch, type WatchStart, watchCalm } from "../support/watch.ts";

type Samples = readonly Seen<Sample>[];

const orphans = [answers(n1, orphanFacts()), answers(n2, orphanFacts())];
const silence = [isSilent(n0), ...orphans];
/** What answers in the master's place, with copies of the old history beside it. */
const beside = (facts: NodeFacts) => [answers(n0, facts), ...orphans];
/** A run of the master that came up without its data, so long before it is asked. */
const emptyRun = (run: number, uptimeSeconds = 1) =>
  masterFacts({ runId: `run-${run}`, replid: `id-${run}`, keys: 0, marker: null, uptimeSeconds });
/** Clients have filled it, until nobody takes it for the group's master. */
const filled = (run: number) => ({ ...emptyRun(run), keys: 300 });

/** Looks each second for so long, and carries nothing out: the table is out of reach. */
function pass(watch: Watch, seconds: number, samples: Samples): void {
  for (let second = 0; second < seconds; second += 1) {
    watch.look({ afterMs: 1_000, samples, state: { failed: "timeout" } });
  }
}

/** The row that a round comes to, in which the replicas say that their links have been down for so long. */
function outcome(watch: Watch, master: Seen<Sample>, linkDownSeconds: number): string {
  const lost = orphanFacts({ linkDownSeconds });
  const samples = [master, answers(n1, lost), answers(n2, lost)];
  const opened = watch.look({ samples });
  expect(opened.rule).toBe("S310");
  const cast = watch.look({ done: opened, samples });
  const votes = [vote("a"), vote("b")].map((one) => ({ ...one, lastOffset: null }));
  const prepared = [prepares(n1, lost, 11), prepares(n2, lost, 12)];
  return watch.look({ done: cast, samples, votes, prepared }).rule;
}

/** With `downAfterMs` at 5 s, links that were lost up to 50 s before the data went are no barrier. */
function expectAbsent(make: () => Watch, master: Seen<Sample>, seconds: number): void {
  expect(outcome(make(), master, seconds + 48)).toBe("S370");
  expect(outcome(make(), master, seconds + 53)).toBe("S360");
}

describe("N3, N11 how long the master's data is gone", () => {
  test("counts over an empty process that is started empty once more", () => {
    const make = () => {
      const watch = watchCalm();
      pass(watch, 3, silence);
      pass(watch, 60, beside(emptyRun(2)));
      pass(watch, 2, silence);
      pass(watch, 1, beside(emptyRun(3)));
      return watch;
    };

    expectAbsent(make, answers(n0, emptyRun(3)), 66);
  });

  test("counts over one that clients fill until it is taken for another server", () => {
    const make = () => {
      const watch = watchCalm();
      pass(watch, 3, silence);
      pass(watch, 60, beside(emptyRun(2)));
      pass(watch, 30, beside(filled(2)));
      return watch;
    };

    expectAbsent(make, answers(n0, filled(2)), 93);
  });

  test("N18 counts from when another server was first met, however long that has run", () => {
    const stranger = { ...filled(8), uptimeSeconds: 100_000 };
    const make = () => {
      const watch = watchCalm();
      pass(watch, 30, beside(stranger));
      return watch;
    };

    expectAbsent(make, answers(n0, stranger), 29);
  });

  test("N6 counts over what it loads, as long as nobody knows what that will be", () => {
    const make = () => {
      const watch = watchCalm();
      pass(watch, 3, silence);
      pass(watch, 60, beside({ ...emptyRun(2), isLoading: true }));
      pass(watch, 1, beside(emptyRun(2)));
      return watch;
    };

    expectAbsent(make, answers(n0, emptyRun(2)), 64);
  });

  test("counts over a look in which only the master was asked who it is", () => {
    const make = () => {
      const watch = watchCalm();
      pass(watch, 60, silence);
      pass(watch, 2, [answers(n0, emptyRun(2)), answers(n1), answers(n2)]);
      return watch;
    };

    expectAbsent(make, answers(n0, emptyRun(2)), 61);
  });
});

test("N11 the absence goes on while a new connection has not been told whether the data is there", () => {
  const connects: Seen<Sample> = (nowMs) => ({ ...answers(n0)(nowMs), isFreshConnect: true });
  const make = () => {
    const watch = watchCalm();
    // What is asked beside the first reading of STATE is older than the record.
    watch.look({ samples: everybody });
    pass(watch, 60, silence);
    pass(watch, 1, [connects, ...orphans]);
    pass(watch, 1, beside(emptyRun(2)));
    return watch;
  };

  expectAbsent(make, answers(n0, emptyRun(2)), 61);
});

describe("N11 the master's absence ends", () => {
  /** Absent for a minute, then this; then the process is started empty. */
  const ended = (samples: Samples, seconds = 1) => {
    const watch = watchCalm();
    pass(watch, 60, silence);
    pass(watch, seconds, samples);
    pass(watch, 1, beside(emptyRun(2)));
    return watch;
  };

  test.each<[string, Samples]>([
    ["it answers with its data", everybody],
    ["its history continues", beside(masterFacts({ runId: "r", replid: "i", replid2: "id-1" }))],
    ["it has the group's marker", beside(masterFacts({ runId: "r", replid: "i", keys: 9 }))],
    ["it turns us away: it may serve others", [errs(n0, "NOAUTH", "NOAUTH"), ...orphans]],
    ["its name can't be looked up: nobody asked it", [isNowhere(n0), ...orphans]],
    ["it is a replica: another one may be written to", beside(replicaFacts())],
    ["no node answers: the path may be lost", [isSilent(n0), isSilent(n1), isSilent(n2)]],
  ])("where %s", (_what, samples) => {
    expect(outcome(ended(samples), answers(n0, emptyRun(2)), 80)).toBe("S360");
  });

  test("while a replica hears it: the path is lost, and it serves", () => {
    const heard = [1, 2, 3, 4, 5, 6, 7].map((second) => [
      isSilent(n0),
      answers(n1, replicaFacts({ offset: 1_000 + second, lastIoSeconds: 0 })),
      answers(n2, replicaFacts({ offset: 1_000 + second, lastIoSeconds: 0 })),
    ]);
    const watch = watchCalm();
    for (let turn = 0; turn < 9; turn += 1) {
      for (const samples of heard) pass(watch, 1, samples);
    }
    pass(watch, 1, beside(emptyRun(2)));

    expect(outcome(watch, answers(n0, emptyRun(2)), 80)).toBe("S360");
  });

  test("with its record: whoever renewed that has found it in order", () => {
    const watch = watchCalm();
    pass(watch, 60, silence);
    watch.table = groupState({ rev: 11, master: { ...masterRecord, runId: "run-1b" } });
    watch.look({ samples: silence });
    pass(watch, 1, beside(emptyRun(2)));

    expect(outcome(watch, answers(n0, emptyRun(2)), 80)).toBe("S360");
  });

  test("with a sleep of the observer: it may have been in order meanwhile", () => {
    const watch = watchCalm();
    pass(watch, 60, silence);
    watch.look({ samples: silence, wasFrozen: true });
    pass(watch, 1, beside(emptyRun(2)));

    expect(outcome(watch, answers(n0, emptyRun(2)), 80)).toBe("S360");
  });
});

describe("N11 a shift that follows upon another", () => {
  const record = watchCalm().memory.recordKnown.key;
  const begins = (start: WatchStart) => {
    const watch = new Watch(start);
    watch.look({ samples: beside(emptyRun(2)) });
    watch.look({ samples: beside(emptyRun(2)) });
    return watch;
  };
  const absence = { record, forMs: 100_000 };

  test("goes on from the absence that its predecessor knew", () => {
    expectAbsent(() => begins({ absence }), answers(n0, emptyRun(2)), 100);
  });

  test("does not, where it was of another record", () => {
    const watch = begins({ absence: { ...absence, record: "another" } });

    expect(outcome(watch, answers(n0, emptyRun(2)), 80)).toBe("S360");
  });

  test("does not count what was before the commit", () => {
    const masterKnown = { epoch: 1, forMs: 20_000 };
    const watch = begins({ absence, masterKnown });

    expect(outcome(watch, answers(n0, emptyRun(2)), 80)).toBe("S360");
  });
});
