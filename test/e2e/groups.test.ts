import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { expectSettled } from "../support/assess.ts";
import { startGroup } from "../support/more-groups.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const payments = "payments";

describe("two groups in one table", () => {
  test("all nodes of one are down: the other still fails over, and the first comes back as it was", async () => {
    // Prepare
    const nodes: RedisServer[] = [];
    const rig = await startRig({
      prepare: async (world) => {
        nodes.push(...(await startGroup(world, payments)));
      },
    });
    const { timeline } = rig;
    await expectSteady(rig);
    const before = { orders: await rig.state(), payments: await rig.state(payments) };
    const oldMaster = before.orders.master?.node ?? "";

    // Act
    await Promise.all(nodes.map((node) => node.kill()));
    await rig.node(oldMaster).kill();
    const promoted = await timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    await expectSettled(rig, promoted.node ?? "");
    for (const node of nodes) await node.restart();
    await timeline.eventually(
      "the adoption of the restarted master",
      (one) => one.event === "+reboot" && one.group === payments,
    );

    // Assess
    const after = { orders: await rig.state(), payments: await rig.state(payments) };
    expect(promoted.group).toBe("orders");
    expect(after.orders.epoch).toBe(before.orders.epoch + 1);
    expect(after.payments.epoch).toBe(before.payments.epoch);
    expect(after.payments.master?.node).toBe(before.payments.master?.node);
  }, 60_000);
});

async function expectSteady(rig: Rig): Promise<void> {
  await rig.timeline.until("a calm second group", async () => {
    const { phase, master } = await rig.state(payments);
    if (phase !== "steady" || master === null) throw new Error(`phase ${phase}`);
  });
}
