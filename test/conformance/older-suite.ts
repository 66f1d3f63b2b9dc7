import { describe, expect, test } from "@jest/globals";
import { continuesChain } from "../../lib/core/lineage.ts";
import { caughtUp, factsOf, type RedisPlay, seen, startPair } from "./redis-stage.ts";

/** What a server that only snapshots keep comes back with when it was killed: what it saved last (faults N2, N3). */
export function describeOlder(name: string, play: RedisPlay): void {
  describe(`an older RDB of ${name}`, () => {
    test("N2 a master that is killed after a save comes back older, and its replica keeps the newer data until it has synchronised", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "rdb" });
        await master.mark(3);
        await master.waitToFork(2_000);
        await master.save();
        const saved = await factsOf(stage, master);
        await master.write();
        await master.write();
        const before = await caughtUp(stage, replica, master);
        await master.kill();
        await master.restart();

        const after = await factsOf(stage, master);
        const waiting = await seen(stage, replica, ({ isLinkUp }) => !isLinkUp);
        const copied = await seen(stage, replica, ({ isLinkUp }) => isLinkUp);

        expect(after).toMatchObject({
          role: "master",
          keys: saved.keys,
          marker: 3,
          replid2: before.replid,
          offset: saved.offset,
          secondOffset: saved.offset + 1,
        });
        expect(after.runId).not.toBe(saved.runId);
        expect(continuesChain(before, after)).toBe(true);
        const { replid, offset, keys } = before;
        expect(keys).toBe(saved.keys + 2);
        expect(waiting).toMatchObject({ replid, offset, keys, isSyncing: false });
        expect(copied).toMatchObject({ replid: after.replid, replid2: null, keys: saved.keys });
      }));

    test("N2 a replica that came no further than its master's last save follows by a partial sync", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "rdb" });
        await master.save();
        const before = await caughtUp(stage, replica, master);
        await replica.stop();
        await master.write();
        await master.kill();
        await master.restart();
        const older = await factsOf(stage, master);
        await replica.restart();

        const after = await caughtUp(stage, replica, master);

        expect(older).toMatchObject({ replid2: before.replid, secondOffset: before.offset + 1 });
        expect(after).toMatchObject({
          replid: older.replid,
          replid2: before.replid,
          secondOffset: older.secondOffset,
          keys: before.keys,
        });
      }));

    test("a replica that is killed comes back with the RDB of its last synchronisation, and gets the rest by a partial sync", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "rdb" });
        await master.write();
        const before = await caughtUp(stage, replica, master);
        master.hang();
        await replica.kill();
        await replica.restart();
        const older = await factsOf(stage, replica);
        master.thaw();

        const after = await caughtUp(stage, replica, master);

        expect(older).toMatchObject({
          role: "replica",
          replid: before.replid,
          replid2: null,
          keys: 1,
        });
        expect(older.offset).toBeLessThan(before.offset);
        expect(after).toMatchObject({ replid: before.replid, replid2: null, keys: 2 });
      }));
  });
}
