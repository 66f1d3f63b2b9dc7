import { expect, test } from "@jest/globals";
import { findRedis } from "../../lab/redis/find.ts";
import { playRealRedis } from "./real-redis-stage.ts";

const play = playRealRedis(await findRedis());
/** Longer than what a client would wait for. */
const starvedMs = 600;

/** As a busy machine does it: the answer is there, and nobody had the time to read it. */
function starve(): void {
  const untilMs = performance.now() + starvedMs;
  while (performance.now() < untilMs);
}

test("a write is done although the process that waits for its answer was starved", () =>
  play(async (stage) => {
    const server = await stage.start();

    const write = server.write();
    starve();

    expect(await write).toBe("done");
  }));

test("a write that the server holds back is unanswered", () =>
  play(async (stage) => {
    const server = await stage.start();
    await server.pauseWrites(60_000);

    expect(await server.write()).toBe("unanswered");
  }));
