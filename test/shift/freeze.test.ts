import { afterEach, describe, expect, it, jest } from "@jest/globals";
import type { Clock } from "../../lib/ports/clock.ts";
import { type FreezeWatch, watchFreezes } from "../../lib/shift/freeze.ts";

const watches: FreezeWatch[] = [];

afterEach(() => {
  for (const watch of watches.splice(0)) watch.stop();
  jest.useRealTimers();
});

/** A process whose timers stand still with it: while it is frozen only its clock goes on. */
function start() {
  jest.useFakeTimers();
  let nowMs = 5_000;
  const clock: Clock = {
    nowMs: () => nowMs,
    wallTime: () => "",
    sleep: () => Promise.resolve(),
  };
  const watch = watchFreezes(clock);
  watches.push(watch);
  const run = (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      nowMs += 100;
      jest.advanceTimersByTime(100);
    }
  };
  const freeze = (ms: number) => {
    nowMs += ms;
  };
  return { watch, run, freeze, now: () => nowMs };
}

describe("C2 a process that slept", () => {
  it("knows it when it is asked, before its timers have run again", () => {
    const { watch, run, freeze, now } = start();
    run(10_000);

    freeze(1_500);

    expect(watch.lastThawMs()).toBe(now());
  });

  it("remembers when it woke up, however often it is asked later", () => {
    const { watch, run, freeze, now } = start();
    freeze(60_000);
    const wokeAtMs = now();
    expect(watch.lastThawMs()).toBe(wokeAtMs);

    run(10_000);

    expect(watch.lastThawMs()).toBe(wokeAtMs);
  });

  it("notices a sleep that nobody asks about, by its own timer", () => {
    const { watch, run, freeze, now } = start();
    run(1_000);
    freeze(2_000);
    run(200);
    const noticedBeforeMs = now();

    run(5_000);

    expect(watch.lastThawMs()).toBeGreaterThan(0);
    expect(watch.lastThawMs()).toBeLessThanOrEqual(noticedBeforeMs);
  });

  it("takes a short stall for none", () => {
    const { watch, run, freeze } = start();
    run(2_000);

    freeze(900);
    run(5_000);

    expect(watch.lastThawMs()).toBe(Number.NEGATIVE_INFINITY);
  });
});
