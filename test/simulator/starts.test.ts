import { describe, expect, it } from "@jest/globals";
import { usualShape } from "./shape.ts";
import { SimWorld } from "./world.ts";

/** The schedule promises a start within its minute and no more, so that two starts are up to 119 s apart. */
const gapsSeconds = Array.from({ length: 119 }, (_, index) => index + 1);
const firstMs = 1_000;
/** The group is adopted by then, and each replica was seen to follow. */
const settledMs = 20_000;
const master = "10.0.0.1";

/** What one observer did, in the cadence `loop`, with two starts so far apart. */
class Watched {
  readonly world: SimWorld;
  readonly hangsAtMs: number;
  /** The longest time without a decision of any shift. */
  longestMs = 0;
  most = 0;
  promotedAtMs = Number.POSITIVE_INFINITY;
  /** Who ended of its own accord, and when the other one had begun. */
  readonly ends: string[] = [];
  #decidedAtMs = settledMs;

  constructor(gapMs: number) {
    this.world = new SimWorld({
      ...{ seed: 1, isOrderly: true, scheduleJitterMs: 0, shape: { ...usualShape, observers: 1 } },
      onNote: (by, note) => {
        const { nowMs } = this.world.engine;
        if (note.kind === "decision") this.#onDecision(nowMs);
        if (note.kind === "line" && note.text.startsWith("shift ends")) this.ends.push(by);
        const isPromotion = note.kind === "event" && note.event.name === "+promoted-slave";
        if (isPromotion) this.promotedAtMs = Math.min(this.promotedAtMs, nowMs);
      },
    });
    const { engine, invocations } = this.world;
    invocations.skippedStarts = 1;
    this.world.start();
    for (const atMs of [firstMs, firstMs + gapMs]) {
      engine.schedule(atMs, () => invocations.invoke("a"));
    }
    // Shortly before the second start, so that the suspicion is one when shifts change hands.
    this.hangsAtMs = Math.max(firstMs + gapMs - 700, settledMs);
    engine.schedule(this.hangsAtMs, () =>
      this.world.inject("script", { kind: "hang", node: master }),
    );
  }

  #onDecision(nowMs: number): void {
    if (nowMs >= settledMs) this.longestMs = Math.max(this.longestMs, nowMs - this.#decidedAtMs);
    this.#decidedAtMs = Math.max(settledMs, nowMs);
  }

  async until(nowMs: number): Promise<void> {
    const { engine, processes } = this.world;
    while (engine.nowMs < nowMs) {
      await engine.runUntil(engine.nowMs + 1_000);
      this.most = Math.max(this.most, processes.get("a")?.size ?? 0);
    }
  }
}

async function watchFor(gapMs: number, afterMs: number): Promise<Watched> {
  const watched = new Watched(gapMs);
  await watched.until(watched.hangsAtMs + afterMs);
  expect(watched.world.violation).toBeNull();
  return watched;
}

describe("the cadence loop, with starts 1 to 119 s apart", () => {
  it("loses no second of watching, and a suspicion at the hand-over costs no time", async () => {
    const { probeIntervalMs, probeTimeoutMs, downAfterMs } = new SimWorld({ seed: 1 }).config
      .settings;
    for (const gap of gapsSeconds) {
      const watched = await watchFor(gap * 1_000, 12_000);
      const foundMs = watched.promotedAtMs - watched.hangsAtMs;

      expect([gap, watched.longestMs < probeIntervalMs + 2 * probeTimeoutMs]).toEqual([gap, true]);
      expect([gap, watched.most <= 2]).toEqual([gap, true]);
      // A shift that began after the stream had stopped would wait 12 s from then on (DESIGN 4.2).
      expect([gap, foundMs < downAfterMs + 3 * probeIntervalMs]).toEqual([gap, true]);
    }
  }, 60_000);

  it("ends the first shift once the second has taken over, and not before", async () => {
    for (const gap of [1, 30, 59, 60, 61, 119]) {
      const { ends } = await watchFor(gap * 1_000, 140_000);
      // The second one has no successor.
      expect([gap, ends]).toEqual([gap, ["a/1"]]);
    }
  });
});
