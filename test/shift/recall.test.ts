import { describe, expect, it } from "@jest/globals";
import type { Heartbeat } from "../../lib/ports/store.ts";
import { recallFor } from "../../lib/shift/recall.ts";
import { groupConfig, groupState } from "../support/builders.ts";
import { heartbeatOf } from "../support/heartbeats.ts";

const config = groupConfig();
const state = groupState({ rev: 7, configVersion: config.version });
const recall = { configs: [config], states: new Map([[config.name, state]]) };

/** A pulse in the middle of a minute that has no heartbeat to send. */
const quick = {
  ...({ cadence: "pulse", pulseMs: 5_000, woken: null } as const),
  pulse: { delayMs: 20_000, waitedMs: 20_010 },
};

function said(change: { readonly rev?: number; readonly configVersion?: number } = {}): Heartbeat {
  const beat = heartbeatOf({ groups: 1, nodes: 3 });
  const [report] = Object.values(beat.groups);
  if (report === undefined) throw new Error("expected a report of the one group");
  const own = { ...report, rev: 7, copiedRev: 7, configVersion: config.version, ...change };
  return { ...beat, groups: { [config.name]: own } };
}

describe("a pass reads neither configurations nor STATE again", () => {
  it("where its process has just those that the last heartbeat names", () => {
    expect(recallFor(quick, said(), { recall })).toBe(recall);
  });

  it.each([
    ["whose process has read nothing yet", quick, said(), null],
    ["after a heartbeat of a later STATE", quick, said({ rev: 8 }), recall],
    ["after one of an earlier STATE: it is another table's", quick, said({ rev: 6 }), recall],
    ["after one of another configuration", quick, said({ configVersion: 99 }), recall],
    ["after one with another group", quick, { ...said(), groups: {} }, recall],
    ["beside a shift that is awake", quick, { ...said(), awake: "stands" } as const, recall],
    ["whose predecessor is not known", quick, "unknown", recall],
    ["without a predecessor", quick, null, recall],
    ["that reports", { ...quick, pulse: { delayMs: 15_000, waitedMs: 15_000 } }, said(), recall],
    ["that the schedule started", { ...quick, pulse: null }, said(), recall],
    ["that was woken", { ...quick, woken: { group: config.name, round: 3 } }, said(), recall],
    ["in a loop", { ...quick, cadence: "loop" } as const, said(), recall],
  ] as const)("but not one %s", (_what, start, predecessor, kept) => {
    expect(recallFor(start, predecessor, { recall: kept })).toBeNull();
  });
});
