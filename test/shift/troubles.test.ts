import { describe, expect, test } from "@jest/globals";
import type { Publication } from "../../lib/core/memory.ts";
import type { Sample } from "../../lib/core/model.ts";
import { troublesOf } from "../../lib/shift/troubles.ts";
import { answers, isSilent, type Seen } from "../support/answers.ts";
import { groupConfig, n0, n1, n2, orphanFacts, replicaFacts } from "../support/builders.ts";
import { type Watch, watchCalm } from "../support/watch.ts";

function troubles(watch: Watch, suspectForMs = 0) {
  return troublesOf(watch.memory, suspectForMs, watch.nowMs);
}

function lookFor(watch: Watch, forMs: number, samples: readonly Seen<Sample>[]) {
  for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
    watch.look({ afterMs: 1_000, samples });
  }
}

const dead = [isSilent(n0), answers(n1, orphanFacts()), answers(n2, orphanFacts())];

describe("what lasts in a group", () => {
  test("is nothing in calm", () => {
    expect(troubles(watchCalm())).toEqual({});
  });

  test("is a master that is down, once there is full evidence, for as long as the longer memory goes back", () => {
    const watch = watchCalm();
    lookFor(watch, 5_000, dead);
    expect(troubles(watch)).toEqual({});

    lookFor(watch, 4_000, dead);
    expect(troubles(watch)).toEqual({ MasterDown: 3_000 });
    expect(troubles(watch, 8_000)).toEqual({ MasterDown: 8_000 });
  });

  test("is that nobody could take over, in calm too", () => {
    const watch = watchCalm();
    const unfit = replicaFacts({ priority: 0 });
    watch.look({ afterMs: 1_000, samples: [answers(n1, unfit), answers(n2)] });
    expect(troubles(watch)).toEqual({});

    watch.look({ afterMs: 1_000, samples: [answers(n1, unfit), answers(n2, unfit)] });
    expect(troubles(watch)).toEqual({ NoCandidate: 1 });
  });

  test("is a name that could not be published in the master's epoch", () => {
    const watch = watchCalm();
    const failed: Publication = {
      ...{ epoch: watch.memory.state?.masterEpoch ?? 0, isDone: false, isRefused: true },
      ...{ failures: 1, failedAtMs: 0, why: "another owner" },
    };
    const withMaster = (master: Publication) =>
      troublesOf({ ...watch.memory, publications: { master, replicas: null } }, 0, watch.nowMs);

    expect(withMaster(failed)).toEqual({ RecordOutOfSync: 1 });
    expect(withMaster({ ...failed, isDone: true })).toEqual({});
    expect(withMaster({ ...failed, epoch: failed.epoch - 1 })).toEqual({});
  });

  test("is a configuration that STATE does not name", () => {
    const watch = watchCalm();
    const config = groupConfig({ version: 9 });

    expect(troublesOf({ ...watch.memory, config }, 0, watch.nowMs)).toEqual({
      ConfigurationDiffers: 1,
    });
  });
});
