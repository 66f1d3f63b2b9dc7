import { beforeEach, describe, expect, test } from "@jest/globals";
import { createNotifyingReporter } from "../../lib/adapters/notifying-reporter.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import type { Reporter } from "../../lib/ports/reporter.ts";
import { manualClock, settle } from "../support/manual-clock.ts";
import { heldNotifier, rememberingReporter, reportedEvent } from "../support/notifications.ts";

const limits = { waitingMax: 3, underWayMax: 2, deadlineMs: 1_000, pausesMs: [100, 400] };

let inside: ReturnType<typeof rememberingReporter>;
let topic: ReturnType<typeof heldNotifier>;
let bus: ReturnType<typeof heldNotifier>;
let time: ReturnType<typeof manualClock>;
let reporter: Reporter;

beforeEach(() => {
  inside = rememberingReporter();
  topic = heldNotifier("topic");
  bus = heldNotifier("event bus");
  time = manualClock();
  reporter = reporterTo([topic, bus]);
});

function reporterTo(held: readonly ReturnType<typeof heldNotifier>[]): Reporter {
  return createNotifyingReporter(inside.reporter, {
    ...{ deployment: "prod", observer: "a", clock: time.clock, limits },
    notifiers: held.map((one) => one.notifier),
  });
}

function messagesOf(held: ReturnType<typeof heldNotifier>): readonly string[] {
  return held.calls.map((call) => call.notification.message);
}

function warn(message: string): void {
  reporter.event(reportedEvent({ name: "+sdown", message }));
}

describe("what is told", () => {
  test("is what the reporter inside is told first, and of that each warning, to everybody", async () => {
    reporter.event(reportedEvent({ name: "+round", level: "notice" }));
    reporter.event(reportedEvent());
    await settle();

    expect(inside.events.map((event) => event.name)).toEqual(["+round", "+switch-master"]);
    for (const { calls } of [topic, bus]) {
      expect(calls.map((call) => call.notification)).toEqual([
        {
          ...{ schema: 1, deployment: "prod", group: "cache", observer: "a" },
          ...{ at: "2030-01-31T04:00:00.000Z", event: "+switch-master", level: "warning" },
          ...{ rule: "P510", epoch: 2, round: 5, rev: 12, node: "10.0.0.2:6379" },
          key: "prod/cache/2/5/+switch-master/10.0.0.2:6379",
          message: "cache 10.0.0.1 6379 10.0.0.2 6379",
          evidence: { from: "10.0.0.1:6379", to: "10.0.0.2:6379" },
          durationsMs: {},
        },
      ]);
    }
  });

  test("is the event's own fields and no other that one may carry", async () => {
    const carried = { ...reportedEvent(), password: "canary-secret" };
    reporter.event(carried);
    await settle();

    expect(JSON.stringify(topic.calls.map((call) => call.notification))).not.toContain("canary");
  });

  test("has one key for all observers", async () => {
    const other = createNotifyingReporter(inside.reporter, {
      ...{ deployment: "prod", observer: "b", clock: time.clock, notifiers: [topic.notifier] },
    });
    reporter.event(reportedEvent({ rev: 12 }));
    other.event(reportedEvent({ rev: 13 }));
    await settle();

    const [first, second] = topic.calls.map((call) => call.notification);
    expect([first?.observer, second?.observer]).toEqual(["a", "b"]);
    expect(second?.key).toBe(first?.key);
  });
});

describe("a receiver that hangs", () => {
  test("keeps nobody waiting, and holds up no other receiver", async () => {
    for (const message of ["1", "2", "3", "4", "5"]) {
      warn(message);
      bus.calls.at(-1)?.answer(success(undefined));
      await settle();
    }

    expect(messagesOf(topic)).toEqual(["1", "2"]);
    expect(messagesOf(bus)).toEqual(["1", "2", "3", "4", "5"]);
    expect(inside.events).toHaveLength(5);
  });

  test("is asked three times with a deadline each, and then it is told as lost", async () => {
    reporter = reporterTo([topic]);
    warn("1");
    await settle();
    await time.pass(999);
    expect(topic.calls[0]?.signal.aborted).toBe(false);
    await time.pass(1);
    expect(topic.calls[0]?.signal.aborted).toBe(true);
    await time.pass(100);
    expect(topic.calls).toHaveLength(2);
    await time.pass(1_000 + 400);
    expect(topic.calls).toHaveLength(3);
    expect(inside.lines).toEqual([]);
    await time.pass(1_000);

    expect(topic.calls).toHaveLength(3);
    expect(inside.lines).toEqual([
      "+sdown failed on its way to the topic: topic: no answer within 1000 ms, or before the shift ended",
    ]);
    expect(time.sleepers.size).toBe(0);
  });

  test("has the oldest that waits dropped beyond the bound, and never a +switch-master before it", async () => {
    reporter = reporterTo([topic]);
    warn("under way 1");
    warn("under way 2");
    reporter.event(reportedEvent({ message: "switched" }));
    for (const message of ["1", "2", "3", "4"]) warn(message);
    await settle();

    expect(inside.lines).toEqual([
      "+sdown dropped on its way to the topic: too many wait",
      "+sdown dropped on its way to the topic: too many wait",
    ]);
    for (let index = 0; index < topic.calls.length; index += 1) {
      topic.calls[index]?.answer(success(undefined));
      await settle();
    }
    expect(messagesOf(topic)).toEqual(["under way 1", "under way 2", "switched", "3", "4"]);
  });
});

