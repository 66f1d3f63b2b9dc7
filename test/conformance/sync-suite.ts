import { describe, expect, test } from "@jest/globals";
import { factsOf, type RedisPlay, seen } from "./redis-stage.ts";

/** A full synchronisation that its master does not live to see the end of (fault N12). */
export function describeSyncs(name: string, play: RedisPlay): void {
  describe(`a full synchronisation of ${name}`, () => {
    test("N12 whose master dies during the load is loaded to its end, and the silence counts from there", () =>
      play(async (stage) => {
        const master = await stage.start();
        for (let key = 0; key < loadedKeys; key += 1) await master.write();
        // A link of its own it has never had.
        const replica = await stage.start();
        await replica.loadSlowly();
        await replica.follow(master);
        const during = await seen(stage, replica, ({ isLoading }) => isLoading);
        const { replid } = await factsOf(stage, master);
        await master.kill();

        const after = await seen(stage, replica, ({ isLoading, isLinkUp }) => {
          return !isLoading && !isLinkUp;
        });

        expect(during).toMatchObject({ role: "replica", isLinkUp: false, linkDownSeconds: null });
        expect(after).toMatchObject({
          role: "replica",
          replid,
          keys: loadedKeys,
          hasSynced: true,
          linkDownSeconds: expect.any(Number),
        });
      }));
  });
}

/** So many that a server which loads them slowly answers in between. */
const loadedKeys = 100;
