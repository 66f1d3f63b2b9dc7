import { afterEach, expect, test } from "@jest/globals";
import { createDynamoStore, createTableClient } from "../../lib/adapters/dynamo-store.ts";
import { createEventBridgeNotifier } from "../../lib/adapters/eventbridge-notifier.ts";
import { createLambdaWaker } from "../../lib/adapters/lambda-waker.ts";
import { notificationOf } from "../../lib/adapters/notification.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import { createSnsNotifier } from "../../lib/adapters/sns-notifier.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { describeTable } from "../../lib/adapters/table-facts.ts";
import { openServices } from "../../lib/cli/aws.ts";
import { createSecretSource } from "../../lib/config/secrets.ts";
import type { Result } from "../../lib/ports/errors.ts";
import { storedEvent } from "../support/builders.ts";
import {
  type BadAnswer,
  badAnswers,
  endCanaries,
  endsWith,
  expectNoCanary,
  serveBadAws,
} from "../support/canaries.ts";
import { busArn, reportedEvent, topicArn } from "../support/notifications.ts";

afterEach(endCanaries);

type Ask = () => Promise<Result<unknown>>;

const dns = { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: false };
const options = { table: "table", region: "eu-west-1" };
const wanted = { name: dns.name, type: "A" as const, ttlSeconds: 5, values: ["10.0.0.1"] };
const context = { deployment: "t", observer: "a", at: "2030-01-31T04:00:00.000Z" };
const notification = notificationOf(reportedEvent(), context);
const signal = new AbortController().signal;

/** Everything that asks AWS, by what it asks. */
function asks(): Readonly<Record<string, Ask>> {
  const client = createTableClient("eu-west-1");
  endsWith(async () => client.destroy());
  const store = createDynamoStore({ table: "table", deployment: "t", client });
  const zone = createRoute53Dns();
  const secrets = createSecretSource({ clock: systemClock, region: "eu-west-1" });
  const owner = { deployment: "t", group: "cache", epoch: 1 };
  const publication = { dns, owner, wanted: [wanted], isCurrent: () => true };
  return {
    "STATE is read": () => store.readState("cache"),
    "an event is stored": () => store.appendEvent(storedEvent("1")),
    "configurations are listed": () => store.listConfigs(),
    "the table is described": () => describeTable(client, "table"),
    "a parameter is read": () => secrets.resolve({ password: "ssm:/redis" }, undefined),
    "a secret is read": () => secrets.resolve({ password: "secretsmanager:redis" }, undefined),
    "records are read": () => zone.read(dns),
    "a name is published": () => zone.publish({ ...publication, known: null }),
    "a name is published over what was read ahead": () =>
      zone.publish({ ...publication, known: [] }),
    "a zone is asked for its name": () => openServices(options, process.env).zoneName("Z1"),
    "an observer is woken": () =>
      createLambdaWaker([{ observer: "b", region: "eu-west-1", functionName: "watch-b" }]).wake({
        observer: "b",
        ...{ group: "cache", round: 1 },
      }),
    "a topic is told": () => createSnsNotifier(topicArn).notify(notification, signal),
    "an event bus is told": () => createEventBridgeNotifier(busArn).notify(notification, signal),
  };
}

/** An invocation that is taken has no answer to be understood. */
const neededNoAnswer = ["an observer is woken"];

const answers = Object.keys(badAnswers).filter(
  (one): one is BadAnswer => one in badAnswers && !one.startsWith("an event"),
);

test.each(answers)("%s is told without secrets, whatever was asked", async (answer) => {
  await serveBadAws(answer);

  const said = await Promise.all(
    Object.entries(asks()).map(async ([what, ask]) => ({ what, result: await ask() })),
  );

  const taken = said.filter(({ result }) => result.ok).map(({ what }) => what);
  expect(taken).toEqual(answer.includes("no JSON") ? neededNoAnswer : []);
  expectNoCanary(said);
});

test("an event that a bus did not take is told without secrets", async () => {
  await serveBadAws("an event that was not taken, with the request as it was signed");
  const bus = createEventBridgeNotifier(busArn);

  const said = await bus.notify(notification, signal);

  expect(said).toMatchObject({ ok: false, kind: "refused" });
  expect(JSON.stringify(said)).toContain("MalformedDetail: not taken");
  expectNoCanary(said);
});
