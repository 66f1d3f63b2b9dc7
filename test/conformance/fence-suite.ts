import { describe, expect, test } from "@jest/globals";
import { failureOf, gotFrom } from "../support/results.ts";
import {
  caughtUp,
  deadlineMs,
  factsOf,
  observedOn,
  type RedisPlay,
  startPair,
} from "./redis-stage.ts";
import { until } from "./stage.ts";

/** The two fences that keep role changes from meeting (protocol F1): a cut connection, and the watch of the marker. */
export function describeFences(name: string, play: RedisPlay): void {
  describe(`the fences of ${name}`, () => {
    const changes = ["promote", "attach", "fence", "cut"] as const;
    test.each(changes)("F1 rule 4: %s cuts every other connection, but not its own", (kind) =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const target = kind === "fence" || kind === "cut" ? master : replica;
        const [other, idle] = [
          (await observedOn(stage, target)).session,
          gotFrom(await stage.observer().openSession(target.node, deadlineMs)),
        ];
        const { session } = await observedOn(stage, target);
        const change = { promote: { kind: "promote" as const, epoch: 2 } };
        const attach = { kind: "attach" as const, master: master.node.replicate };
        const fence = { kind: "fence" as const };
        const all = { ...change, attach, fence, cut: { kind: "cut" as const } };

        gotFrom(await session.changeRole(all[kind], deadlineMs));

        await until(stage, () => !other.isOpen && !idle.isOpen);
        expect(session.isOpen).toBe(true);
        const late = await other.changeRole(all[kind], deadlineMs);
        expect(failureOf(late).kind).toBe("cut");
        expect(gotFrom(await session.observe(deadlineMs)).runId).not.toBe("");
      }),
    );

    test("a cut that changes no role leaves a replica what it is", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const { session, before } = await observedOn(stage, replica);

        const { facts, warnings } = gotFrom(await session.changeRole({ kind: "cut" }, deadlineMs));

        expect(warnings).toEqual([]);
        expect(facts).toMatchObject({ role: "replica", masterHost: before.masterHost });
        expect((await factsOf(stage, master)).role).toBe("master");
      }));

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
