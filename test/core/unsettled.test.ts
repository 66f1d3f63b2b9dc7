import { describe, expect, test } from "@jest/globals";
import { unsettledBecause } from "../../lib/core/unsettled.ts";
import { answers, errs, isSilent } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  openOn,
  replicaFacts,
  settlingState,
} from "../support/builders.ts";
import { everybody, Watch, watchCalm, withoutMaster } from "../support/watch.ts";

const why = ({ memory, nowMs }: Watch): string | null => unsettledBecause(memory, nowMs);

const withoutReplica = [answers(n0, masterFacts()), isSilent(n1), answers(n2, replicaFacts())];

describe("a pass may end", () => {
  test("when everybody answers and nothing is open", () => {
    expect(why(watchCalm())).toBeNull();
  });

  test("when the table can't be asked: the next pass asks again", () => {
    const watch = new Watch();
    watch.look({ samples: withoutMaster, state: { failed: "timeout" } });
    expect(why(watch)).toBeNull();
  });

  test("over a replica that its predecessor found down", () => {
    const watch = new Watch({ foundDown: { [n1]: { kind: "down", of: "silent" } } });
    watch.look({ samples: withoutReplica });
    expect(why(watch)).toBeNull();
    expect(watch.noticed.map((event) => event.name)).not.toContain("-sdown");
  });

  test("over the request of a switchover that is planned for later", () => {
    const request = { kind: "switchover", to: null, by: "people", id: "1" } as const;
    const at = "2031-01-01T00:00:00.000Z";
    const state = groupState({ request: { ...request, at, allowedLossBytes: null } });
    expect(why(watchCalm({ state }))).toBeNull();
  });
});

describe("a pass stays awake", () => {
  test("while STATE has not been read", () => {
    expect(why(new Watch())).toBe("STATE was not read yet");
  });

  test("until a master is adopted", () => {
    const watch = new Watch({ state: null });
    watch.look({ samples: everybody });
    expect(why(watch)).toBe("no master was adopted yet");
  });

  test("while an epoch or a round is open, whoever opened it", () => {
    expect(why(watchCalm({ state: settlingState() }))).toBe("epoch 2 is in phase settling");
    expect(why(watchCalm({ state: groupState({ round: openOn(3) }) }))).toBe("round 3 is open");
  });

  test("from the first probe on that the master does not answer", () => {
    const watch = watchCalm();
    watch.look({ samples: withoutMaster });
    expect(why(watch)).toBe(`${n0} is slow, master`);
  });

  test("while the master answers and is of no use", () => {
    const watch = watchCalm();
    watch.look({ samples: [errs(n0, "BUSY"), ...everybody.slice(1)] });
    expect(why(watch)).toBe(`${n0} is busy, master`);
  });

  test("while a replica is silent, until it is down or answers", () => {
    const watch = watchCalm();
    watch.look({ samples: withoutReplica });
    expect(why(watch)).toBe(`${n1} does not answer`);
    for (let missed = 0; missed <= 5; missed += 1)
      watch.look({ samples: withoutReplica, afterMs: 1_000 });
    expect(watch.memory.verdicts[n1]).toEqual({ kind: "down", of: "silent" });
    expect(why(watch)).toBeNull();
  });

  test("S13 until a cool-down is counted to its end", () => {
    const state = groupState({ automaticEpoch: 1 });
    const at = (forMs: number) => why(watchCalm({ state, masterKnown: { epoch: 1, forMs } }));
    expect(at(20_000)).toMatch(/the age of 10\.0\.0\.1:6379 decides for 39\d{3} ms more/);
    expect(at(60_000)).toBeNull();
  });

  test("S13 until a row of early failovers is over", () => {
    const config = groupConfig({ settings: { whenFlapping: "failover" } });
    const state = groupState({ automaticEpoch: 1, earlyEpochs: [1] });
    const at = (forMs: number) =>
      why(watchCalm({ state, config, masterKnown: { epoch: 1, forMs } }));
    expect(at(60_000)).toMatch(/decides for 539\d{3} ms more/);
    expect(at(600_000)).toBeNull();
  });
});

describe("a node that was found down before a pass", () => {
  test("is told when it is back", () => {
    const watch = new Watch({ foundDown: { [n1]: { kind: "down", of: "silent" } } });
    watch.look({ samples: withoutReplica });
    watch.look({ samples: everybody });
    expect(watch.noticed.map((event) => event.name)).toEqual(["-sdown"]);
    expect(watch.memory.verdicts[n1]).toEqual({ kind: "up" });
  });

  test("is not taken over where it is the master: a suspicion has to be heard by everybody alone", () => {
    const down = { kind: "down", of: "silent" } as const;
    const watch = new Watch({ foundDown: { [n0]: down } });
    watch.look({ samples: withoutMaster });
    watch.look({ samples: withoutMaster, afterMs: 1_000 });
    expect(watch.memory.verdicts[n0]).toEqual({ kind: "slow" });
  });
});
