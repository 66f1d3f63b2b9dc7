import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type NotifyStandIn, type Service, startNotify } from "../../lab/notify/server.ts";
import { labGroup, labObservers } from "../../lab/world.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { createStatusPage } from "../../lib/page/app.ts";
import { pageSources } from "../../lib/page/sources.ts";
import { failure } from "../../lib/ports/errors.ts";
import { endCanaries, serveQuoting } from "../support/canaries.ts";
import { runWith } from "../support/cli.ts";
import { busArn, topicArn } from "../support/notifications.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

/** One group for the whole file, with secrets that must be seen nowhere. The failover is the last to disturb it. */

const password = "canary-of-the-nodes";
const awsSecret = "canary-of-the-account";

let receiver: NotifyStandIn;
let rig: Rig;
/** What the command line has printed. */
const printed: string[] = [];

beforeAll(async () => {
  receiver = await startNotify();
  rig = await startRig({
    serverOptions: () => ({ password, masterPassword: password }),
    groupLines: ['auth: { password: "env:NODE_PASSWORD" }'],
    functionEnv: {
      ...{ NODE_PASSWORD: password, AWS_SECRET_ACCESS_KEY: awsSecret },
      ...{ LAMBDA_SENTINEL_TOPIC: topicArn, LAMBDA_SENTINEL_EVENT_BUS: busArn },
      AWS_ENDPOINT_URL_SNS: receiver.endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: receiver.endpoint,
    },
  });
}, 60_000);

afterAll(async () => {
  await stopRigs();
  await endCanaries();
  await receiver.close();
});

async function notifyTest() {
  const ended = await rig.cli("notify", "test", labGroup);
  printed.push(ended.stdout, ended.stderr);
  return ended;
}

