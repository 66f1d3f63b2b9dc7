import { type Engine, Process } from "./engine.ts";
import { type Prng, splitPrng } from "./prng.ts";
import type { CodeVersion } from "./sim-store.ts";

/** No two regions agree on the time, nor on how fast it passes. */
const clockOffsetMaxMs = 600_000;
const clockDrift = 0.001;

/** What the observers' functions run on: clocks, the version of the code, and starts that fail. */
export class Machines {
  readonly #clocks = new Map<string, { readonly offsetMs: number; readonly rate: number }>();
  readonly #failing = new Map<string, number>();
  readonly #wallStepMs = new Map<string, number>();
  readonly #upgraded = new Set<string>();

  constructor(seed: number, observers: readonly string[], isOrderly: boolean) {
    const clocks: Prng = splitPrng(seed, "clocks");
    for (const observer of observers) {
      const offsetMs = clocks.int(-clockOffsetMaxMs, clockOffsetMaxMs);
      const rate = 1 + (clocks.next() - 0.5) * 2 * clockDrift;
      this.#clocks.set(observer, isOrderly ? { offsetMs: 0, rate: 1 } : { offsetMs, rate });
    }
  }

  newProcess(engine: Engine, observer: string, number: number): Process {
    const { offsetMs, rate } = this.#clocks.get(observer) ?? { offsetMs: 0, rate: 1 };
    return new Process(engine, `${observer}/${number}`, offsetMs, rate);
  }

  codeOf(observer: string): CodeVersion {
    return this.#upgraded.has(observer) ? "next" : "this";
  }

  /** Lets whatever starts for the observer from now on be the next version of the code; null: it is so already. */
  upgrade(observer: string): (() => void) | null {
    return this.#upgraded.has(observer) ? null : () => this.#upgraded.add(observer);
  }

  /** Whether somebody runs the next version of the code, whose writes this one can't read. */
  get isUpgrading(): boolean {
    return this.#upgraded.size > 0;
  }

  /** Whether the start that comes now is one of those that fail. */
  takeFailure(observer: string): boolean {
    const times = this.#failing.get(observer) ?? 0;
    if (times > 0) this.#failing.set(observer, times - 1);
    return times > 0;
  }

  /** The next starts of the observer end before they have begun. */
  failStarts(observer: string, times: number): void {
    this.#failing.set(observer, times);
  }

  /** Somebody sets an observer's wall clock. */
  setClock(observer: string, byMs: number): void {
    this.#wallStepMs.set(observer, this.wallStepMs(observer) + byMs);
  }

  wallStepMs(observer: string): number {
    return this.#wallStepMs.get(observer) ?? 0;
  }

  heal(): void {
    this.#failing.clear();
  }
}
