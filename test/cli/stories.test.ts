import { describe, expect, test } from "@jest/globals";
import { lastHold, pastConditionsOf, sayEnd, votesOf } from "../../lib/cli/explain-past.ts";
import { timelineOf } from "../../lib/cli/report-timeline.ts";
import type { StoredEvent } from "../../lib/ports/store.ts";
import { factsOf } from "../../lib/status/failover-facts.ts";
import {
  type EpochStory,
  isTransition,
  type RoundStory,
  storiesOf,
} from "../../lib/status/stories.ts";
import { everything, failover, n1, n2, n3, told, withdrawn, wrote } from "./stories-stage.ts";

function round(number: number, events = everything): RoundStory {
  const found = storiesOf(events).rounds.find((one) => one.number === number);
  if (found === undefined) throw new Error(`expected round ${number}`);
  return found;
}

function epoch(number: number, events: readonly StoredEvent[] = everything): EpochStory {
  const found = storiesOf(events).epochs.find((one) => one.epoch === number);
  if (found === undefined) throw new Error(`expected epoch ${number}`);
  return found;
}

describe("the story of a round", () => {
  test("has what led to it, and nothing of the next one", () => {
    const names = round(4).events.map(({ name }) => name);

    expect(names.slice(0, 3)).toEqual(["+sdown", "+round", "+transition"]);
    expect(names.at(-1)).toBe("+transition");
    expect(round(4)).toMatchObject({ epoch: 1, suspect: n1, end: "claimed" });
    expect(new Set(round(4).events.map((event) => event.round))).toEqual(new Set([3, 4]));
  });

  test("is the same in whatever order the events were read", () => {
    expect(storiesOf(everything.toReversed())).toEqual(storiesOf(everything));
  });

  test("knows who voted what, by the votes' own evidence", () => {
    expect(votesOf(round(4))).toMatchObject([
      { observer: "a", verdict: "down", lastOffset: 900, why: "evidence of a" },
      { observer: "b", verdict: "down", lastOffset: 1_000 },
      { observer: "c", verdict: "unreachable", lastOffset: null },
    ]);
  });

  test("that led to nothing says what held it back, and how it ended", () => {
    expect(sayEnd(round(5))).toBe(`round 5 on ${n2} was withdrawn: ${n2} answers b again`);
    expect(lastHold(round(5))?.rule).toBe("S340");
    expect(pastConditionsOf(round(5)).at(-1)).toMatchObject({ name: "quorum", isMet: "no" });
    expect(sayEnd(round(6))).toContain("is open: cooling down for another 500000 ms");
    expect(pastConditionsOf(round(6)).at(-1)).toMatchObject({ name: "cool-down", isMet: "no" });
  });

  test("is superseded by the next one, with the reason that was told last", () => {
    const next = wrote(70_000, "c/1.x", "S310", `${n2} is down(silent)`, {
      rev: 16,
      epoch: 2,
      round: 6,
      phase: "steady",
    });
    const events = [...withdrawn.filter(({ rule }) => rule !== "S300"), next];

    expect(sayEnd(round(5, events))).toBe(
      `round 5 on ${n2} led to nothing, and round 6 took its place: no quorum yet: 1 of 2 say down; no vote: a, c`,
    );
  });

  test("leaves out who was found down and came back before it", () => {
    const early = [
      told(10, "c", "+sdown", `${n3} is down(silent)`, { rev: 10, epoch: 1, round: 3, node: n3 }),
      told(20, "c", "-sdown", `${n3} is up again`, { rev: 10, epoch: 1, round: 3, node: n3 }),
    ];

    expect(round(4, [...early, ...failover]).events).toHaveLength(round(4).events.length);
  });
});

describe("the story of an epoch", () => {
  test("says who, how long each part took, and what was lost", () => {
    expect(factsOf(epoch(2), null)).toEqual({
      epoch: 2,
      kind: "failover",
      isAutomatic: true,
      result: "completed",
      from: n1,
      to: n2,
      openedBy: "a/7.x",
      round: 4,
      startedAt: "2030-01-01T04:00:01.600Z",
      committedAt: "2030-01-01T04:00:01.901Z",
      endedAt: "2030-01-01T04:00:02.400Z",
      durationsMs: {
        detectMs: 1_600,
        agreeMs: 201,
        promoteMs: 90,
        downToWritableMs: 1_890,
        publishMs: 300,
        settleMs: 499,
      },
      loss: { bytes: 12, certainty: "lower-bound" },
      reason: `a, b agree in round 4 that ${n1} is down`,
    });
  });

  test("takes the exact loss from the old master that came back long after", () => {
    const late = told(600_000, "c", "+loss-report", `${n1} came back`, {
      rev: 20,
      epoch: 2,
      round: 6,
      rule: "R720",
      evidence: { bytes: 40 },
    });

    expect(factsOf(epoch(2, [...everything, late]), null).loss).toEqual({
      bytes: 40,
      certainty: "exact",
    });
    expect(timelineOf(epoch(2, [...everything, late])).later).toMatchObject([
      { name: "+loss-report" },
    ]);
  });

  test("is told by the writes of STATE alone where nobody lived to tell it", () => {
    const alone = failover.filter(isTransition);

    expect(factsOf(epoch(2, alone), null)).toMatchObject({
      kind: null,
      isAutomatic: null,
      result: "completed",
      from: n1,
      to: null,
      loss: null,
    });
    expect(timelineOf(epoch(2, alone)).moments.map(({ rule }) => rule)).toEqual([
      "S310",
      "S370",
      "P510",
      "T620",
    ]);
  });

  test("is open until it is steady again, and failed if it never settled", () => {
    const isBefore = (rule: string) => (event: StoredEvent) => event.id < idOf(rule);
    const promoting = failover.filter(isBefore("P510"));
    const closing = wrote(5_000, "a/7.x", "P520", `${n2} could not be promoted`, {
      rev: 13,
      epoch: 2,
      round: 4,
      phase: "steady",
    });

    expect(factsOf(epoch(2, promoting), null).result).toBe("open");
    expect(factsOf(epoch(2, [...promoting, closing]), null)).toMatchObject({
      result: "failed",
      reason: `${n2} could not be promoted`,
    });
  });

  test("is left out where its beginning was dropped with the oldest events", () => {
    const late = failover.filter(({ id }) => id > idOf("S370"));

    expect(storiesOf(late).epochs).toEqual([]);
  });

  test("has a scale that begins with the first unanswered probe", () => {
    const { zeroAt, fromMs, toMs, spans } = timelineOf(epoch(2));

    expect({ zeroAt, fromMs, toMs }).toEqual({
      zeroAt: "2030-01-01T04:00:00.000Z",
      fromMs: 0,
      toMs: 2_400,
    });
    expect(spans).toEqual([
      { name: "found", fromMs: 0, toMs: 1_600 },
      { name: "agreed", fromMs: 1_600, toMs: 1_801 },
      { name: "promoted", fromMs: 1_801, toMs: 1_891 },
      { name: "published", fromMs: 1_901, toMs: 2_201 },
      { name: "settled", fromMs: 1_901, toMs: 2_400 },
    ]);
  });
});

function idOf(rule: string): string {
  const found = failover.find((event) => isTransition(event) && event.rule === rule);
  if (found === undefined) throw new Error(`expected a write by ${rule}`);
  return found.id;
}
