import { expect, test } from "@jest/globals";
import { readEnvironment } from "../../lib/shift/environment.ts";
import { createLatePorts } from "../../lib/wiring/late-ports.ts";
import { busArn, topicArn } from "../support/notifications.ts";

const required = { LAMBDA_SENTINEL_OBSERVER: "a" };

test("tells of what cannot be an address of a peer at the start, not in a failover", () => {
  const environment = readEnvironment({ ...required, LAMBDA_SENTINEL_PEERS: "nonsense" });
  expect(() => createLatePorts(environment)).toThrow(
    'expected observer=region:function, got "nonsense"',
  );
});

test("has a notifier for each that is to be told, and none where nobody is", () => {
  const targets = (env: Readonly<Record<string, string>>) =>
    createLatePorts(readEnvironment({ ...required, ...env })).notifiers.map((one) => one.target);
  expect(targets({})).toEqual([]);
  expect(targets({ LAMBDA_SENTINEL_TOPIC: topicArn, LAMBDA_SENTINEL_EVENT_BUS: busArn })).toEqual([
    "topic",
    "event bus",
  ]);
});

test("knows of no way to wake an observer without an address", async () => {
  const { waker } = createLatePorts(readEnvironment(required));
  expect(await waker.wake({ observer: "b", group: "cache", round: 1 })).toMatchObject({ ok: true });
});
