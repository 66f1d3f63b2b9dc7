import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { withNode } from "../../lab/ask.ts";
import { labGroup, labObservers } from "../../lab/world.ts";
import { isMetric } from "../../lib/core/metrics.ts";
import { type QueryDefinition, queries } from "../../lib/deploy/queries.ts";
import { expectSettled } from "../support/assess.ts";
import { ask, type Row, rowOf } from "../support/insights.ts";
import { startRig, stopRigs } from "../support/rig.ts";

/**
 * The saved queries over the lines of one outage of the lab: an observer reaches no node, the master dies, nobody may take
 * its place, and then somebody may.
 */
let rows: readonly Row[];
let oldMaster: string;
let newMaster: string;
let epoch: number;

const [first, second, third] = labObservers;

beforeAll(async () => {
  const rig = await startRig({ isRouted: true });
  oldMaster = (await rig.state()).master?.node ?? "";
  const setPriorities = (priority: string) =>
    Promise.all(
      rig
        .others(oldMaster)
        .map((node) =>
          withNode(node, (redis) => redis.config("SET", "replica-priority", priority)),
        ),
    );
  await setPriorities("0");
  await rig.route([third], rig.world.nodes, "silent");
  await rig.node(oldMaster).kill();
  await rig.timeline.eventually("a vote of who sees nothing", ({ event, message }) => {
    return event === "+vote" && message.includes(`${third} votes blind`);
  });
  await rig.timeline.eventually(
    "a refusal",
    ({ event }) => event === "-failover-abort-no-good-slave",
  );
  await setPriorities("100");
  const promoted = await rig.timeline.eventually(
    "a promotion",
    ({ event }) => event === "+promoted-slave",
  );
  newMaster = promoted.node ?? "";
  ({ epoch } = promoted);
  await rig.route([third], rig.world.nodes, "open");
  await expectSettled(rig, newMaster);
  await rig.timeline.eventually("a decision of calm", ({ message, epoch: of }) => {
    return of === epoch && message.startsWith("decides R799");
  });
  rows = rig.timeline.printed.flatMap(({ line, at }) =>
    line.startsWith("{") ? [rowOf(line, at)] : [],
  );
}, 60_000);

afterAll(stopRigs);

function run({ text }: QueryDefinition): readonly Row[] {
  return ask(text({ group: labGroup, epoch }), rows);
}

function column(found: readonly Row[], name: string): readonly unknown[] {
  return found.map((row) => row[name]);
}

describe("the saved query", () => {
  test("why it failed over, or not: from the round to the refusal, and then the claim", () => {
    const found = run(queries.whyFailover);

    const steps = column(found, "rule");
    const order = ["S310", "S370", "P510", "T620"].map((rule) => steps.lastIndexOf(rule));
    expect(order).not.toContain(-1);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
    const refusal = found.find((row) => row.event === "-failover-abort-no-good-slave");
    expect(refusal?.message).toContain("priority is 0");
    expect(found.indexOf(refusal ?? {})).toBeLessThan(steps.indexOf("S370"));
    expect(steps).not.toContain("R799");
  });

  test("the timeline of an epoch: its claim first, its promotion, its commit, its end", () => {
    const found = run(queries.timeline);

    const events = column(found, "event");
    const told = ["+round", "+try-failover", "+promoted-slave", "+switch-master", "+failover-end"];
    const order = told.map((event) => events.indexOf(event));
    expect(order).not.toContain(-1);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
    const promote = found.find((row) => row.effect === "promote");
    expect(promote).toMatchObject({ outcome: "done", node: newMaster });
    expect(column(found, "effect")).toEqual(expect.arrayContaining(["write-state", "publish"]));
  });

  test("who disagreed: the vote of the observer that saw nothing, beside those of the others", () => {
    const found = run(queries.disagreed);

    const votes = ask(
      `filter event = "+vote" | parse message "+vote * votes * in round *: *" as voter, vote, inRound, why | stats count(*) as times by voter, vote`,
      rows,
    ).map((row) => `${row.voter} ${row.vote}`);
    expect(votes).toEqual(
      expect.arrayContaining([`${first} down`, `${second} down`, `${third} blind`]),
    );
    const messages = column(found, "message");
    expect(messages).toContainEqual(
      expect.stringMatching(new RegExp(`${third} votes blind in round`)),
    );
  });

  test("who is master: the new one, in calm", () => {
    expect(run(queries.master)).toEqual([
      {
        ...{ group: labGroup, node: newMaster, inEpoch: epoch, isIn: "steady" },
        ...{ by: expect.stringMatching(/^R7/), seen: expect.any(Number) },
      },
    ]);
  });

  test("what happened: warnings alone, the newest first", () => {
    const found = run(queries.happened);

    const events = column(found, "event");
    expect(events.indexOf("+switch-master")).toBeGreaterThan(-1);
    expect(events.indexOf("+switch-master")).toBeLessThan(events.lastIndexOf("+sdown"));
    expect(events).not.toContain("+vote");
  });

  test("which effects failed: none that did not", () => {
    const all = ask('filter what = "effect"', rows);
    expect(all.some((row) => row.outcome === "done")).toBe(true);
    expect(run(queries.failedEffects).filter((row) => row.outcome === "done")).toEqual([]);
    expect(run(queries.failedEffects)).toHaveLength(
      all.filter((row) => row.outcome !== "done").length,
    );
  });

  test("which rules refused: the one that had no candidate among them", () => {
    const found = run(queries.refusals);

    const refused = found.find((row) => row.rule === "S360");
    expect(refused).toMatchObject({ group: labGroup, event: "-failover-abort-no-good-slave" });
    const times = column(found, "times").map(Number);
    expect(times.toSorted((a, b) => b - a)).toEqual(times);
  });

  test("how long it took: from down to writable", () => {
    const [took] = run(queries.durations);

    expect(took).toMatchObject({ group: labGroup, epoch, node: newMaster });
    expect(took?.["durationsMs.downToWritableMs"]).toBeGreaterThan(0);
  });

  test("what was asked of AWS: by every observer, with its heartbeats", () => {
    const found = run(queries.calls);

    expect(column(found, "observer")).toEqual([...labObservers]);
    for (const row of found) {
      expect(row.requests).toBeGreaterThan(0);
      expect(row.heartbeats).toBeGreaterThan(0);
    }
  });
});

test("the metrics of the outage are in the lines, and every name in them is catalogued", () => {
  const named = rows.flatMap((row) =>
    Object.keys(row).filter((key) => /^[A-Z][A-Za-z]+$/.test(key)),
  );
  const names = [...new Set(named)];

  expect(names.filter((name) => !isMetric(name))).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining([
      ...["Heartbeats", "GroupsWatched", "AwsCalls", "DetectMs", "AgreeMs", "PromoteMs"],
      ...["PublishMs", "SettleMs", "DownToWritableMs", "Failovers", "MasterChanges"],
      ...["Refusals", "NoCandidate"],
    ]),
  );
});
