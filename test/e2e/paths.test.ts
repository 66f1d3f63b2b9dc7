import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import type { RouteMode } from "../../lab/tcp-route.ts";
import { labObservers } from "../../lab/world.ts";
import { expectSettled, expectWrites, lostOn, resolvedBy, roleOf } from "../support/assess.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";
import type { Entry } from "../support/timeline.ts";

afterEach(stopRigs);

const [first, second, third] = labObservers;

describe("paths that are lost", () => {
  test("one observer reaches no node: the other two fail over without it", async () => {
    // Prepare
    const rig = await startRig({ isRouted: true });
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";
    await sever(rig, [third], rig.world.nodes, "silent");

    // Act
    const since = rig.timeline.mark();
    await rig.node(oldMaster).kill();
    const promoted = await rig.timeline.eventually("a promotion", isPromotion);
    await expectSettled(rig, promoted.node ?? "");

    // Assess
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
    const votes = rig.timeline.named("+vote", since);
    const voters = votes.filter((one) => one.message.includes("votes down"));
    expect(voters.map((one) => one.observer).sort()).toEqual([first, second]);
  }, 60_000);

  test("two of three observers reach no node: nobody fails over until they do again", async () => {
    // Prepare
    const rig = await startRig({ isRouted: true });
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";
    const since = rig.timeline.mark();

    // Act: while the master lives, then when it is dead.
    await sever(rig, [second, third], rig.world.nodes, "silent");
    const whileAlive = await rig.state();
    await rig.node(oldMaster).kill();
    await Promise.all([second, third].map((observer) => expectVote(rig, observer, "blind", since)));
    await delay(quietMs);
    const whileDead = await rig.state();
    await rig.route([second, third], rig.world.nodes, "open");
    const promoted = await rig.timeline.eventually("a promotion", isPromotion);
    await expectSettled(rig, promoted.node ?? "");

    // Assess
    expect(whileAlive.rev).toBe(before.rev);
    expect(whileDead).toMatchObject({
      epoch: before.epoch,
      phase: "steady",
      master: before.master,
    });
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
  }, 60_000);

  test("no observer reaches the master, its replicas do: it stays the master", async () => {
    // Prepare
    const rig = await startRig({ isRouted: true });
    const before = await rig.state();
    const master = rig.node(before.master?.node ?? "");
    const writer = rig.startWriter();
    await expectWrites(rig, writer);

    // Act: first nothing passes, then connects are refused.
    for (const mode of ["silent", "refusing"] as const) {
      const since = rig.timeline.mark();
      await sever(rig, labObservers, [master], mode);
      await Promise.all(labObservers.map((one) => expectUnreachable(rig, one, since)));
      await expectWrites(rig, writer, 50);
      await rig.route(labObservers, [master], "open");
      await Promise.all(labObservers.map((one) => expectNotice(rig, one, "-sdown", since)));
    }
    await expectWrites(rig, writer);
    await writer.stop();

    // Assess
    const after = await rig.state();
    expect(after).toMatchObject({ epoch: before.epoch, master: before.master, phase: "steady" });
    expect((await roleOf(master)).role).toBe("master");
    expect(await resolvedBy(rig)).toBe(before.master?.node);
    expect(writer.masters).toEqual([before.master?.node]);
    expect(await lostOn(master, writer)).toEqual([]);
  }, 60_000);
});

/** Long enough for a failover that must not happen. */
const quietMs = 2_500;

/** Cuts these paths and waits until each observer holds a node at their end down. */
async function sever(
  rig: Rig,
  observers: readonly string[],
  nodes: readonly RedisServer[],
  mode: RouteMode,
): Promise<void> {
  const since = rig.timeline.mark();
  await rig.route(observers, nodes, mode);
  await Promise.all(observers.map((observer) => expectNotice(rig, observer, "+sdown", since)));
}

async function expectNotice(rig: Rig, observer: string, name: string, since: number) {
  await rig.timeline.eventually(
    `${name} of ${observer}`,
    (one) => one.observer === observer && one.event === name,
    { since },
  );
}

async function expectUnreachable(rig: Rig, observer: string, since: number): Promise<void> {
  await rig.timeline.eventually(
    `${observer} holding for an unreachable master`,
    (one) =>
      one.observer === observer && one.event === "+hold" && one.message.includes("Unreachable"),
    { since },
  );
}

async function expectVote(rig: Rig, observer: string, verdict: string, since: number) {
  await rig.timeline.eventually(
    `a vote ${verdict} of ${observer}`,
    (one) => one.message.includes(`${observer} votes ${verdict}`),
    { since },
  );
}

function isPromotion(entry: Entry): boolean {
  return entry.event === "+promoted-slave";
}
