import type { Pulse } from "../../lib/core/cadence.ts";
import type { Engine } from "./engine.ts";
import type { Prng } from "./prng.ts";

/** A queue with delayed messages: each wakes a pass, once, twice or never, at its time or late. */
export class Pulses {
  /** How likely a message is lost, and how likely one that is not comes twice. */
  lost = 0;
  twice = 0;
  /** How likely a message is held up, and for how long at most. */
  heldUp = 0;
  heldUpMs = 40_000;
  readonly #engine: Engine;
  readonly #prng: Prng;

  constructor(engine: Engine, prng: Prng) {
    this.#engine = engine;
    this.#prng = prng;
  }

  /** Sends the pulses of a minute, but for the first, which the schedule itself is. */
  send(
    { pulseMs, untilMs }: { readonly pulseMs: number; readonly untilMs: number },
    wake: (pulse: Pulse) => void,
  ): void {
    for (let delayMs = pulseMs; delayMs < untilMs; delayMs += pulseMs) {
      for (let left = this.#times(); left > 0; left -= 1) {
        const waitedMs = Math.round(delayMs + this.#lateMs());
        this.#engine.schedule(waitedMs, () => wake({ delayMs, waitedMs }));
      }
    }
  }

  #times(): number {
    if (this.#prng.chance(this.lost)) return 0;
    return this.#prng.chance(this.twice) ? 2 : 1;
  }

  /** A standard queue is rarely late by more than moments. */
  #lateMs(): number {
    const usualMs = 300 * this.#prng.next();
    return this.#prng.chance(this.heldUp) ? usualMs + this.heldUpMs * this.#prng.next() : usualMs;
  }

  heal(): void {
    this.lost = 0;
    this.twice = 0;
    this.heldUp = 0;
  }
}
