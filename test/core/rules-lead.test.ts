import { describe, expect, test } from "@jest/globals";
import { isSilent } from "../support/answers.ts";
import { groupConfig, n0, n1, n2, promotingState, settlingState } from "../support/builders.ts";
import {
  afterFailover,
  eventNames,
  kindsOf,
  Watch,
  watchCalm,
  withoutMaster,
  written,
} from "../support/watch.ts";

/** Looks once a second; returns the rules that fired. */
function watchOn(watch: Watch, forMs: number, samples = withoutMaster): readonly string[] {
  const fired: string[] = [];
  for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
    fired.push(watch.look({ samples, afterMs: 1_000 }).rule);
  }
  return fired;
}

const following = (leader: string | null = "b/1") =>
  watchCalm({ state: promotingState({ leader }) });

describe("L400 taking over", () => {
  test("after takeoverMs without a sign of life of the leader", () => {
    const watch = following();

    expect(new Set(watchOn(watch, 7_000))).toEqual(new Set(["L430"]));
    const decision = watch.look({ samples: withoutMaster, afterMs: 1_000 });

    expect(decision.rule).toBe("L400");
    expect(written(decision)).toMatchObject({
      epoch: 2,
      phase: "promoting",
      leader: "a/2",
      candidate: { node: n1 },
    });
    expect(eventNames(decision)).toEqual(["+takeover"]);
    expect(decision.look).toMatchObject({ probe: [n0, n1, n2], info: true, state: true });
  });

  test("F9 at once when the leader released it", () => {
    expect(following(null).look({ samples: withoutMaster }).rule).toBe("L400");
  });

  test("F9 not while the leader's beat moves", () => {
    const watch = following();
    for (let beat = 4; beat < 20; beat += 1) {
      watch.table = promotingState({ beat, rev: 10 + beat });
      expect(watchOn(watch, 1_000)).toEqual(["L430"]);
    }
  });

  test("F9 other people's writes do not keep a dead leader alive", () => {
    const watch = following();
    for (let rev = 13; rev < 20; rev += 1) {
      watch.table = promotingState({ rev });
      watchOn(watch, 1_000);
    }

    expect(watch.look({ samples: withoutMaster, afterMs: 1_000 }).rule).toBe("L400");
  });

  test("not by an observer that reaches no node: it could not carry the epoch on", () => {
    const nobody = [isSilent(n0), isSilent(n1), isSilent(n2)];

    expect(new Set(watchOn(following(), 20_000, nobody))).toEqual(new Set(["L430"]));
  });

  test("S17 in settling as in promoting", () => {
    const state = settlingState({ leader: null });

    expect(watchCalm({ state }).look().rule).toBe("L400");
  });
});

describe("leading", () => {
  const dns = { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: false };
  const leading = () => {
    const watch = new Watch({
      state: settlingState({ leader: "a/2" }),
      config: groupConfig({ dns }),
    });
    watch.look({ samples: afterFailover });
    return watch;
  };

  test("F9 L420 gives a sign of life every third of takeoverMs", () => {
    const decision = leading().look({ afterMs: 2_700 });

    expect(decision.rule).toBe("L420");
    expect(kindsOf(decision)).toEqual(["write-state"]);
    expect(written(decision)).toMatchObject({ leader: "a/2", beat: 4 });
  });

  test("L420 not by a leader that reaches no node: the others shall take over", () => {
    const watch = leading();
    const nobody = [isSilent(n0), isSilent(n1), isSilent(n2)];

    expect(watchOn(watch, 6_000, nobody)).not.toContain("L420");
  });

  test("L2 L410 says once that the epoch is late", () => {
    const watch = leading();

    const late = watch.look({ afterMs: 60_000 });
    const later = watch.look();

    expect(late.rule).toBe("L410");
    expect(eventNames(late)).toEqual(["+failover-end-for-timeout"]);
    expect(later.rule).toBe("L420");
  });
});

test("L430 whoever does not lead watches, and says who leads", () => {
  expect(following().look({ samples: withoutMaster })).toMatchObject({
    rule: "L430",
    why: "b/1 leads epoch 2 in phase promoting",
    plan: [],
  });
});
