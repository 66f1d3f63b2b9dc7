import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import type { ScriptAnswer } from "../../lib/core/spells.ts";
import { answers, errs, isSilent } from "../support/answers.ts";
import { groupConfig, groupState, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import {
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  Watch,
  type WatchStart,
  watchCalm,
} from "../support/watch.ts";

/** Fault N7: a script keeps the master busy (killBusyScripts). */

const config = groupConfig({ settings: { killBusyScripts: true } });
const replicas = [answers(n1, replicaFacts()), answers(n2, replicaFacts())];
const busy = [errs(n0, "BUSY"), ...replicas];
const calm = (start: WatchStart = {}) => watchCalm({ config, ...start });

function lookFor(watch: Watch, forMs: number, samples = busy) {
  let decision = watch.look({ samples });
  for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
    decision = watch.look({ afterMs: 1_000, samples });
  }
  return decision;
}

function told(watch: Watch, answer: ScriptAnswer): Outcome {
  return { kind: "script-told", node: n0, answer, why: "its words", atMs: watch.nowMs };
}

/** A watch whose master's script was told to stop, and the look after that. */
function afterKill(answer: ScriptAnswer) {
  const watch = calm();
  lookFor(watch, 5_000);
  const decision = watch.look({ samples: busy, outcomes: [told(watch, answer)] });
  return { watch, decision };
}

describe("R735 a script that keeps the master busy", () => {
  test("is left alone by default, however long it runs", () => {
    expect(lookFor(watchCalm(), 60_000).rule).toBe("R799");
  });

  test("is told to stop after downAfterMs and not before, by one effect and one event", () => {
    const watch = calm();
    expect(lookFor(watch, 4_000).rule).toBe("R799");

    const decision = watch.look({ afterMs: 1_000, samples: busy });

    expect(decision.rule).toBe("R735");
    expect(eventsOf(decision)).toMatchObject([
      { name: "+script-kill", level: "warning", node: n0 },
    ]);
    expect(commandsOf(decision)).toContainEqual({ kind: "kill-script", node: n0, epoch: 1 });
  });

  test("is told after STATE was read, where that is long ago", () => {
    const watch = calm();
    lookFor(watch, 4_000);

    const first = watch.look({ afterMs: 1_500, samples: busy, state: "unread" });
    expect(first).toMatchObject({ rule: "R735", plan: [], look: { state: true, afterMs: 0 } });
    expect(eventNames(watch.look({ samples: busy }))).toEqual(["+script-kill"]);
  });

  test.each<[string, WatchStart, typeof busy]>([
    ["while the group is paused", { state: paused() }, busy],
    ["of a master that says nothing", {}, [isSilent(n0), ...replicas]],
    ["of a replica", {}, [answers(n0), errs(n1, "BUSY"), answers(n2, replicaFacts())]],
  ])("is not told %s", (_name, start, samples) => {
    const watch = calm(start);
    lookFor(watch, 4_000, samples === busy ? busy : [errs(n0, "BUSY"), ...replicas]);

    expect(watch.look({ afterMs: 2_000, samples }).rule).not.toBe("R735");
  });

  test("that stopped or ended ends the spell: the next one has its time too", () => {
    for (const answer of ["killed", "gone"] as const) {
      const { watch, decision } = afterKill(answer);
      expect(decision.rule).toBe("R799");
      expect(lookFor(watch, 4_000).rule).toBe("R799");
      expect(lookFor(watch, 1_000).rule).toBe("R735");
    }
  });

  test.each<[ScriptAnswer, string]>([
    ["unkillable", "has written and can't be stopped"],
    ["denied", "+script|kill +function|kill"],
  ])("that is %s is told of once, and not told to stop again", (answer, words) => {
    const { watch, decision } = afterKill(answer);

    expect(eventsOf(decision)).toMatchObject([
      { name: "+page", node: n0, message: expect.stringContaining(words) },
    ]);
    expect(lookFor(watch, 60_000).rule).toBe("R799");
    watch.look({ samples: everybody });
    expect(eventNames(lookFor(watch, 5_000))).toEqual(["+script-kill"]);
  });

  test("that nobody heard of is told again after downAfterMs", () => {
    const { watch, decision } = afterKill("unanswered");

    expect(decision.rule).toBe("R799");
    expect(lookFor(watch, 4_000).rule).toBe("R799");
    expect(eventNames(lookFor(watch, 1_000))).toEqual(["+script-kill"]);
  });

  test("goes on from what the shift before this one had watched", () => {
    const spells = { [n0]: { unwritableForMs: 0, busyForMs: 4_500 } };
    const watch = new Watch({ config, spells });
    watch.look({ samples: busy });

    expect(watch.look({ afterMs: 1_000, samples: busy }).rule).toBe("R735");
    expect(lookFor(new Watch({ config }), 1_000).rule).not.toBe("R735");
  });
});

function paused() {
  return groupState({ pause: { by: "ops", reason: "work", until: null, rev: 1 } });
}
