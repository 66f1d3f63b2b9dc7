import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { labObservers } from "../../lab/world.ts";
import { expectSettled, expectWrites, lostOn } from "../support/assess.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

let folder = "";

afterEach(async () => {
  await stopRigs();
  await rm(folder, { recursive: true, force: true });
});

test("restarts within crashAfterMs are told and fail nothing over, and so is what an apply changed", async () => {
  // Prepare: limits that a restart on a slow machine stays within.
  const settings = { crashAfterMs: 6_000, downAfterMs: 9_000, takeoverMs: 9_000 };
  const rig = await startRig({ settings });
  const { timeline, world } = rig;
  const before = await rig.state();
  const master = rig.node(before.master?.node ?? "");
  const [replica] = rig.others(idOf(master));
  if (replica === undefined) throw new Error("expected a replica");
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 20);

  // Act: a replica, then the master.
  const told = async (node: string, count: number) =>
    await timeline.until(`${count} observers that tell of the restart of ${node}`, () => {
      const events = timeline.named("+reboot").filter((one) => one.node === node);
      if (events.length < count) throw new Error(`${events.length} so far`);
      return events;
    });
  await replica.kill();
  await replica.restart();
  const ofReplica = await told(idOf(replica), labObservers.length);
  await master.kill();
  await master.restart();
  const ofMaster = await told(idOf(master), 1);
  await expectSettled(rig, idOf(master));
  await expectWrites(rig, writer, 20);
  await writer.stop();
  const afterRestarts = await rig.state();
  const lost = await lostOn(master, writer);

  // Act: a setting is changed.
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-set-"));
  const file = join(folder, "groups.yml");
  await writeFile(file, world.configText.replace("downAfterMs: 9000", "downAfterMs: 8500"));
  const applied = await rig.cli("apply", "-f", file, "--yes", "--wait");
  const sets = await timeline.until("every observer to tell of it", () => {
    const events = timeline.named("+set");
    if (events.length < labObservers.length) throw new Error(`${events.length} so far`);
    return events;
  });
  const stored = await world.store.readEvents("orders", 100);

  // Assess
  expect(new Set(ofReplica.map((one) => one.observer)).size).toBe(labObservers.length);
  expect(ofMaster[0]?.rule).toBe("R710");
  expect(afterRestarts).toMatchObject({
    epoch: before.epoch,
    round: { number: before.round.number },
  });
  expect(lost).toEqual([]);
  expect(applied.code).toBe(0);
  expect(new Set(sets.map((one) => one.observer)).size).toBe(labObservers.length);
  for (const { message, evidence } of sets) {
    expect(message).toContain("downAfterMs 9000 → 8500");
    expect(evidence).toEqual({ fromVersion: 1, toVersion: 2 });
  }
  expect(stored.ok && stored.value.some((one) => one.name === "+set")).toBe(true);
}, 90_000);
