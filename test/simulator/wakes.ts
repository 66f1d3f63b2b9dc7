import { success } from "../../lib/ports/errors.ts";
import type { WakeCall, Waker } from "../../lib/ports/waker.ts";
import type { Process } from "./engine.ts";
import type { Prng } from "./prng.ts";
import { Violation } from "./violation.ts";

/** The round that a shift was woken for. */
export type Woken = Pick<WakeCall, "group" | "round">;

/** What becomes of calls that wake: each starts a shift, once, twice or never, at once or late. */
export class Wakes {
  /** How likely a call arrives. Zero: nobody knows where the others are, and a call goes nowhere. */
  reach = 0;
  /** How likely one that arrives does so twice. */
  twice = 0;
  /** Up to this long a call is under way. */
  lateMs = 0;
  readonly #prng: Prng;
  readonly #start: (call: WakeCall) => void;
  readonly #fail: (violation: Violation) => void;

  constructor(prng: Prng, start: (call: WakeCall) => void, fail: (violation: Violation) => void) {
    this.#prng = prng;
    this.#start = start;
    this.#fail = fail;
  }

  /** How a process calls others. One that was woken itself calls nobody, else a round would call without end. */
  portFor(process: Process, woken: Woken | null): Waker {
    return {
      wake: (call) => {
        if (woken !== null) {
          const what = `${process.name} was woken for round ${woken.round}, and wakes ${call.observer}`;
          this.#fail(new Violation("F2", what));
        }
        for (let left = this.#times(); left > 0; left -= 1) {
          process.send(this.#prng.next() * this.lateMs, () => this.#start(call), "wake");
        }
        return Promise.resolve(success(undefined));
      },
    };
  }

  #times(): number {
    if (this.reach === 0 || !this.#prng.chance(this.reach)) return 0;
    return this.#prng.chance(this.twice) ? 2 : 1;
  }

  /** Who could call can still, and is heard. */
  heal(): void {
    if (this.reach > 0) this.reach = 1;
    this.twice = 0;
    this.lateMs = 0;
  }
}
