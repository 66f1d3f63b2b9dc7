import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createEmf, type Emf } from "../../lib/adapters/emf.ts";
import { countEvent } from "../../lib/adapters/event-metrics.ts";
import { captureEmf, type EmfLines, isAsCatalogued } from "../support/emf-lines.ts";
import { reportedEvent } from "../support/notifications.ts";

let lines: EmfLines;
let emf: Emf;

beforeEach(() => {
  lines = captureEmf();
  emf = createEmf({ deployment: "prod", observer: "a" });
});
afterEach(() => lines.restore());

describe("an event", () => {
  test("of a new master counts a failover, for the deployment and for the group", () => {
    countEvent(emf, reportedEvent());

    const series = ["deployment=prod", "deployment=prod,group=cache"];
    expect(lines.data()).toEqual([
      { name: "Failovers", unit: "Count", value: 1, series },
      { name: "MasterChanges", unit: "Count", value: 1, series },
    ]);
    expect(lines.lines()[0]).toMatchObject({ observer: "a" });
  });

  test("that another observer tells of the same is a change of the master, and no second failover", () => {
    countEvent(emf, reportedEvent({ name: "+config-update-from" }));

    expect(lines.data().map((one) => one.name)).toEqual(["MasterChanges"]);
  });

  test("with durations publishes those that are metrics", () => {
    const durationsMs = { detectMs: 5_012, agreeMs: 310, strangeMs: 7 };
    countEvent(emf, reportedEvent({ name: "+elected-leader", durationsMs }));

    expect(lines.data().map(({ name, unit, value }) => [name, unit, value])).toEqual([
      ["DetectMs", "Milliseconds", 5_012],
      ["AgreeMs", "Milliseconds", 310],
    ]);
  });

  test.each([
    ["+hold", "S345"],
    ["-failover-abort-not-elected", "S340"],
  ] as const)("%s is a refusal of its rule", (name, rule) => {
    countEvent(emf, reportedEvent({ name, rule }));

    const series = [`deployment=prod,rule=${rule}`, "deployment=prod,group=cache"];
    expect(lines.data()).toEqual([{ name: "Refusals", unit: "Count", value: 1, series }]);
  });

  test.each([
    ["+page", ["Pages"]],
    ["+record-drift", ["RecordDrifts", "RecordOutOfSync"]],
    ["-published", ["RecordOutOfSync"]],
    ["-failover-abort-no-good-slave", ["NoCandidate", "Refusals"]],
  ] as const)("%s counts as %j", (name, names) => {
    countEvent(emf, reportedEvent({ name }));

    expect(lines.data().map((one) => one.name)).toEqual(names);
    expect(lines.data().every(isAsCatalogued)).toBe(true);
  });

  test.each(["+sdown", "-sdown", "+vote", "+round", "+tilt"] as const)(
    "%s costs nothing",
    (name) => {
      countEvent(emf, reportedEvent({ name }));

      expect(lines.lines()).toEqual([]);
    },
  );
});
