import { describe, expect, test } from "@jest/globals";
import { heartbeatEveryMs, isReporting, type Start, whyIdle } from "../../lib/core/cadence.ts";
import { pulseOf, wokenBy } from "../../lib/shift/event.ts";

/** A message of the queue as Lambda hands it over. */
function message(body: string, waitedMs = 5_100) {
  const sentMs = 1_800_000_000_000;
  const attributes = {
    ApproximateReceiveCount: "1",
    SentTimestamp: String(sentMs),
    ApproximateFirstReceiveTimestamp: String(sentMs + waitedMs),
  };
  return { Records: [{ eventSource: "aws:sqs", messageId: "1", body, attributes }] };
}

const everyFiveSeconds = { cadence: "pulse", pulseMs: 5_000 } as const;

function pulsed(delayMs: number, waitedMs = delayMs): Start {
  return { ...everyFiveSeconds, pulse: { delayMs, waitedMs } };
}

describe("what starts a shift", () => {
  test("a pulse says when in its minute it was due, the queue how long it waited", () => {
    expect(pulseOf(message('{"pulse":{"delayMs":5000}}'))).toEqual({
      delayMs: 5_000,
      waitedMs: 5_100,
    });
  });

  test.each([
    ["the schedule", { source: "aws.scheduler", time: "2030-01-31T04:00:00Z" }],
    ["a wake", { wake: { group: "cache", round: 7 } }],
    ["another message", message('{"hello":1}')],
    ["a message that is no JSON", message("hello")],
    ["two messages at once", { Records: [...message("{}").Records, ...message("{}").Records] }],
    ["nothing", null],
  ])("%s is no pulse", (_what, event) => {
    expect(pulseOf(event)).toBeNull();
  });

  test("a pulse wakes nobody for a round, whatever is written in it", () => {
    expect(wokenBy(message('{"wake":{"group":"cache","round":7}}'))).toBeNull();
  });
});

describe("a pulse is worth a pass", () => {
  test.each([0, 300, 4_999, 5_000])("when it comes %d ms late", (lateMs) => {
    expect(whyIdle(pulsed(55_000, 55_000 + lateMs))).toBeNull();
  });

  test("and not once its successor is due", () => {
    expect(whyIdle(pulsed(55_000, 60_001))).toBe(
      "the pulse came 5001 ms late, and its successor is due",
    );
  });

  test.each(["loop", "tick"] as const)("and not in the cadence %s, which has none", (cadence) => {
    expect(whyIdle({ ...pulsed(5_000), cadence })).toContain(cadence);
    expect(whyIdle({ cadence, pulseMs: 5_000, pulse: null })).toBeNull();
  });
});

describe("heartbeats in calm", () => {
  const reporting = (pulseMs: number, heartbeatMs: number) => {
    const delays = Array.from({ length: 60_000 / pulseMs }, (_, index) => index * pulseMs);
    return delays.filter((delayMs) =>
      isReporting(
        { cadence: "pulse", pulseMs, pulse: delayMs === 0 ? null : { delayMs, waitedMs: delayMs } },
        heartbeatMs,
      ),
    );
  };

  test.each([
    [5_000, 15_000, [0, 15_000, 30_000, 45_000], 15_000],
    [5_000, 7_000, [0, 10_000, 15_000, 25_000, 30_000, 35_000, 45_000, 50_000], 10_000],
    [10_000, 15_000, [0, 20_000, 30_000, 50_000], 20_000],
    [30_000, 15_000, [0, 30_000], 30_000],
    [5_000, 300_000, [0], 60_000],
  ])("with pulses each %d ms and heartbeatMs %d are sent at %j", (pulseMs, ms, at, everyMs) => {
    expect(reporting(pulseMs, ms)).toEqual(at);
    expect(heartbeatEveryMs({ cadence: "pulse", pulseMs, pulse: null }, ms)).toBe(everyMs);
  });

  test("come with each tick, and in a loop when they are due", () => {
    const start = { pulseMs: 5_000, pulse: null };
    expect(heartbeatEveryMs({ cadence: "tick", ...start }, 15_000)).toBe(60_000);
    expect(heartbeatEveryMs({ cadence: "loop", ...start }, 15_000)).toBe(15_000);
  });
});