describe("a receiver that fails", () => {
  test.each(["throttled", "cut", "unreachable"] as const)("as %s is asked again", async (kind) => {
    reporter = reporterTo([topic]);
    warn("1");
    topic.calls[0]?.answer(failure(kind, "not now"));
    await settle();
    await time.pass(100);
    topic.calls[1]?.answer(success(undefined));
    await settle();
    await reporter.flush();

    expect(topic.calls).toHaveLength(2);
    expect(inside.events.map((event) => event.name)).toEqual(["+sdown"]);
  });

  test.each(["denied", "refused"] as const)("as %s is not asked again", async (kind) => {
    reporter = reporterTo([topic]);
    warn("1");
    topic.calls[0]?.answer(failure(kind, "never"));
    await settle();
    await time.pass(10_000);

    expect(topic.calls).toHaveLength(1);
    expect(inside.lines).toEqual(["+sdown failed on its way to the topic: never"]);
  });

  test("by a mistake of its own does no harm", async () => {
    const broken = {
      target: "topic",
      notify: () => {
        throw new Error("a mistake");
      },
    };
    reporter = createNotifyingReporter(inside.reporter, {
      ...{ deployment: "prod", observer: "a", clock: time.clock, notifiers: [broken] },
      limits: { ...limits, pausesMs: [] },
    });
    warn("1");
    await settle();

    expect(inside.lines).toEqual([
      "+sdown failed on its way to the topic: topic: Error: a mistake",
    ]);
  });
});

describe("the end of a shift", () => {
  test("waits for what is under way, and stores nothing when all arrived", async () => {
    warn("1");
    const flushed = reporter.flush();
    await time.pass(500);
    expect(inside.flushes()).toBe(0);
    for (const { calls } of [topic, bus]) calls[0]?.answer(success(undefined));
    await flushed;

    expect(inside.flushes()).toBe(1);
    expect(inside.events.map((event) => event.name)).toEqual(["+sdown"]);
    expect(time.sleepers.size).toBe(0);
  });

  test("waits 2 s at the most, ends what is under way, and stores how much was lost, once", async () => {
    reporter = reporterTo([topic]);
    for (const message of ["1", "2", "3", "4"]) warn(message);
    const flushed = reporter.flush();
    await time.pass(1_999);
    expect(inside.flushes()).toBe(0);
    await time.pass(1);
    await flushed;

    expect(topic.calls.every((call) => call.signal.aborted)).toBe(true);
    expect(inside.events.slice(4)).toEqual([
      expect.objectContaining({
        ...{ name: "-notified", level: "warning", group: "cache", isStored: true },
        message: expect.stringMatching(/^4 notifications of this shift did not arrive, \+sdown /),
        evidence: { failed: 2, dropped: 2 },
      }),
    ]);
    await reporter.flush();
    expect(inside.events).toHaveLength(5);
  });

  test("is not the end of the process: the next shift tells on", async () => {
    reporter = reporterTo([topic]);
    warn("1");
    const flushed = reporter.flush();
    await time.pass(2_000);
    await flushed;
    warn("2");
    topic.calls.at(-1)?.answer(success(undefined));
    await reporter.flush();

    expect(messagesOf(topic).at(-1)).toBe("2");
    expect(inside.events.map((event) => event.name)).toEqual(["+sdown", "-notified", "+sdown"]);
  });
});

describe("a test", () => {
  const asked = reportedEvent({
    ...{ name: "+notify-test" as const, level: "notice" as const },
    ...{ message: "a test", evidence: { request: "op#1" } },
  });

  test("is told as taken when everybody took it", async () => {
    reporter.event(asked);
    for (const { calls } of [topic, bus]) calls[0]?.answer(success(undefined));
    await settle();

    expect(inside.events.at(-1)).toMatchObject({
      ...{ name: "+notified", level: "notice", isStored: true, evidence: { request: "op#1" } },
      message: "the topic took it; the event bus took it",
    });
  });

  test("says who did not take it, and why", async () => {
    reporter.event(asked);
    topic.calls[0]?.answer(success(undefined));
    bus.calls[0]?.answer(failure("denied", "PutEvents: AccessDeniedException"));
    await settle();
    await reporter.flush();

    expect(inside.events.slice(1)).toEqual([
      expect.objectContaining({
        ...{ name: "-notified", level: "warning", evidence: { request: "op#1" } },
        message: "the topic took it; the event bus did not: PutEvents: AccessDeniedException",
      }),
    ]);
  });

  test("says that there is nobody to tell", async () => {
    reporter = reporterTo([]);
    reporter.event(reportedEvent());
    reporter.event(asked);
    await settle();

    expect(inside.events.map((event) => [event.name, event.message]).slice(2)).toEqual([
      ["-notified", "this observer has neither a topic nor an event bus"],
    ]);
  });
});
