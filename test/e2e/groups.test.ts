import { afterEach, describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { labObservers, labZone, type World } from "../../lab/world.ts";
import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { expectSettled } from "../support/assess.ts";
import { idOf, type Rig, settingLines, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const payments = "payments";

describe("two groups in one table", () => {
  test("all nodes of one are down: the other still fails over, and the first comes back as it was", async () => {
    // Prepare
    const nodes: RedisServer[] = [];
    const rig = await startRig({
      prepare: async (world) => {
        nodes.push(...(await startPayments(world)));
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

/** A second group beside the lab's own, in its table and its zone. */
async function startPayments(world: World): Promise<readonly RedisServer[]> {
  const { processes } = world.options;
  const addresses = await pickNodeAddresses(2);
  const [master] = addresses;
  const nodes: RedisServer[] = [];
  for (const address of addresses) {
    const follows = address === master || master === undefined ? {} : { replicaOf: master };
    nodes.push(await startRedis({ ...address, ...follows, processes, persistence: "aof" }));
  }
  const text = [
    `observers: [${labObservers.join(", ")}]`,
    "groups:",
    `  - name: ${payments}`,
    `    nodes: [${nodes.map((node) => `"${idOf(node)}"`).join(", ")}]`,
    `    dns: { zoneId: ${world.zoneId}, name: ${payments}.${labZone}, ttl: 1, srv: true }`,
    ...settingLines().map((line) => `    ${line}`),
  ].join("\n");
  const loaded = loadConfig(text, "payments.yml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  for (const draft of loaded.groups) {
    const config = toGroupConfig(draft, 1);
    for (const node of config.nodes) await world.store.claimNode(node.id, config.name);
    await world.store.putConfig(config);
  }
  return nodes;
}
