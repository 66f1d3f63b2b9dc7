import { describe, expect, test } from "@jest/globals";
import { discardMisses } from "../../lib/core/detector.ts";
import type { Sample } from "../../lib/core/model.ts";
import { heartbeatOf } from "../../lib/shift/heartbeat.ts";
import { answers, errs, isSilent, type Seen } from "../support/answers.ts";
import {
  calmStatus,
  groupConfig,
  masterFacts,
  n0,
  n1,
  n2,
  replicaFacts,
} from "../support/builders.ts";
import { Watch } from "../support/watch.ts";

/** How long a node has been of no use, over the shifts of one observer: each of them lasts a minute or so. */

const config = groupConfig({ settings: { whenUnwritable: "failover" } });
const replicas = [answers(n1, replicaFacts()), answers(n2, replicaFacts())];
const well = [answers(n0, masterFacts()), ...replicas];
/** ROLE is answered all the same. */
const refusing: Seen<Sample> = (nowMs) => ({
  ...errs(n0, "MISCONF")(nowMs),
  role: { role: "master", offset: 1_000 },
});
const misconf = [refusing, ...replicas];

function successor(unwritableForMs = 4_000): Watch {
  return new Watch({ config, spells: { [n0]: { unwritableForMs, busyForMs: 0 } } });
}

function sinceOf(watch: Watch): number | null {
  const sinceMs = watch.memory.nodes[n0]?.unwritableSinceMs ?? null;
  return sinceMs === null ? null : watch.nowMs - sinceMs;
}

describe("N10 a spell of refused writes", () => {
  test("goes on in the next shift, from its first answer", () => {
    const watch = successor();

    watch.look({ samples: [isSilent(n0), ...replicas] });
    expect(sinceOf(watch)).toBeNull();
    watch.look({ samples: misconf });
    expect(sinceOf(watch)).toBe(4_002);
    watch.look({ afterMs: 1_000, samples: misconf });
    expect(sinceOf(watch)).toBe(5_002);
  });

  test("begins anew where the first answer was a good one, or a freeze lay between", () => {
    const healed = successor();
    healed.look({ samples: well });
    healed.look({ samples: misconf });
    expect(sinceOf(healed)).toBe(2);

    const node = successor().memory.nodes[n0];
    expect(node && discardMisses(node).spellsBefore).toBeNull();
  });

  test("is told in the heartbeat, and only of who is of no use", () => {
    const watch = successor();
    watch.look({ samples: misconf });
    const status = { ...calmStatus, memory: watch.memory };
    const clock = {
      nowMs: () => watch.nowMs,
      wallTime: () => "2030-01-31T00:00:00.000Z",
      sleep: () => Promise.resolve(),
    };
    const self = { observer: "a", shift: 2, codeVersion: "1" };
    const groups = new Map([["cache", { ...status, atMs: watch.nowMs }]]);
    const nodes = heartbeatOf(self, groups, clock).groups.cache?.nodes;

    expect(nodes?.[n0]?.spells).toEqual({ unwritableForMs: 4_002, busyForMs: 0 });
    expect(nodes?.[n1]).not.toHaveProperty("spells");
  });
});
