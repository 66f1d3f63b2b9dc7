import { afterEach, describe, expect, test } from "@jest/globals";
import { expectSettled, resolvedBy } from "../support/assess.ts";
import { startRig, stopRigs } from "../support/rig.ts";
import type { Entry } from "../support/timeline.ts";

afterEach(stopRigs);

describe("the published name", () => {
  test("a stale leader's batch is refused as a whole: the name stays with the newer epoch", async () => {
    // Prepare
    const late = holdBatchOf("epoch=2");
    const rig = await startRig({ holdRoute53: late.hold });
    const { timeline, world } = rig;
    const before = await rig.state();
    await rig.node(before.master?.node ?? "").kill();

    // Act: the leader of epoch 2 stops with its batch on the way, and its master dies.
    await late.arrived;
    const stale = await rig.state();
    const staleLeader = stale.leader?.split("/")[0] ?? "";
    await rig.signalShift(staleLeader, "SIGSTOP");
    await rig.node(stale.master?.node ?? "").kill();
    const promoted = await timeline.eventually(
      "a promotion in epoch 3",
      (one) => isPromotion(one) && one.epoch > stale.epoch,
    );
    const newMaster = promoted.node ?? "";
    await expectSettled(rig, newMaster);
    timeline.note("the late batch arrives");
    late.release();
    await timeline.until("the refusal", () => {
      expect(world.route53.access.map((one) => one.code)).toContain("InvalidChangeBatch");
    });
    const since = timeline.mark();
    await rig.signalShift(staleLeader, "SIGCONT");
    await timeline.eventually("the stale leader's waking", (one) => one.observer === staleLeader, {
      since,
    });
    await expectSettled(rig, newMaster);

    // Assess
    expect(stale).toMatchObject({ epoch: 2, phase: "settling" });
    expect(promoted.observer).not.toBe(staleLeader);
    expect((await rig.state()).published).toEqual({ epoch: 3, node: newMaster });
    const published = timeline.named("+published").map((one) => one.evidence.epoch);
    expect(published).toEqual([1, 3]);
  }, 60_000);

  test("Route 53 hangs: the promotion does not wait for it, nor does the next one", async () => {
    // Prepare
    const rig = await startRig();
    const { timeline, world } = rig;
    const before = await rig.state();
    const first = before.master?.node ?? "";
    world.route53.faults.hang = true;

    // Act
    await rig.node(first).kill();
    const second = await timeline.eventually("a promotion", isPromotion);
    timeline.note("the new master dies as well");
    await rig.node(second.node ?? "").kill();
    const third = await timeline.eventually(
      "another promotion",
      (one) => isPromotion(one) && one.node !== second.node,
    );
    const whileHanging = await resolvedBy(rig);
    world.route53.faults.hang = false;
    await expectSettled(rig, third.node ?? "");

    // Assess
    expect(whileHanging).toBe(first);
    expect((await rig.state()).epoch).toBe(before.epoch + 2);
  }, 60_000);
});

/** Holds the first batch that creates a companion with this text, until it is released. */
function holdBatchOf(text: string) {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isFirst = true;
  return {
    arrived: arrived.promise,
    release: () => released.resolve(),
    hold: async (body: string) => {
      if (!isFirst || !body.includes(text)) return;
      isFirst = false;
      arrived.resolve();
      await released.promise;
    },
  };
}

function isPromotion(entry: Entry): boolean {
  return entry.event === "+promoted-slave";
}
