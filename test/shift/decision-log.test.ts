import { describe, expect, test } from "@jest/globals";
import type { Look } from "../../lib/core/commands.ts";
import type { Decision } from "../../lib/core/decide.ts";
import type { Memory } from "../../lib/core/memory.ts";
import { DecisionLog } from "../../lib/shift/decision-log.ts";
import { groupState, n0 } from "../support/builders.ts";
import { watchCalm } from "../support/watch.ts";

interface Line {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log on a clock of its own. */
function start() {
  const time = { nowMs: 0 };
  const lines: Line[] = [];
  const log = new DecisionLog({
    clock: {
      nowMs: () => time.nowMs,
      wallTime: () => "",
      sleep: () => Promise.resolve(),
    },
    reporter: {
      event: () => {},
      line: (_level, message, fields) => lines.push({ message, fields }),
      flush: () => Promise.resolve(),
    },
  });
  const { memory } = watchCalm();
  const decide = (rule: string, options: Partial<Decision> & { readonly of?: Memory } = {}) => {
    const { of = memory, ...change } = options;
    time.nowMs += 1_000;
    log.see(of, { rule, why: `because of ${rule}`, plan: [], look, ...change });
  };
  return { memory, decide, rules: () => lines.map((one) => one.fields.rule), lines };
}

const look: Look = {
  ...{ afterMs: 0, probe: [], info: false, rehearse: "no", prepare: [], newcomers: [] },
  ...{ bystander: null, order: "together", state: true, votes: false, record: "none" },
};

describe("the decisions of a group", () => {
  test("are told once a minute in calm, whichever rule of it is met", () => {
    const { decide, rules } = start();
    for (let turn = 0; turn < 125; turn += 1) decide(turn % 10 === 3 ? "R737" : "R799");

    expect(rules()).toEqual(["R799", "R799", "R799"]);
  });

  test("are told with each change in trouble, and the return to calm is one", () => {
    const { decide, rules } = start();
    for (const rule of ["R799", "S310", "S340", "S340", "S345", "S340", "R799", "R799"])
      decide(rule);

    expect(rules()).toEqual(["R799", "S310", "S340", "S345", "S340", "R799"]);
  });

  test("say what the group is: its master, phase, epoch, round and revision", () => {
    const { decide, lines } = start();
    decide("R799");

    const { epoch, rev, round } = groupState();
    expect(lines).toEqual([
      {
        message: "decides R799: because of R799",
        fields: {
          ...{ what: "decision", rule: "R799", group: "cache", phase: "steady", master: n0 },
          ...{ epoch, rev, round: round.number },
        },
      },
    ]);
  });

  test("that change something are no calm", () => {
    const { decide, rules } = start();
    decide("R799");
    decide("R730", { plan: [[{ kind: "wake", round: 1 }]] });
    decide("R799");

    expect(rules()).toEqual(["R799", "R730", "R799"]);
  });

  test("of a shift that has asked nobody yet are none", () => {
    const { decide, lines, memory } = start();
    const fresh = { ...memory, state: undefined };
    decide("F100", { of: fresh });
    expect(lines).toEqual([]);

    decide("F100", { of: { ...fresh, storeFailure: { why: "no answer", isForeign: false } } });
    expect(lines).toHaveLength(1);
  });
});
