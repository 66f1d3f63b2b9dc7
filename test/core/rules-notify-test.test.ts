import { describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import type { NotifyTestRequest } from "../../lib/core/requests.ts";
import { request } from "../../lib/core/state.ts";
import { isSilent } from "../support/answers.ts";
import { groupState, n0, openOn } from "../support/builders.ts";
import {
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  loseMaster,
  type Watch,
  wallTimeAt,
  watchCalm,
  written,
} from "../support/watch.ts";

const asked: NotifyTestRequest = {
  id: "op#1",
  kind: "notify-test",
  by: "ops",
  until: wallTimeAt(190_000),
};

/** A calm watch that reads of the test now. */
function watchAsked(state: Partial<GroupState> = {}): Watch {
  const watch = watchCalm({ state: groupState(state) });
  watch.table = groupState({ ...state, rev: 11, request: asked });
  return watch;
}

describe("R694 a test of notifications", () => {
  test.each([
    ["in calm", null],
    ["during a pause", { by: "ops", reason: "", until: null, rev: 9 }],
  ])("is told once a shift %s, and changes nothing", (_when, pause) => {
    const watch = watchAsked({ pause });

    const told = watch.look({ samples: everybody });
    const after = Array.from({ length: 5 }, () => watch.look({ samples: everybody, afterMs: 900 }));

    expect(told.rule).toBe("R694");
    expect(commandsOf(told).map((one) => one.kind)).toEqual(["emit"]);
    expect(eventsOf(told)).toEqual([
      expect.objectContaining({
        name: "+notify-test",
        level: "notice",
        isStored: true,
        evidence: { request: "op#1", by: "ops" },
      }),
    ]);
    expect(after.map((one) => one.rule)).not.toContain("R694");
    expect(after.flatMap((one) => eventNames(one))).not.toContain("+notify-test");
  });

  test("is told again when it is asked again", () => {
    const watch = watchAsked();
    watch.look({ samples: everybody });
    watch.look({ samples: everybody });

    watch.table = groupState({ rev: 13, request: { ...asked, id: "op#2" } });

    expect(watch.look({ samples: everybody }).rule).toBe("R694");
  });

  test("delays no vote and no suspicion: it waits until the master answers and the round is closed", () => {
    const watch = watchAsked({ round: openOn(5) });
    expect(watch.look({ samples: everybody }).rule).not.toBe("R694");

    const suspicious = watchAsked();
    const look = suspicious.look({ samples: [isSilent(n0)] });
    expect(look.rule).not.toBe("R694");
  });

  test("is no request for another master: a death is found and voted on as without it", () => {
    const watch = watchAsked();
    watch.look({ samples: everybody });

    expect(loseMaster(watch).rule).toBe("S310");
  });

  test("gives way to a request for a failover", () => {
    const state = groupState({ request: asked });
    const writer = { attempt: "x", shift: "operator", rule: "cli", why: "now" };
    const wish = {
      ...{ kind: "failover" as const, by: "ops", to: null, at: null },
      allowedLossBytes: null,
    };

    expect(request(state, wish, writer).next.request).toEqual({ ...wish, id: "x" });
  });
});

describe("R692 a test that nobody took back", () => {
  test("ends at its instant, whoever asked (ADR 0008)", () => {
    const watch = watchAsked();
    watch.look({ samples: everybody });

    const early = watch.look({ samples: everybody, afterMs: 80_000 });
    const ended = watch.look({ samples: everybody, afterMs: 20_000 });

    expect(early.rule).not.toBe("R692");
    expect(ended.rule).toBe("R692");
    expect(written(ended)).toMatchObject({
      request: null,
      lastTransition: {
        rule: "R692",
        why: `the test of notifications that ops asked for ended at ${asked.until}`,
      },
    });
  });
});
