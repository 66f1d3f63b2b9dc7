import { parseFault } from "../simulator/faults.ts";
import { SimWorld, type WorldOptions } from "../simulator/world.ts";

const stepMs = 10;

/** A simulated world with nothing random about it but the small change of the network, stepped by a test. */
export class StagedWorld extends SimWorld {
  constructor(options: Partial<WorldOptions> = {}) {
    super({ seed: 1, isOrderly: true, scheduleJitterMs: 0, ...options });
  }

  /** A group that has its master, and observers that watch in calm. */
  static async boot(options: Partial<WorldOptions> = {}): Promise<StagedWorld> {
    const world = new StagedWorld(options);
    await world.calm();
    return world;
  }

  async calm(): Promise<void> {
    this.start();
    const isSteady = () =>
      this.state()?.phase === "steady" && (this.state()?.master ?? null) !== null;
    await this.until("a steady group", isSteady);
    await this.pass(10_000);
  }

  /** Lets time pass; a broken invariant fails the test. */
  async pass(ms: number): Promise<void> {
    await this.engine.runUntil(this.engine.nowMs + ms);
    if (this.violation !== null) throw this.violation;
  }

  /** Lets time pass until it is so, and returns how much. */
  async until(what: string, isSo: () => boolean, withinMs = 120_000): Promise<number> {
    const startMs = this.engine.nowMs;
    while (!isSo()) {
      if (this.engine.nowMs - startMs > withinMs) {
        throw new Error(`expected ${what} within ${withinMs} ms of simulated time`);
      }
      await this.pass(stepMs);
    }
    return this.engine.nowMs - startMs;
  }

  /** Faults in their text form, one after the other. */
  befall(...lines: readonly string[]): void {
    for (const line of lines) this.inject("test", parseFault(line));
  }
}
