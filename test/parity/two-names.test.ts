import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { startRedis } from "../../lab/redis/server.ts";
import { openRoute, type TcpRoute } from "../../lab/tcp-route.ts";
import { labGroup } from "../../lab/world.ts";
import { asking, expectSettled, rolesOf } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

const routes: TcpRoute[] = [];

afterEach(async () => {
  await stopRigs();
  await Promise.all(routes.splice(0).map((route) => route.close()));
});

/** A second group, whose nodes are these addresses. */
async function applyCarts(rig: Rig, addresses: readonly string[]) {
  const file = join(rig.world.nodes[0]?.dir ?? "", "carts.yml");
  const nodes = addresses.map((address) => `"${address}"`).join(", ");
  const text = rig.world.configText
    .replaceAll(labGroup, "carts")
    .replace(/nodes: \[.*\]/, `nodes: [${nodes}]`)
    .replace(/dns: .*/, "");
  await writeFile(file, text);
  return await rig.cli("apply", "--file", file, "--yes");
}

describe("F14: a server that two groups reach under two names", () => {
  test("is not adopted a second time, is told of in its group, and goes on there", async () => {
    // Prepare
    const rig = await startRig({ scheduleMs: 20_000 });
    const { master } = await rig.state();
    const old = rig.node(master?.node ?? "");
    const [replica] = rig.others(idOf(old));
    if (replica === undefined) throw new Error("expected a replica");
    const aliases = await Promise.all([openRoute(old), openRoute(replica)]);
    routes.push(...aliases);
    const [ofMaster] = aliases;

    // Act
    const applied = await applyCarts(
      rig,
      aliases.map((route) => route.address),
    );
    expect(applied).toMatchObject({ code: 0 });

    // Assess
    const refused = await rig.timeline.eventually(
      "the refusal",
      (one) => one.rule === "B240" && one.message.includes(`a server of group ${labGroup}, too`),
      { limitMs: 40_000 },
    );
    expect(refused.message).toContain(`${ofMaster?.address} is a server of group ${labGroup}`);
    expect(refused.message).toContain(`under the name ${idOf(old)}: this group is not adopted`);
    expect((await rig.state("carts")).master).toBeNull();
    const told = await rig.timeline.eventually(
      "the oddity",
      (one) => one.event === "+oddity" && one.node === idOf(replica),
      { limitMs: 40_000 },
    );
    expect(told.evidence).toEqual({ oddity: "another-group" });
    expect(told.message).toContain("carts leaves it alone");
    await rig.timeline.until("an unhealthy group", async () => {
      const shown = await rig.cli("status", labGroup);
      expect(shown.code).toBe(1);
      expect(shown.stdout).toContain("is a server of group carts, too, under the name");
    });

    // The group that has it goes on as ever: a failover, and the old master attached.
    await old.kill();
    await expectSettled(rig, (await newMaster(rig, idOf(old))).node);
    await old.restart();
    await rig.timeline.until("the old master attached", async () => {
      const roles = await rolesOf([old]);
      expect(roles[0]?.role).toBe("replica");
    });
    expect((await rig.state("carts")).master).toBeNull();

    // With the second group gone, nothing is odd any more.
    expect(await rig.cli("remove", "carts", "--yes")).toMatchObject({ code: 0 });
    await rig.timeline.until("a healthy group", async () => {
      const shown = await rig.cli("status", labGroup);
      expect(shown.stdout).not.toContain("is a server of group");
    });
  }, 180_000);
});

describe("an empty server that two adopted groups reach under two names", () => {
  test("is repointed by neither, told of in both, and attached when one gives it up", async () => {
    // Prepare: without a marker nothing tells whose an empty server is.
    const rig = await startRig({ groupLines: ["marker: false"] });
    const [address] = await pickNodeAddresses(1);
    if (address === undefined) throw new Error("expected an address");
    const { processes } = rig.world.options;
    const server = await startRedis({ ...address, processes, persistence: "aof" });
    expect(await applyCarts(rig, [idOf(server)])).toMatchObject({ code: 0 });
    await rig.timeline.until("carts adopted", async () => {
      const { master, phase } = await rig.state("carts");
      if (master === null || phase !== "steady") throw new Error(phase);
    });
    const route = await openRoute(server);
    routes.push(route);

    // Act
    const since = rig.timeline.mark();
    expect(await applyOrders(rig, route.address)).toMatchObject({ code: 0 });

    // Assess
    for (const node of [idOf(server), route.address]) {
      const told = await rig.timeline.eventually(
        `the oddity of ${node}`,
        (one) => one.event === "+oddity" && one.node === node,
        { since },
      );
      expect(told.message).toContain("neither group promotes, attaches or demotes it");
    }
    const status = await rig.cli("status", labGroup);
    expect(status.stdout).toContain("is a server of group carts, too");
    const info = await asking(server, (ask) => ask("INFO", "replication"));
    expect(info).toContain("role:master");
    expect(rig.timeline.entries.slice(since).map((one) => one.event)).not.toContain(
      "+convert-to-slave",
    );

    expect(await rig.cli("remove", "carts", "--yes")).toMatchObject({ code: 0 });
    await rig.timeline.until("the server attached", async () => {
      expect((await rolesOf([server]))[0]?.role).toBe("replica");
    });
  }, 120_000);
});

/** The rig's own file, with one node more. */
async function applyOrders(rig: Rig, address: string) {
  const file = join(rig.world.nodes[0]?.dir ?? "", "orders.yml");
  await writeFile(file, rig.world.configText.replace(/(nodes: \[.*)\]/, `$1, "${address}"]`));
  return await rig.cli("apply", "--file", file, "--yes", "--wait");
}

function newMaster(rig: Rig, old: string): Promise<{ readonly node: string }> {
  return rig.timeline.until("another master", async () => {
    const { master, phase } = await rig.state();
    if (master === null || master.node === old || phase !== "steady") throw new Error(phase);
    return master;
  });
}
