import { afterEach, expect, it } from "@jest/globals";
import { PairServers } from "../../bench/pair-servers.ts";
import { ProcessRegistry } from "../../lab/processes.ts";
import { findRedis } from "../../lab/redis/find.ts";
import { answersPing } from "../../lab/redis/ping.ts";
import { measurement } from "./bench-samples.ts";

const everything = new ProcessRegistry();
const ready = findRedis().then((binary) => new PairServers(binary, everything.part()));
afterEach(() => everything.stopAll());

it("serve both sides of a pair, and the next pair has its own", async () => {
  const servers = await ready;
  const turn = { measurement: measurement("watching"), side: "ours", pair: 0 } as const;
  const answers = (group: Awaited<ReturnType<typeof servers.start>>[number] | undefined) =>
    Promise.all((group?.nodes ?? []).map(({ host, port }) => answersPing(host, port)));

  await servers.enter(turn);
  const first = await servers.start(1, 2);
  await servers.enter({ ...turn, side: "sentinel" });
  const second = await servers.start(1, 2);

  expect(second).toBe(first);
  expect(await answers(second[0])).toEqual([true, true]);

  await servers.enter({ ...turn, pair: 1 });
  expect(await answers(first[0])).toEqual([false, false]);
  const third = await servers.start(1, 2);
  expect(third).not.toBe(first);
  expect(await answers(third[0])).toEqual([true, true]);

  await everything.stopAll();
  expect(await answers(third[0])).toEqual([false, false]);
});
