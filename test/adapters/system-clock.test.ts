import { getEventListeners } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { systemClock } from "../../lib/adapters/system-clock.ts";

const anHourMs = 3_600_000;

describe("a sleep of the process's own clock", () => {
  test("ends by itself, not before its time, and leaves nothing at the signal", async () => {
    const { signal } = new AbortController();
    const beganMs = systemClock.nowMs();

    await systemClock.sleep(20, signal);

    // Timers count whole milliseconds, and may come one early.
    expect(systemClock.nowMs() - beganMs).toBeGreaterThanOrEqual(19);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("ends when its signal aborts, and leaves no timer behind", async () => {
    const timersBefore = timers();
    const stop = new AbortController();
    const sleeping = systemClock.sleep(anHourMs, stop.signal);
    expect(timers()).toBe(timersBefore + 1);

    stop.abort();

    await expect(sleeping).resolves.toBeUndefined();
    expect(timers()).toBe(timersBefore);
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(0);
  });

  test("under a signal that has aborted is none", async () => {
    const timersBefore = timers();

    await systemClock.sleep(anHourMs, AbortSignal.abort());

    expect(timers()).toBe(timersBefore);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
