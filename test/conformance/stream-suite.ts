import { describe, expect, test } from "@jest/globals";
import { continuesChain, isOfChain } from "../../lib/core/lineage.ts";
import {
  attachNow,
  caughtUp,
  factsOf,
  patient,
  promoteNow,
  type RedisPlay,
  seen,
  startPair,
} from "./redis-stage.ts";
import { until } from "./stage.ts";

/** Replication: which history a server holds, and what it takes over from whom (protocol F5). */
export function describeStreams(name: string, play: RedisPlay): void {
  describeLinks(name, play);
  describeHistories(name, play);
  describeRestarts(name, play);
}

function describeLinks(name: string, play: RedisPlay): void {
  describe(`a link of ${name}`, () => {
    test("a master that never had a replica gets a new history with the first one", () =>
      play(async (stage) => {
        const master = await stage.start();
        await master.write();
        const alone = await factsOf(stage, master);

        const replica = await stage.start({ replicaOf: master });
        const after = await factsOf(stage, master);

        expect(alone).toMatchObject({ offset: 0, replid2: null, keys: 1 });
        expect(after.replid).not.toBe(alone.replid);
        expect(after).toMatchObject({ replid2: null, secondOffset: -1, runId: alone.runId });
        expect(await factsOf(stage, replica)).toMatchObject({ replid: after.replid, keys: 1 });
      }));

    test("writes and pings move the offset of both", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { pingSeconds: 1 });
        const before = await factsOf(stage, replica);
        await master.write();
        const written = await caughtUp(stage, replica, master);

        const pinged = await seen(stage, replica, ({ offset }) => offset > written.offset);

        expect(written.offset).toBeGreaterThan(before.offset);
        expect(pinged.keys).toBe(2);
      }));

    test("goes down with the master, and says for how long", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await master.write();
        const before = await caughtUp(stage, replica, master);
        await master.kill();

        const after = await seen(stage, replica, ({ linkDownSeconds }) => linkDownSeconds === 1);
        const { role } = await stage.observer().probe(replica.node, { ...patient, info: false });

        expect(after).toMatchObject({
          role: "replica",
          isLinkUp: false,
          lastIoSeconds: null,
          hasSynced: true,
          offset: before.offset,
          replid: before.replid,
        });
        expect(role).toEqual({ role: "replica", offset: null });
      }));

    test("a stopped replica takes the rest of the stream when it thaws", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        replica.hang();
        await master.write();
        replica.thaw();

        await caughtUp(stage, replica, master);
        expect((await factsOf(stage, replica)).keys).toBe(2);
      }));

    test("N14 a replica of a replica gets the stream through it, and only while it stands", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const last = await stage.start({ replicaOf: replica });
        await master.write();
        const top = await caughtUp(stage, last, master);
        await master.kill();
        await seen(stage, replica, ({ isLinkUp }) => !isLinkUp);

        expect(top).toMatchObject({ masterHost: replica.node.replicate.host, keys: 2 });
        // The middle one keeps it, though it has no stream to give.
        expect(await factsOf(stage, last)).toMatchObject({ isLinkUp: true, replid: top.replid });
      }));
  });
}

function describeHistories(name: string, play: RedisPlay): void {
  describe(`a history of ${name}`, () => {
    test("a replica of the promoted one takes it over by a partial sync, and keeps its own as the second", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const other = await stage.start({ replicaOf: master });
        await master.write();
        const own = await caughtUp(stage, other, master);
        await caughtUp(stage, replica, master);
        const { after } = await promoteNow(stage, replica, 2);
        await attachNow(stage, other, replica);

        const joined = await caughtUp(stage, other, replica);

        expect(joined).toMatchObject({
          replid: after.replid,
          replid2: own.replid,
          secondOffset: own.offset + 1,
          keys: 3,
          marker: 2,
        });
        expect(isOfChain(after, joined)).toBe(true);
      }));

    test("a replica of a replica follows its promotion by itself", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const last = await stage.start({ replicaOf: replica });
        const { before, after } = await promoteNow(stage, replica, 2);

        const joined = await seen(stage, last, ({ replid, isLinkUp }) => {
          return isLinkUp && replid === after.replid;
        });

        expect(joined).toMatchObject({ replid2: before.replid, secondOffset: before.offset + 1 });
        await seen(stage, last, ({ marker }) => marker === 2);
      }));

    test("an old master that was no further joins the new one by a partial sync", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await master.write();
        const { offset } = await caughtUp(stage, replica, master);
        const { before, after } = await promoteNow(stage, replica, 2);
        await attachNow(stage, master, replica);

        const joined = await caughtUp(stage, master, replica);

        expect(joined).toMatchObject({
          replid: after.replid,
          replid2: before.replid,
          secondOffset: offset + 1,
          keys: 3,
        });
      }));

    test("an old master that was further loses what is beyond the fork, by a full sync", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const { after } = await promoteNow(stage, replica, 2);
        // Nobody has told the old master yet.
        await master.write();
        await master.write();
        await attachNow(stage, master, replica);

        const joined = await seen(stage, master, ({ isLinkUp }) => isLinkUp);

        expect(joined).toMatchObject({
          replid: after.replid,
          replid2: null,
          secondOffset: -1,
          keys: 2,
        });
      }));

    test("a chain of promotions remembers one history back", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const first = await factsOf(stage, master);
        const { after } = await promoteNow(stage, replica, 2);
        await attachNow(stage, master, replica);
        await caughtUp(stage, master, replica);

        const second = await promoteNow(stage, master, 3);

        expect(second.after).toMatchObject({ replid2: after.replid, marker: 3 });
        expect(second.after.secondOffset).toBe(second.before.offset + 1);
        expect(continuesChain(after, second.after)).toBe(true);
        expect(continuesChain(first, second.after)).toBe(false);
      }));
  });
}

