import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Mode, type NotifyStandIn, startNotify } from "../../lab/notify/server.ts";
import { createEventBridgeNotifier } from "../../lib/adapters/eventbridge-notifier.ts";
import { notificationOf } from "../../lib/adapters/notification.ts";
import { createSnsNotifier } from "../../lib/adapters/sns-notifier.ts";
import type { Notifier } from "../../lib/ports/notifier.ts";
import { busArn, reportedEvent, topicArn } from "../support/notifications.ts";

/** The SDK's own clients against a stand-in that speaks what the services' API pages say. */

const teller = { deployment: "prod", observer: "a", at: "2030-01-31T04:00:00.000Z" };
const notification = notificationOf(reportedEvent(), teller);

let receiver: NotifyStandIn;
let notifiers: Readonly<Record<"sns" | "eventbridge", Notifier>>;
const before = { ...process.env };

beforeAll(async () => {
  receiver = await startNotify();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SNS: receiver.endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: receiver.endpoint,
    AWS_ACCESS_KEY_ID: "lab",
    AWS_SECRET_ACCESS_KEY: "lab",
    AWS_REGION: "us-east-1",
  });
  notifiers = {
    sns: createSnsNotifier(topicArn, 300),
    eventbridge: createEventBridgeNotifier(busArn, 300),
  };
});

afterEach(() => {
  receiver.set("sns", "take");
  receiver.set("eventbridge", "take");
});

afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  await receiver.close();
});

const signal = new AbortController().signal;

describe("a topic", () => {
  test("gets JSON, a subject for people, and what subscriptions filter by", async () => {
    expect(await notifiers.sns.notify(notification, signal)).toMatchObject({ ok: true });

    const got = receiver.taken.at(-1);
    expect(got).toMatchObject({
      service: "sns",
      to: topicArn,
      title: "cache: +switch-master cache 10.0.0.1 6379 10.0.0.2 6379",
      attributes: { event: "+switch-master", group: "cache", level: "warning", observer: "a" },
    });
    expect(JSON.parse(got?.text ?? "")).toEqual(notification);
  });

  test("gets a subject that SNS takes, whatever the message says", async () => {
    const odd = { ...notification, message: `naïve\nline ${"x".repeat(300)}` };
    expect(await notifiers.sns.notify(odd, signal)).toMatchObject({ ok: true });

    const title = receiver.taken.at(-1)?.title ?? "";
    expect(title).toMatch(/^cache: \+switch-master na\?ve\?line x+\.\.\.$/);
    expect(title.length).toBeLessThan(100);
  });
});

test("an event bus gets the event's name as detail type, and JSON as detail", async () => {
  expect(await notifiers.eventbridge.notify(notification, signal)).toMatchObject({ ok: true });

  const got = receiver.taken.at(-1);
  expect(got).toMatchObject({
    ...{ service: "eventbridge", to: busArn, title: "+switch-master", source: "lambda-sentinel" },
  });
  expect(JSON.parse(got?.text ?? "")).toEqual(notification);
});

const failures: readonly (readonly ["sns" | "eventbridge", Mode, string])[] = [
  ["sns", "hang", "timeout"],
  ["sns", "fail", "cut"],
  ["sns", "throttle", "throttled"],
  ["sns", "deny", "denied"],
  ["eventbridge", "hang", "timeout"],
  ["eventbridge", "fail", "cut"],
  ["eventbridge", "throttle", "throttled"],
  ["eventbridge", "deny", "denied"],
  ["eventbridge", "refuse-entry", "throttled"],
];

test.each(failures)(
  "%s that is to %s fails as %s after one request",
  async (service, mode, kind) => {
    receiver.set(service, mode);
    const asked = receiver.asked.length;

    const done = await notifiers[service].notify(notification, signal);

    expect(done).toMatchObject({ ok: false, kind });
    expect(receiver.asked.length - asked).toBe(1);
  },
);

test.each(["sns", "eventbridge"] as const)(
  "a request to %s ends at the signal",
  async (service) => {
    receiver.set(service, "hang");
    const stop = new AbortController();
    const slow =
      service === "sns"
        ? createSnsNotifier(topicArn, 60_000)
        : createEventBridgeNotifier(busArn, 60_000);

    const done = slow.notify(notification, stop.signal);
    while (receiver.hanging.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();

    expect(await done).toMatchObject({ ok: false, kind: "timeout" });
    while (receiver.hanging.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  },
);

test("an ARN without a region is a mistake that is told at the start", () => {
  expect(() => createSnsNotifier("arn:aws:sns")).toThrow("expected an ARN with a region");
});
