import { expect, test } from "@jest/globals";
import { watchLoopDelay } from "../../lib/adapters/loop-delay.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a process that computed for long was late for its timers, and is asked anew after that", async () => {
  const delay = watchLoopDelay();
  // The first tick after a start has nothing before it to be late to.
  await pause(150);
  const busyMs = 600;
  for (const endMs = performance.now() + busyMs; performance.now() < endMs; );
  await pause(150);

  expect(delay.takeMs()).toBeGreaterThanOrEqual(busyMs - 100);
  expect(delay.takeMs()).toBe(0);
});
