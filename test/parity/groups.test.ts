import { afterEach, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { labGroup } from "../../lab/world.ts";
import { startGroup } from "../support/more-groups.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";
import { resolveMaster } from "../support/writer.ts";

afterEach(stopRigs);

const others = ["billing", "carts", "sessions"] as const;

/** Waits until each of these groups is calm under its master and its name says so. */
async function expectCalm(
  rig: Rig,
  groups: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { dnsPort } = rig.world.route53;
  const masters = new Map<string, string>();
  for (const group of groups) {
    await rig.timeline.until(`${group} to be calm`, async () => {
      const { phase, master, published } = await rig.state(group);
      if (phase !== "steady" || master === null || published?.node !== master.node) {
        throw new Error(`phase ${phase}, master ${master?.node}, published ${published?.node}`);
      }
      const found = idOf(await resolveMaster({ dnsPort, name: `${group}.redis.test` }));
      if (found !== master.node) throw new Error(`the name says ${found}`);
      masters.set(group, master.node);
    });
  }
  return masters;
}

test("of four groups three lose something at one moment, and each gets its own again", async () => {
  // Prepare: nine servers under three observers.
  const nodes = new Map<string, readonly RedisServer[]>();
  const rig = await startRig({
    prepare: async (world) => {
      for (const group of others) nodes.set(group, await startGroup(world, group));
    },
  });
  const groups = [labGroup, ...others];
  nodes.set(labGroup, rig.world.nodes);
  const before = await expectCalm(rig, groups);
  const epochs = new Map<string, number>();
  for (const group of groups) epochs.set(group, (await rig.state(group)).epoch);
  const masterOf = (group: string): RedisServer => {
    const found = nodes.get(group)?.find((node) => idOf(node) === before.get(group));
    if (found === undefined) throw new Error(`expected a master of ${group}`);
    return found;
  };

  // Act: two masters die, a third group hands over by wish, and the fourth is left alone.
  const [killed, hungUp, wished, untouched] = [labGroup, "billing", "carts", "sessions"];
  await Promise.all([masterOf(killed).kill(), masterOf(hungUp).kill()]);
  const asked = await rig.cli("switchover", wished, "--yes");
  await rig.timeline.until("three switches", () => {
    const switched = new Set(rig.timeline.named("+switch-master").map((one) => one.group));
    if (switched.size < 3) throw new Error([...switched].join());
  });
  await Promise.all([masterOf(killed).restart(), masterOf(hungUp).restart()]);
  const after = await expectCalm(rig, groups);

  // Assess: one epoch each, no word of one in another, and the fourth as it was.
  expect(asked.code).toBe(0);
  for (const group of [killed, hungUp, wished]) {
    expect(after.get(group)).not.toBe(before.get(group));
    expect((await rig.state(group)).epoch).toBe((epochs.get(group) ?? 0) + 1);
  }
  expect(after.get(untouched)).toBe(before.get(untouched));
  expect((await rig.state(untouched)).epoch).toBe(epochs.get(untouched));
  expect(rig.timeline.named("+switch-master")).toHaveLength(3);
  for (const { group, node } of rig.timeline.named("+sdown")) {
    expect([killed, hungUp].map((one) => `${one} ${before.get(one)}`)).toContain(
      `${group} ${node}`,
    );
  }
}, 90_000);
