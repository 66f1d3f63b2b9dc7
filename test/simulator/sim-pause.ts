import type { Engine } from "./engine.ts";
import type { SimRedis } from "./sim-redis.ts";

/** A pause of writes, which a person (CLIENT PAUSE … WRITE) or a hand-over has imposed, and what it holds back. */
export class WritePause {
  #untilMs = 0;
  #held: (() => void)[] = [];
  readonly #server: SimRedis;
  readonly #engine: Engine;

  constructor(server: SimRedis, engine: Engine) {
    this.#server = server;
    this.#engine = engine;
  }

  get isOn(): boolean {
    return this.#server.handOver.isUnderWay || this.#engine.nowMs < this.#untilMs;
  }

  begin(forMs: number): void {
    this.#untilMs = this.#engine.nowMs + forMs;
    this.#engine.schedule(forMs, () => this.#server.arrive(() => this.release()));
  }

  /** Runs what may write: now, or when the pause has ended. */
  whenOver(action: () => void): void {
    if (this.isOn) this.#held.push(action);
    else action();
  }

  /** Lets go what was held, unless there is a pause still. */
  release(): void {
    if (this.isOn) return;
    const held = this.#held;
    this.#held = [];
    for (const action of held) this.whenOver(action);
  }

  /** CLIENT UNPAUSE. What was held waits for its release. */
  lift(): void {
    this.#untilMs = 0;
  }

  /** The process died, and with it the connections of all that waited. */
  forget(): void {
    this.#untilMs = 0;
    this.#held = [];
  }
}
