import { expect, jest, test } from "@jest/globals";
import { readEnvironment } from "../../lib/shift/environment.ts";
import { loadedAheadAfterMs } from "../../lib/wiring/later.ts";
import { groupConfig } from "../support/builders.ts";
import { topicArn } from "../support/notifications.ts";
import { until } from "../support/redis-lab.ts";

const loaded: string[] = [];
/** Stands for an adapter that is loaded later, and notes that it is. */
function notes(file: string, exported: string): void {
  jest.unstable_mockModule(`../../lib/adapters/${file}.ts`, () => {
    loaded.push(file);
    return { [exported]: () => ({}) };
  });
}

test("loads what a failover of a group needs once the group is connected to, without being asked", async () => {
  // Prepare
  notes("lambda-waker", "createLambdaWaker");
  notes("route53-dns", "createRoute53Dns");
  notes("sns-notifier", "createSnsNotifier");
  notes("eventbridge-notifier", "createEventBridgeNotifier");
  const { wireWatch } = await import("../../lib/wiring/watch-ports.ts");
  const environment = readEnvironment({
    LAMBDA_SENTINEL_OBSERVER: "a",
    LAMBDA_SENTINEL_TABLE_REGION: "eu-west-1",
    LAMBDA_SENTINEL_PEERS: "b=eu-west-1:watch-b",
    LAMBDA_SENTINEL_TOPIC: topicArn,
  });
  const { ports } = wireWatch(environment);
  const dns = { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: false };
  const atStart = [...loaded];

  // Act
  jest.useFakeTimers();
  const connected = await ports.connect({ ...groupConfig(), dns });
  await jest.advanceTimersByTimeAsync(loadedAheadAfterMs);
  jest.useRealTimers();
  await until(() => loaded.length >= 3);

  // Assess
  expect(connected.ok).toBe(true);
  expect(atStart).toEqual([]);
  expect(loaded).toEqual(["lambda-waker", "route53-dns", "sns-notifier"]);
});