/** What a server is after a restart of its own or of its master's (faults N2, N3). */
function describeRestarts(name: string, play: RedisPlay): void {
  describe(`a restart of ${name}`, () => {
    test("N2 a master with its AOF has all data, a new history and offset 0", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "aof" });
        await master.mark(3);
        const before = await caughtUp(stage, replica, master);
        await replica.kill();
        await master.kill();
        await master.restart();

        const after = await factsOf(stage, master);

        expect(after).toMatchObject({
          role: "master",
          offset: 0,
          replid2: null,
          secondOffset: -1,
          keys: before.keys,
          marker: 3,
        });
        expect(after.replid).not.toBe(before.replid);
        expect(after.runId).not.toBe(before.runId);
        expect(continuesChain(before, after)).toBe(false);
      }));

    test("N2 a master with its RDB continues its history under a new id, and its replica follows by a partial sync", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "rdb" });
        await master.mark(3);
        await caughtUp(stage, replica, master);
        const before = await factsOf(stage, master);
        await master.stop();
        await master.restart();

        const after = await factsOf(stage, master);
        const joined = await seen(stage, replica, ({ replid }) => replid === after.replid);

        expect(after).toMatchObject({
          role: "master",
          keys: before.keys,
          marker: 3,
          replid2: before.replid,
          offset: after.secondOffset - 1,
        });
        expect(after.secondOffset - 1).toBeGreaterThanOrEqual(before.offset);
        expect(continuesChain(before, after)).toBe(true);
        expect(joined).toMatchObject({ replid2: before.replid, secondOffset: after.secondOffset });
      }));

    test("N3 a master without its data is empty under a new history, and its replica copies the emptiness", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "aof" });
        await master.mark(3);
        const before = await caughtUp(stage, replica, master);
        await master.kill();
        await master.restart({ isEmpty: true });

        const after = await factsOf(stage, master);
        const copied = await seen(stage, replica, ({ keys, isLinkUp }) => keys === 0 && isLinkUp);
        const next = await factsOf(stage, master);

        expect(after).toMatchObject({ keys: 0, marker: null, offset: 0, replid2: null });
        expect(after.replid).not.toBe(before.replid);
        expect(copied).toMatchObject({ marker: null, replid: next.replid, replid2: null });
        expect(isOfChain(before, copied)).toBe(false);
      }));

    test("a replica with its RDB goes on where it was", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "rdb" });
        await master.write();
        const before = await caughtUp(stage, replica, master);
        await replica.stop();
        await master.write();
        await replica.restart();

        const after = await caughtUp(stage, replica, master);

        expect(after).toMatchObject({ replid: before.replid, replid2: null, keys: 3 });
      }));

    test("the role of the configuration comes back: REPLICAOF by hand is forgotten, a promotion of ours is not", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { persistence: "aof" });
        await replica.follow(null);
        expect((await factsOf(stage, replica)).role).toBe("master");
        await replica.kill();
        await replica.restart();
        const forgotten = await factsOf(stage, replica);
        await promoteNow(stage, replica, 2);
        await attachNow(stage, master, replica);
        await Promise.all([replica.kill(), master.kill()]);
        await Promise.all([replica.restart(), master.restart()]);

        expect(forgotten.role).toBe("replica");
        await until(stage, async () => (await factsOf(stage, replica)).role === "master");
        expect(await factsOf(stage, master)).toMatchObject({
          role: "replica",
          masterHost: replica.node.replicate.host,
        });
      }));
  });
}
