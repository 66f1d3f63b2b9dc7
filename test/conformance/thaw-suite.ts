import { describe, expect, test } from "@jest/globals";
import { failureOf, gotFrom } from "../support/results.ts";
import {
  deadlineMs,
  factsOf,
  hasty,
  hastyMs,
  observedOn,
  type RedisPlay,
  seen,
  startPair,
} from "./redis-stage.ts";

/** What a stopped server was sent runs when it continues (fault N25). */
export function describeThaws(name: string, play: RedisPlay): void {
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
