import { expect, jest, test } from "@jest/globals";
import { heartbeatItem, parseHeartbeat } from "../../lib/adapters/dynamo-heartbeat.ts";
import { momentFrom } from "../../lib/cli/explain-moment.ts";
import type { Decision } from "../../lib/core/decide.ts";
import { stopOf } from "../../lib/core/explain.ts";
import type { Memory, Observation } from "../../lib/core/memory.ts";
import type { Vote } from "../../lib/core/model.ts";
import { momentOf } from "../../lib/core/moment.ts";
import { rules } from "../../lib/core/rules.ts";
import type { MasterView } from "../../lib/core/view.ts";
import { heartbeatOf } from "../../lib/shift/heartbeat.ts";
import { gotFrom } from "../support/results.ts";

/**
 * What `explain` says, held against what is decided, in every decision of whole seeds: by the observer's own view, and by
 * what its heartbeat would have told to somebody who reads the table in that moment.
 */

const actual = await import("../../lib/core/decide.ts");
const seen = new Set<string>();
const wrong = new Set<string>();

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);
const steadyIds = idsOf(rules.steady);
const onTheWay = ["S310", "S340", "S345", "S350", "S355", "S357", "S360", "S370"];
/** Tried before any suspicion, once each: the next decision goes on from there. */
const before = steadyIds.slice(0, steadyIds.indexOf("R700"));
const openEpoch = [...idsOf(rules.promoting), "F190"];

/** The rows that a walk which stops at this condition may find. */
function isExpected(stop: string, rule: string, decided: string): boolean {
  switch (stop) {
    case "able":
      return decided === rule;
    case "phase":
      return openEpoch.includes(decided);
    case "unpaused":
      return !onTheWay.includes(decided) && decided !== "S320" && decided !== "S330";
    case "evidence":
    case "rested":
      return !onTheWay.includes(decided);
    case "vote":
      return ["S320", "S330"].includes(decided);
    default:
      return decided === rule;
  }
}

function viewOf(memory: Memory, { nowMs, attempt }: Observation): MasterView | null {
  const { state } = memory;
  if (state === null || state === undefined) return null;
  return actual.masterView(actual.groupView(actual.viewOf(memory, nowMs, attempt), state));
}

function check(memory: Memory, at: Observation, { rule, why }: Decision): void {
  const view = viewOf(memory, at);
  if (view === null || before.includes(rule)) return;
  const stop = stopOf(momentOf(view)) ?? { name: "claim", rule: "S370" };
  seen.add(`${stop.name} ${rule}`);
  if (!isExpected(stop.name, stop.rule, rule)) wrong.add(`${stop.name} (${stop.rule}): ${rule}`);
  // Whoever reads the table later counts the votes without waiting for a look. Calm is told often enough by what else there is.
  if (why === "counting the votes" || rule === "R799") return;
  const told = stopOf(momentTold(view, rule, why)) ?? { name: "claim", rule: "S370" };
  if (told.name !== stop.name) wrong.add(`told ${told.name}, was ${stop.name}: ${rule}`);
}

const looked = {
  isBusy: false,
  unsettled: null,
  looks: 1,
  isAtRest: true,
  isReadingRecord: false,
};

/** As the command line puts it together, from the items of the table. */
function momentTold(view: MasterView, rule: string, why: string) {
  const { memory, nowMs, config, state, master } = view;
  const status = { memory, rule, why, atMs: nowMs, copiedRev: 0, ...looked };
  const clock = { nowMs: () => nowMs, wallTime: () => "", sleep: async () => {} };
  const { observer } = memory;
  const self = { observer, shift: 1, codeVersion: "1" };
  const beat = heartbeatOf(self, new Map([[config.name, status]]), clock);
  const report = gotFrom(parseHeartbeat(heartbeatItem(beat))).groups[config.name];
  if (report === undefined) throw new Error("expected a report of the group");
  const others = (memory.votes?.votes ?? []).filter((vote) => vote.observer !== observer);
  const votes = [...others, ...ownVote(view)];
  const table = { config, state, master, votes, wallMs: memory.wallMs };
  return momentFrom(table, { observer, report, ageMs: 0 });
}

function ownVote({ memory, state, config, master }: MasterView): readonly Vote[] {
  const { voted, observer } = memory;
  if (voted === null) return [];
  const { name: group, digest } = config;
  const said = { observer, group, digest, epoch: state.epoch, node: master.node };
  return [{ ...said, ...voted, lastOffset: null, evidence: "" }];
}

jest.unstable_mockModule("../../lib/core/decide.ts", () => ({
  ...actual,
  step: (memory: Memory, at: Observation) => {
    const done = actual.step(memory, at);
    check(done.memory, at, done.decision);
    return done;
  },
}));
const { runSeed } = await import("./run-seed.ts");

test("explain stops at the row that decides, in every decision of these seeds", async () => {
  for (const seed of [4_023, 4_026, 4_033]) await runSeed({ seed });

  expect([...wrong]).toEqual([]);
  // A walk that never came so far would prove nothing.
  const reached = ["round S310", "vote S330", "quorum S340", "cool-down S350", "candidate S360"];
  expect([...seen]).toEqual(expect.arrayContaining([...reached, "claim S370"]));
}, 120_000);
