import { afterEach, describe, expect, test } from "@jest/globals";
import {
  asking,
  bytesOf,
  expectSettled,
  expectWrites,
  lossOf,
  lostOn,
  writesOn,
} from "../support/assess.ts";
import { startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

describe("an old master that returns", () => {
  const ways = [
    { title: "with an append-only file", persistence: "aof", isEmpty: false },
    { title: "with a snapshot", persistence: "rdb", isEmpty: false },
    { title: "empty", persistence: "aof", isEmpty: true },
  ] as const;

  test.each(ways)(
    "$title becomes a replica of the new one",
    async ({ persistence, isEmpty }) => {
      // Prepare
      const rig = await startRig({ persistence });
      const before = await rig.state();
      const oldMaster = rig.node(before.master?.node ?? "");
      const writer = rig.startWriter();
      await expectWrites(rig, writer, 50);
      if (persistence === "rdb") await asking(oldMaster, (ask) => ask("SAVE"));

      // Act
      await oldMaster.kill();
      const promoted = await rig.timeline.eventually(
        "a promotion",
        (one) => one.event === "+promoted-slave",
      );
      const newMaster = promoted.node ?? "";
      await expectSettled(rig, newMaster);
      const since = rig.timeline.mark();
      rig.timeline.note("the old master returns");
      await oldMaster.restart({ empty: isEmpty });
      await expectSettled(rig, newMaster);
      await expectWrites(rig, writer);
      await writer.stop();

      // Assess
      const after = await rig.state();
      expect(after.epoch).toBe(before.epoch + 1);
      expect(after.master?.node).toBe(newMaster);
      expect(rig.timeline.named("+convert-to-slave", since).length).toBeGreaterThan(0);
      expect(rig.timeline.named("+round", since)).toEqual([]);
      const lost = await lostOn(rig.node(newMaster), writer);
      expect(bytesOf(lost)).toBeLessThanOrEqual((await lossOf(rig)).bytes ?? 0);
      await rig.timeline.until("the same data on the old master", async () => {
        expect(await writesOn(oldMaster)).toEqual(await writesOn(rig.node(newMaster)));
      });
    },
    60_000,
  );

  test.each([
    { title: "empty", persistence: "none", says: "without its data" },
    { title: "with what it saved last", persistence: "rdb", says: "with older data" },
  ] as const)(
    "$title, before anybody missed it, is no master any more: the data survives",
    async ({ persistence, says }) => {
      // Prepare: on a slow machine the restart itself must not be what is missed.
      const rig = await startRig({
        persistence,
        settings: { crashAfterMs: 0, downAfterMs: 8_000, failoverTimeoutMs: 60_000 },
      });
      const before = await rig.state();
      const oldMaster = rig.node(before.master?.node ?? "");
      const writer = rig.startWriter();
      await expectWrites(rig, writer, 50);
      if (persistence === "rdb") {
        await asking(oldMaster, (ask) => ask("SAVE"));
        await expectWrites(rig, writer, 50);
      }
      await writer.stop();
      // Without a delay the replicas may have thrown their data away before anybody looks.
      await asking(oldMaster, async (ask) => {
        await ask("CONFIG", "SET", "repl-diskless-sync-delay", 8);
        await ask("CONFIG", "REWRITE");
      });

      // Act
      rig.timeline.note(`the master restarts ${says}`);
      await oldMaster.kill();
      await oldMaster.restart();
      const promoted = await rig.timeline.eventually(
        "a promotion",
        (one) => one.event === "+promoted-slave",
      );
      const newMaster = promoted.node ?? "";
      await expectSettled(rig, newMaster);

      // Assess
      expect((await rig.state()).epoch).toBe(before.epoch + 1);
      expect(newMaster).not.toBe(before.master?.node);
      expect(rig.timeline.named("+round").at(-1)?.message).toContain(says);
      expect(await lostOn(rig.node(newMaster), writer)).toEqual([]);
    },
    60_000,
  );
});
