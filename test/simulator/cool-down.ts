import type { GroupState } from "../../lib/core/model.ts";
import type { Sight } from "./sight.ts";
import { Violation } from "./violation.ts";

/** S13: one automatic failover is completed in a cool-down. */
export class CoolDown {
  readonly #sight: Sight;
  #lastAutomaticMs = Number.NEGATIVE_INFINITY;
  #wasSettling = false;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  onClaim(before: GroupState): void {
    this.#wasSettling = before.phase === "settling";
  }

  onCommit(before: GroupState, after: GroupState): void {
    if (!after.isAutomatic) {
      // An operator who hands over by hand has seen the failover before.
      this.forget();
      return;
    }
    const nowMs = this.#sight.now();
    const sinceMs = nowMs - this.#lastAutomaticMs;
    const isEarly = sinceMs < this.#sight.config().settings.cooldownMs * 0.8;
    // A master that died before it had settled completes nothing.
    if (before.phase === "promoting" && isEarly && !this.#wasSettling) {
      throw new Violation("S13", `two automatic failovers in ${sinceMs} ms`);
    }
    this.#lastAutomaticMs = nowMs;
  }

  /** Nothing was recorded: a failover may be completed again. */
  forget(): void {
    this.#lastAutomaticMs = Number.NEGATIVE_INFINITY;
  }
}
