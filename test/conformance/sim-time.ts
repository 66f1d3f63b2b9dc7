import { Engine, Process } from "../simulator/engine.ts";

const stepMs = 5;

/** Virtual time for a test: it passes while the test waits for something, and stands still while the test acts. */
export class SimTime {
  readonly engine = new Engine();
  #processes = 0;

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.engine.schedule(ms, resolve));
  }

  /** One more process, whose clock shows virtual time. */
  process(): Process {
    this.#processes += 1;
    return new Process(this.engine, `process ${this.#processes}`, 0, 1);
  }

  async playOut(act: Promise<void>): Promise<void> {
    let isOver = false;
    const ended = act.finally(() => {
      isOver = true;
    });
    // It is awaited below; until then its failure must not count as unhandled.
    ended.catch(() => {});
    while (!isOver) await this.engine.runUntil(this.engine.nowMs + stepMs);
    await ended;
  }
}