interface Told {
  readonly observer: string;
  readonly event: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** What this service took of this event, by whichever observer. */
function toldTo(service: Service, event: string): readonly Told[] {
  const taken = receiver.taken.filter((one) => one.service === service);
  return taken.map(({ text }): Told => JSON.parse(text)).filter((one) => one.event === event);
}

function testsOf(service: Service): readonly string[] {
  return toldTo(service, "+notify-test").map((one) => one.observer);
}

describe("notify test", () => {
  test("has every observer's own function tell topic and bus, and shows it", async () => {
    const { epoch } = await rig.state();

    const ended = await notifyTest();

    expect(ended).toMatchObject({ code: 0, stderr: "" });
    for (const observer of labObservers) {
      expect(ended.stdout).toContain(`${observer}  the topic took it; the event bus took it`);
      expect(testsOf("sns")).toContain(observer);
      expect(testsOf("eventbridge")).toContain(observer);
    }
    expect(await rig.state()).toMatchObject({ request: null, phase: "steady", epoch });
  }, 60_000);

  test("shows what the functions may not do, and the other receiver is told all the same", async () => {
    receiver.set("sns", "deny");
    const before = testsOf("eventbridge").length;

    const ended = await notifyTest();
    receiver.set("sns", "take");

    expect(ended.code).toBe(1);
    for (const observer of labObservers) {
      expect(ended.stdout).toMatch(
        new RegExp(`${observer} {2}the topic did not: SNS Publish: AuthorizationError`),
      );
    }
    expect(ended.stdout).toContain("the event bus took it");
    expect(testsOf("eventbridge").length - before).toBeGreaterThanOrEqual(labObservers.length);
  }, 60_000);
});

test("a failover does not wait for a topic that hangs, and both are told of it afterwards", async () => {
  // Prepare
  const oldMaster = (await rig.state()).master?.node ?? "";
  receiver.set("sns", "hang");
  const takenBefore = receiver.taken.length;

  // Act
  await rig.node(oldMaster).kill();
  const switched = await rig.timeline.eventually(
    "a switch",
    (one) => one.event === "+switch-master",
  );
  const open = receiver.hanging.map(({ text }): Told => JSON.parse(text));
  const taken = receiver.taken.slice(takenBefore).filter((one) => one.service === "sns");
  const committed = await rig.state();
  receiver.set("sns", "take");
  receiver.release();

  // Assess: when the switch was in STATE, nothing had been answered, and the topic was still being asked by the very
  // leader to take what it had to tell before it promoted anybody.
  expect(committed.master?.node).toBe(switched.node);
  expect(taken).toEqual([]);
  const early = ["+sdown", "+round", "+vote", "+odown", "+new-epoch", "+try-failover"];
  const stillOpen = open.filter(
    ({ observer, event }) => observer === switched.observer && early.includes(event),
  );
  expect(stillOpen.length).toBeGreaterThan(0);
  const [promoted] = rig.timeline.named("+promoted-slave");
  expect(promoted?.evidence.storeTrips).toBeLessThanOrEqual(4);
  const addresses = addressesOf(oldMaster, switched.node ?? "");
  for (const service of ["sns", "eventbridge"] as const) {
    await rig.timeline.until(`${service} to be told of the switch`, () => {
      const [told] = toldTo(service, "+switch-master");
      expect(told?.evidence).toMatchObject(addresses);
      const [heard] = toldTo(service, "+config-update-from");
      expect(heard?.evidence).toMatchObject(addresses);
      expect(heard?.observer).not.toBe(told?.observer);
    });
  }
}, 60_000);

function addressesOf(from: string, to: string) {
  const [fromHost, fromPort] = from.split(":");
  const [toHost, toPort] = to.split(":");
  return { fromHost, fromPort: Number(fromPort), toHost, toPort: Number(toPort) };
}

test("no secret is told to anybody, logged, stored, shown or printed, though a server says it back", async () => {
  // Prepare: where the old master was, somebody answers everything with what was sent.
  const dead = rig.world.nodes.find((node) => !node.isRunning);
  if (dead === undefined) throw new Error("expected the old master to be gone");
  const { host, port } = dead;
  await serveQuoting(() => `-ERR what is ${password}?`, { host, port });
  const heartbeats = () =>
    Promise.all(labObservers.map((one) => rig.world.store.readHeartbeat(one)));
  await rig.timeline.until("every observer to tell what was said", () => {
    const told = rig.timeline.named("+page").filter((one) => one.node === idOf(dead));
    expect(new Set(told.map((one) => one.observer))).toEqual(new Set(labObservers));
    for (const { message } of told) expect(message).toContain("ERR what is (not shown)?");
  });

  const notAsked = async () => failure("denied", "not asked here");
  const services = {
    ...{ table: "lab", store: rig.world.store, describeTable: notAsked },
    ...{ readRecords: notAsked, changeRecords: notAsked, zoneName: notAsked, resolve: notAsked },
  };

  // Act
  for (const words of shownBy) {
    const { lines } = await runWith(() => services, systemClock, [...words, labGroup]);
    printed.push(...lines);
  }
  const page = createStatusPage(pageSources({ ...services, clock: systemClock }));
  const shown = await Promise.all(
    ["/", "/health", `/groups/${labGroup}`].map(async (path) => (await page.request(path)).text()),
  );

  // Assess
  const stored = await rig.world.store.readEvents(labGroup, 500);
  const kept = [stored, await heartbeats(), await rig.state(), await rig.world.store.listConfigs()];
  const everything = JSON.stringify([receiver.asked, rig.timeline.entries, kept, printed, shown]);
  expect(everything).toContain("+switch-master");
  expect(everything).toContain("AuthorizationError");
  expect(JSON.stringify(printed)).toContain(idOf(dead));
  expect(JSON.stringify(shown)).toContain(idOf(dead));
  for (const secret of [password, awsSecret]) expect(everything).not.toContain(secret);
}, 60_000);

/** What shows people how a group is, and why. */
const shownBy = [
  ["status"],
  ["doctor"],
  ["explain"],
  ["history"],
  ["report"],
  ["ckquorum"],
] as const;
