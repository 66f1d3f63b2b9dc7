import { setTimeout as delay } from "node:timers/promises";
import { ChangeResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, describe, expect, test } from "@jest/globals";
import { labObservers } from "../../lab/world.ts";
import { asking, expectSettled, expectWrites } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const scheduleMs = 6_000;

describe("short shifts", () => {
  test("a suspicion at the end of a shift is not lost, and shifts go on changing hands", async () => {
    // Prepare
    const rig = await startRig({ scheduleMs });
    const { timeline, world } = rig;
    const before = await rig.state();
    const oldMaster = rig.node(before.master?.node ?? "");
    const writer = rig.startWriter();
    await expectWrites(rig, writer);

    // Act: the master hangs when the next shifts are about to begin.
    await delay(untilShiftsBeginMs(rig) - 700);
    const hung = timeline.mark();
    timeline.note("the master hangs");
    oldMaster.pause();
    const promoted = await timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
      { since: hung, limitMs: 10_000 },
    );
    const ended = endedShifts(rig, hung, timeline.entries.indexOf(promoted));
    oldMaster.resume();
    await expectSettled(rig, promoted.node ?? "");
    await expectWrites(rig, writer);
    await writer.stop();
    await Promise.all(labObservers.map((one) => expectHandover(rig, one)));

    // Assess: who left before the promotion had been relieved by one who held the master down as well.
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
    for (const { observer, isRelieved } of ended)
      expect({ observer, isRelieved }).toEqual({ observer, isRelieved: true });
    await timeline.until("one shift for each observer", () => {
      for (const observer of labObservers) {
        const busy = world.runners.get(observer)?.sandboxes.filter((one) => one.busy) ?? [];
        expect(busy).toHaveLength(1);
      }
    });
  }, 60_000);

  test("what an operator changes by hand is put right: roles at once, the record once a shift", async () => {
    // Prepare
    const rig = await startRig({ scheduleMs });
    const before = await rig.state();
    const master = before.master?.node ?? "";
    const [second, third] = rig.others(master);
    if (second === undefined || third === undefined) throw new Error("expected two replicas");

    // Act
    await asking(second, (ask) => ask("REPLICAOF", "NO", "ONE"));
    await expectEvent(rig, "+convert-to-slave", idOf(second));
    await expectSettled(rig, master);
    await asking(third, (ask) => ask("REPLICAOF", second.host, second.port));
    await expectEvent(rig, "+fix-slave-config", idOf(third));
    await expectSettled(rig, master);
    await pointNameTo(rig, second.host);
    await expectEvent(rig, "+record-drift", master);
    await expectSettled(rig, master);

    // Assess
    const after = await rig.state();
    expect(after).toMatchObject({ epoch: before.epoch, master: before.master });
    expect(rig.timeline.named("+switch-master")).toEqual([]);
  }, 60_000);
});

/** The time until the schedule begins the next shifts, a second at least. */
function untilShiftsBeginMs(rig: Rig): number {
  const sinceMs = performance.now() + 1_000 - rig.startedAtMs;
  return rig.startedAtMs + Math.ceil(sinceMs / scheduleMs) * scheduleMs - performance.now();
}

/** Shifts that ended between two places of the timeline, and whether another of their observer held a node down then. */
function endedShifts(rig: Rig, from: number, to: number) {
  const seen = rig.timeline.entries.slice(from, to);
  return seen.flatMap((end, index) => {
    if (!end.message.startsWith("shift ends")) return [];
    const { observer, function_request_id: shift } = end;
    const isRelieved = seen
      .slice(0, index)
      .some(
        (one) =>
          one.observer === observer && one.event === "+sdown" && one.function_request_id !== shift,
      );
    return [{ observer, isRelieved }];
  });
}

async function expectHandover(rig: Rig, observer: string): Promise<void> {
  await rig.timeline.eventually(
    `the end of a shift of ${observer}`,
    (one) => one.observer === observer && one.message.includes("has taken over"),
    { since: rig.timeline.mark() },
  );
}

async function expectEvent(rig: Rig, name: string, node: string): Promise<void> {
  await rig.timeline.eventually(
    `${name} of ${node}`,
    (one) => one.event === name && one.node === node,
  );
}

/** An operator's edit of the zone, past the function. */
async function pointNameTo(rig: Rig, host: string): Promise<void> {
  const { route53, zoneId, dnsName } = rig.world;
  rig.timeline.note(`${dnsName} is edited by hand to ${host}`);
  const client = new Route53Client({
    endpoint: route53.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "operator", secretAccessKey: "operator" },
  });
  const ResourceRecordSet = {
    Name: dnsName,
    Type: "A" as const,
    TTL: 1,
    ResourceRecords: [{ Value: host }],
  };
  await client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      ChangeBatch: { Changes: [{ Action: "UPSERT", ResourceRecordSet }] },
    }),
  );
  client.destroy();
}
