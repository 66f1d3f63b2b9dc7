import { expect, test } from "@jest/globals";
import { inRhythmMs, rhythmFor } from "../../lib/shift/pace.ts";

const rhythm = { startedAtMs: 10_000, phase: 0.25, isShared: () => true };

test("a calm look waits for its group's last instant before it falls due", () => {
  expect(inRhythmMs(rhythm, 10_250, 1_000, 1_000)).toBe(1_000);
  expect(inRhythmMs(rhythm, 10_004, 1_000, 1_000)).toBe(246);
  expect(inRhythmMs(rhythm, 10_253.5, 1_000, 1_000)).toBe(996.5);
});

test("watches of one phase that begin at any time look together, an interval apart", () => {
  let [one, other] = [10_003.2, 10_091.7];
  for (let look = 0; look < 3; look += 1) {
    // Each asks its nodes some moments after it woke, and its next look falls due an interval after that.
    one += inRhythmMs(rhythm, one, 1_000, 1_000) + 3;
    other += inRhythmMs(rhythm, other, 1_000, 1_000) + 8;
    expect(Math.round(one)).toBe(10_250 + look * 1_000 + 3);
    expect(Math.round(other)).toBe(10_250 + look * 1_000 + 8);
  }
});

test("what is due before its group's next instant is not held up", () => {
  expect(inRhythmMs(rhythm, 10_251, 20, 1_000)).toBe(20);
});

test("a group alone looks when its look falls due", () => {
  const alone = { ...rhythm, isShared: () => false };
  expect(inRhythmMs(alone, 10_004, 1_000, 1_000)).toBe(1_000);
});

test("the groups of a shift are spread over the interval", () => {
  const running = new Map<string, { stop: AbortController; done: Promise<void> }>();
  const seen = Array.from({ length: 16 }, (_, index) => {
    const { phase, isShared } = rhythmFor({ startedAtMs: 0, running });
    expect(isShared()).toBe(index > 1);
    running.set(`g${index}`, { stop: new AbortController(), done: Promise.resolve() });
    return phase;
  });
  expect(seen.slice(0, 3)).toEqual([0, 0.125, 0.25]);
  expect(seen.slice(8)).toEqual(seen.slice(0, 8));
});
