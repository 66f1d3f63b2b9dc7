import { describe, expect, test } from "@jest/globals";
import type { RoleChange } from "../../lib/ports/redis.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import {
  caughtUp,
  deadlineMs,
  factsOf,
  observedOn,
  type RedisPlay,
  type RedisStage,
  type StagedServer,
  seen,
  startPair,
} from "./redis-stage.ts";
import { until } from "./stage.ts";

function to(target: StagedServer, timeoutMs: number): RoleChange {
  return { kind: "hand-over", to: target.node.replicate, timeoutMs };
}

/** A pair of which the master knows that its replica has everything. */
async function startEven(stage: RedisStage) {
  const { master, replica } = await startPair(stage);
  await caughtUp(stage, replica, master);
  // A replica tells its master once a second how far it is.
  await stage.pass(1_300);
  return { master, replica };
}

/** A master that has demoted itself for a target that had everything, and hangs. */
async function startStuck(stage: RedisStage) {
  const { master, replica } = await startEven(stage);
  const { session } = await observedOn(stage, master);
  replica.hang();
  gotFrom(await session.changeRole(to(replica, 200), deadlineMs));
  const stuck = await seen(
    stage,
    master,
    (facts) => facts.failoverState === "failover-in-progress",
  );
  return { master, replica, stuck };
}

/** The server's own hand-over, FAILOVER TO … TIMEOUT (protocol F4). */
export function describeHandOvers(name: string, play: RedisPlay): void {
  describe(`a hand-over of ${name}`, () => {
    test("makes the target master with everything, and the old one its replica", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await master.write();
        const old = await factsOf(stage, master);
        const { session } = await observedOn(stage, master);

        const asked = gotFrom(await session.changeRole(to(replica, 5_000), deadlineMs));
        const promoted = await seen(stage, replica, ({ role }) => role === "master");
        const demoted = await seen(stage, master, ({ isLinkUp, role }) => {
          return role === "replica" && isLinkUp;
        });

        expect(asked.warnings).toEqual([]);
        expect(promoted).toMatchObject({ replid2: old.replid, keys: 2, marker: null });
        expect(promoted.secondOffset - 1).toBeGreaterThanOrEqual(old.offset);
        expect(demoted).toMatchObject({
          masterHost: replica.node.replicate.host,
          replid: promoted.replid,
          replid2: old.replid,
          keys: 2,
          failoverState: "no-failover",
        });
        expect([await replica.write(), await master.write()]).toEqual(["done", "refused"]);
      }));

    test("F4 cuts those who were connected to the old master, and nobody at the target", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const atOld = (await observedOn(stage, master)).session;
        const atTarget = (await observedOn(stage, replica)).session;
        const { session } = await observedOn(stage, master);

        gotFrom(await session.changeRole(to(replica, 5_000), deadlineMs));
        await seen(stage, replica, ({ role }) => role === "master");

        await until(stage, () => !atOld.isOpen);
        expect(atTarget.isOpen).toBe(true);
        expect(gotFrom(await atTarget.observe(deadlineMs)).role).toBe("master");
      }));

    test("to a server that is no replica is refused: the master goes on, though others were cut", () =>
      play(async (stage) => {
        const { master } = await startPair(stage);
        const stranger = await stage.start();
        const other = (await observedOn(stage, master)).session;
        const { session } = await observedOn(stage, master);

        const refused = failureOf(await session.changeRole(to(stranger, 1_000), deadlineMs));

        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        await until(stage, () => !other.isOpen);
        expect(await master.write()).toBe("done");
      }));

    test("by a server that is no master is refused", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const { session } = await observedOn(stage, replica);

        const refused = failureOf(await session.changeRole(to(master, 1_000), deadlineMs));

        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        expect(await factsOf(stage, replica)).toMatchObject({ role: "replica", isLinkUp: true });
      }));

    test("N4 to a target that hangs and lacks something ends at TIMEOUT: held writes go on, the target stays a replica", () =>
      play(async (stage) => {
        const { master, replica } = await startEven(stage);
        const { session } = await observedOn(stage, master);
        replica.hang();
        await master.write();

        gotFrom(await session.changeRole(to(replica, 1_500), deadlineMs));
        const during = await factsOf(stage, master);
        const held = await master.write();
        const after = await seen(stage, master, (facts) => facts.failoverState === "no-failover");
        const written = await master.write();
        replica.thaw();

        expect(during).toMatchObject({ role: "master", failoverState: "waiting-for-sync" });
        expect(held).toBe("unanswered");
        expect(after.role).toBe("master");
        expect(written).toBe("done");
        const caught = await caughtUp(stage, replica, master);
        expect(caught.role).toBe("replica");
      }));

    test("N4 to a target that hangs and has everything never ends by itself: nobody is master", () =>
      play(async (stage) => {
        const { master, replica, stuck } = await startStuck(stage);
        await stage.pass(500);

        const later = await factsOf(stage, master);
        const write = await master.write();
        replica.thaw();

        expect(stuck).toMatchObject({ role: "replica", isLinkUp: false, linkDownSeconds: null });
        expect(later).toMatchObject({ role: "replica", failoverState: "failover-in-progress" });
        expect(write).toBe("refused");
        await seen(stage, replica, ({ role }) => role === "master");
        await seen(stage, master, (facts) => {
          return facts.isLinkUp && facts.failoverState === "no-failover";
        });
      }));

    const ends = ["fence", "promote"] as const;
    test.each(ends)(
      "%s ends one that is stuck: the old master is a writable master again",
      (kind) =>
        play(async (stage) => {
          const { master, replica } = await startStuck(stage);
          const { session, before } = await observedOn(stage, master);
          const change: RoleChange = kind === "fence" ? { kind } : { kind, epoch: 5 };

          const { facts } = gotFrom(await session.changeRole(change, deadlineMs));
          const write = await master.write();
          replica.thaw();

          expect(facts).toMatchObject({
            role: "master",
            failoverState: "no-failover",
            replid2: before.replid,
            marker: kind === "promote" ? 5 : null,
          });
          expect(write).toBe("done");
          // The target never heard of it.
          expect((await seen(stage, replica, ({ isLinkUp }) => isLinkUp)).role).toBe("replica");
        }),
    );

    test("attach ends one that is stuck, too", () =>
      play(async (stage) => {
        const { master, replica } = await startStuck(stage);
        const third = await stage.start();
        const { session } = await observedOn(stage, master);

        const change = { kind: "attach" as const, master: third.node.replicate };
        const { facts } = gotFrom(await session.changeRole(change, deadlineMs));
        replica.thaw();

        expect(facts).toMatchObject({
          role: "replica",
          failoverState: "no-failover",
          masterHost: third.node.replicate.host,
        });
      }));

    test("N3 a target that dies while one is stuck, and comes back without its history, is refused: the old master stays", () =>
      play(async (stage) => {
        const { master, replica } = await startStuck(stage);
        await replica.kill();
        const waiting = await factsOf(stage, master);
        await replica.restart({ isEmpty: true });

        const after = await seen(stage, master, ({ role }) => role === "master");

        expect(waiting.failoverState).toBe("failover-in-progress");
        expect(after).toMatchObject({ keys: 1, failoverState: "no-failover" });
        const copied = await seen(stage, replica, ({ isLinkUp }) => isLinkUp);
        expect(copied).toMatchObject({ role: "replica", keys: 1 });
      }));
  });
}
