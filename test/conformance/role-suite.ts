import { describe, expect, test } from "@jest/globals";
import { descendsFrom } from "../../lib/core/lineage.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import {
  attachNow,
  caughtUp,
  deadlineMs,
  factsOf,
  hasty,
  hastyMs,
  observedOn,
  patient,
  promoteNow,
  type RedisPlay,
  seen,
  startPair,
} from "./redis-stage.ts";
import { until } from "./stage.ts";

/** Role changes, and the two fences that keep them from meeting (protocol F1). */
export function describeRoles(name: string, play: RedisPlay): void {
  describePromotion(name, play);
  describeFences(name, play);
  describeThaw(name, play);
}

function describePromotion(name: string, play: RedisPlay): void {
  describe(`a role change of ${name}`, () => {
    test("promoting makes a master that writes, is marked, and descends from what was observed", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await master.write();
        await caughtUp(stage, replica, master);

        const { before, after } = await promoteNow(stage, replica, 7);

        expect(before).toMatchObject({ role: "replica", marker: null, keys: 2, replPingMs: null });
        expect(after).toMatchObject({
          role: "master",
          marker: 7,
          keys: 3,
          runId: before.runId,
          replid2: before.replid,
          secondOffset: before.offset + 1,
          hasSynced: true,
          masterHost: null,
          isLinkUp: false,
          linkDownSeconds: null,
          failoverState: "no-failover",
        });
        expect(after.offset).toBeGreaterThan(before.offset);
        expect(descendsFrom(before, after)).toBe(true);
        expect(await replica.write()).toBe("done");
      }));

    test("promoting a master keeps its ids, and marks it", () =>
      play(async (stage) => {
        const { master } = await startPair(stage);

        const { before, after } = await promoteNow(stage, master, 7);

        const { replid, replid2, secondOffset } = before;
        expect(after).toMatchObject({ role: "master", replid, replid2, secondOffset, marker: 7 });
      }));

    test("a group without a marker gets none", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const nodes = stage.observer({ hasMarker: false });
        const session = gotFrom(await nodes.openSession(replica.node, deadlineMs));
        const before = gotFrom(await session.observe(deadlineMs));

        const change = { kind: "promote" as const, epoch: 7 };
        const { facts } = gotFrom(await session.changeRole(change, deadlineMs));

        expect(before.marker).toBeUndefined();
        expect(facts.marker).toBeUndefined();
        expect(await factsOf(stage, replica)).toMatchObject({ marker: null, keys: 1 });
      }));

    test("attaching demotes a master, which does not say since when it has no link", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await promoteNow(stage, replica, 2);
        // Nobody answers there: the link stays down.
        replica.hang();

        const { before, after } = await attachNow(stage, master, replica);
        const sample = await stage.observer().probe(master.node, { ...patient, info: false });

        expect(after).toMatchObject({
          role: "replica",
          masterHost: replica.node.replicate.host,
          masterPort: replica.node.replicate.port,
          replid: before.replid,
          offset: before.offset,
          isLinkUp: false,
          lastIoSeconds: null,
          linkDownSeconds: null,
        });
        expect(sample.role).toEqual({ role: "replica", offset: null });
        expect(await master.write()).toBe("refused");
      }));

    test("attaching to the same master again leaves the link as it is", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);

        const { before, after } = await attachNow(stage, replica, master);

        expect(after).toMatchObject({ isLinkUp: true, replid: before.replid });
      }));

    test("a marker is set on a master, and refused by a replica", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const onMaster = (await observedOn(stage, master)).session;
        const onReplica = (await observedOn(stage, replica)).session;

        gotFrom(await onMaster.setMarker(3, deadlineMs));
        const refused = failureOf(await onReplica.setMarker(4, deadlineMs));

        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        await seen(stage, replica, (facts) => facts.marker === 3);
        expect(gotFrom(await onMaster.observe(deadlineMs)).keys).toBe(2);
      }));

    test("REPLICAOF is not held up by a pause of writes; a promotion that marks is", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const other = await stage.start();
        await other.pauseWrites(5_000);
        await replica.pauseWrites(1_500);

        const attached = await attachNow(stage, other, master);
        const { session } = await observedOn(stage, replica);
        const promoting = session.changeRole({ kind: "promote", epoch: 2 }, deadlineMs);
        const during = await factsOf(stage, replica);
        const promoted = gotFrom(await promoting);

        expect(attached.after.role).toBe("replica");
        expect(during.role).toBe("replica");
        expect(promoted.facts).toMatchObject({ role: "master", marker: 2 });
      }));
  });
}

