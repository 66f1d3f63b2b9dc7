import { afterEach, describe, expect, test } from "@jest/globals";
import { queryA } from "../../lab/dns-query.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import { bytesOf, expectSettled, expectWrites, lossOf, lostOn } from "../support/assess.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** Waits until the replicas' name lists these nodes, the dead one among them; it may come after the end of settling. */
async function expectListed(rig: Rig, nodes: readonly RedisServer[]): Promise<void> {
  const { replicasName, route53 } = rig.world;
  if (replicasName === null) return;
  const wanted = nodes.map((node) => node.host).sort();
  await rig.timeline.until("the replicas' name", async () => {
    const found = await queryA(replicasName, { host: "127.0.0.1", port: route53.dnsPort }, "udp");
    if ([...found].sort().join() !== wanted.join()) throw new Error(`it lists ${found.join()}`);
  });
}

describe("a killed master", () => {
  test("is failed over once, and the writer goes on", async () => {
    // Prepare
    const rig = await startRig({ isListingReplicas: true });
    const { timeline } = rig;
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";
    const writer = rig.startWriter();
    await expectWrites(rig, writer, 100);

    // Act
    timeline.note(`killing ${oldMaster}`);
    await rig.node(oldMaster).kill();
    const promoted = await timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    const newMaster = promoted.node ?? "";
    await expectSettled(rig, newMaster);
    await expectListed(rig, rig.others(newMaster));
    await expectWrites(rig, writer);
    await writer.stop();

    // Assess
    const after = await rig.state();
    expect(after.epoch).toBe(before.epoch + 1);
    expect(after.masterEpoch).toBe(after.epoch);
    expect(newMaster).not.toBe(oldMaster);
    expect(timeline.named("+switch-master")).toHaveLength(1);
    expect(promoted.evidence.storeTrips).toBeLessThanOrEqual(4);
    expect(promoted.evidence.redisTrips).toBeLessThanOrEqual(2);
    expect(writer.masters).toEqual([oldMaster, newMaster]);
    const lost = await lostOn(rig.node(newMaster), writer);
    expect(bytesOf(lost)).toBeLessThanOrEqual((await lossOf(rig)).bytes ?? 0);
  }, 60_000);
});