function describeFences(name: string, play: RedisPlay): void {
  describe(`the fences of ${name}`, () => {
    const changes = ["promote", "attach", "fence"] as const;
    test.each(changes)("F1 rule 4: %s cuts every other connection, but not its own", (kind) =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const target = kind === "fence" ? master : replica;
        const [other, idle] = [
          (await observedOn(stage, target)).session,
          gotFrom(await stage.observer().openSession(target.node, deadlineMs)),
        ];
        const { session } = await observedOn(stage, target);
        const change = { promote: { kind: "promote" as const, epoch: 2 } };
        const attach = { kind: "attach" as const, master: master.node.replicate };
        const fence = { kind: "fence" as const };
        const all = { ...change, attach, fence };

        gotFrom(await session.changeRole(all[kind], deadlineMs));

        await until(stage, () => !other.isOpen && !idle.isOpen);
        expect(session.isOpen).toBe(true);
        const late = await other.changeRole(all[kind], deadlineMs);
        expect(failureOf(late).kind).toBe("cut");
        expect(gotFrom(await session.observe(deadlineMs)).runId).not.toBe("");
      }),
    );

    test("a session dies with its server's process, whoever answers there next", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const { session } = await observedOn(stage, replica);
        await replica.kill();
        await replica.restart();

        const late = failureOf(await session.changeRole({ kind: "promote", epoch: 2 }, deadlineMs));

        expect(late.kind).toBe("cut");
        await until(stage, () => !session.isOpen);
        expect((await factsOf(stage, replica)).role).toBe("replica");
      }));

    test("the second fence: a marker that changed since it was observed refuses, even by the same value", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await master.mark(7);
        await caughtUp(stage, replica, master);
        const { session, before } = await observedOn(stage, replica);
        await master.mark(7);
        await caughtUp(stage, replica, master);

        const refused = failureOf(
          await session.changeRole({ kind: "promote", epoch: 8 }, deadlineMs),
        );

        expect(before.marker).toBe(7);
        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        expect(await factsOf(stage, replica)).toMatchObject({ role: "replica", marker: 7 });
      }));

    test("what is observed once more is decided on by the marker of then", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const { session } = await observedOn(stage, replica);
        await master.mark(7);
        await caughtUp(stage, replica, master);
        expect(gotFrom(await session.observe(deadlineMs)).marker).toBe(7);

        const change = { kind: "promote" as const, epoch: 8 };
        gotFrom(await session.changeRole(change, deadlineMs));

        expect((await factsOf(stage, replica)).role).toBe("master");
      }));

    test("N7 a server that is busy with a script refuses, and nothing has happened", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const { session } = await observedOn(stage, replica);
        const heal = await replica.ail("BUSY");

        const refused = failureOf(
          await session.changeRole({ kind: "promote", epoch: 8 }, deadlineMs),
        );
        await heal();

        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        expect((await factsOf(stage, replica)).role).toBe("replica");
      }));
  });
}

/** What a stopped server was sent runs when it continues (fault N25). */
function describeThaw(name: string, play: RedisPlay): void {
  const promote = { kind: "promote" as const, epoch: 7 };

  describe(`${name} that hangs and thaws`, () => {
    test("N25 a promotion times out, may have happened, and happens at the thaw, though its sender has hung up", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const { session } = await observedOn(stage, replica);
        replica.hang();

        const failure = failureOf(await session.changeRole(promote, hastyMs));
        session.close();
        replica.thaw();

        expect(failure).toMatchObject({ kind: "timeout", isOutcomeKnown: false });
        const facts = await seen(stage, replica, ({ role }) => role === "master");
        expect(facts.marker).toBe(7);
      }));

    test("N25 of two role changes that wait one happens; whoever sent the other is cut", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const first = (await observedOn(stage, replica)).session;
        const second = (await observedOn(stage, replica)).session;
        const attach = { kind: "attach" as const, master: master.node.replicate };
        replica.hang();

        const promoting = first.changeRole(promote, deadlineMs);
        await stage.pass(50);
        const attaching = second.changeRole(attach, deadlineMs);
        await stage.pass(50);
        replica.thaw();

        // Which of them comes first is the server's affair; it cuts the other one's sender before reading from it.
        const [promoted, attached] = [await promoting, await attaching];
        const lost = promoted.ok ? attached : promoted;
        expect([promoted.ok, attached.ok]).toContain(true);
        expect(failureOf(lost).kind).toBe("cut");
        const { role } = await factsOf(stage, replica);
        expect(role).toBe(promoted.ok ? "master" : "replica");
      }));

    test("a connection that was opened meanwhile is accepted after what waited, and is not cut by it", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const first = (await observedOn(stage, replica)).session;
        replica.hang();
        const promoting = first.changeRole(promote, deadlineMs);
        await stage.pass(50);

        const late = gotFrom(await stage.observer().openSession(replica.node, deadlineMs));
        const observing = late.observe(deadlineMs);
        await stage.pass(50);
        replica.thaw();

        gotFrom(await promoting);
        expect(gotFrom(await observing)).toMatchObject({ role: "master", marker: 7 });
        expect(late.isOpen).toBe(true);
      }));

    test("N1 a role change on a server that dies before it thaws is cut, and may have happened", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const { session } = await observedOn(stage, replica);
        replica.hang();
        const promoting = session.changeRole(promote, deadlineMs);
        await stage.pass(50);
        await replica.kill();

        expect(failureOf(await promoting)).toMatchObject({ kind: "cut", isOutcomeKnown: false });
      }));

    test("N4 the replicas of a stopped master keep their link, and hear nothing", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { pingSeconds: 1 });
        await seen(stage, replica, (facts) => facts.offset > 0);
        master.hang();

        const silent = await seen(stage, replica, (facts) => (facts.lastIoSeconds ?? 0) >= 2);
        const probe = await stage.observer().probe(master.node, hasty);
        master.thaw();

        expect(silent).toMatchObject({ isLinkUp: true, linkDownSeconds: null });
        expect(probe.reply).toEqual({ kind: "timeout" });
        await seen(stage, replica, (facts) => facts.offset > silent.offset);
      }));
  });
}
