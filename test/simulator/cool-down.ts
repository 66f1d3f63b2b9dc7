import type { GroupState } from "../../lib/core/model.ts";
import type { Sight } from "./sight.ts";
import { Violation } from "./violation.ts";

/** What `whenFlapping: failover` promises: so many early ones in a row, which so many calm cool-downs end. */
const earlyMax = 2;
const calmCoolDowns = 10;
/** Each observer measures from when it saw the master change itself, which is later than the change. */
const slack = 0.8;

/** S13: one automatic failover is completed in a cool-down, or a few where the policy says so. */
export class CoolDown {
  readonly #sight: Sight;
  #lastAutomaticMs = Number.NEGATIVE_INFINITY;
  #wasSettling = false;
  #earlyInARow = 0;
  /** How many came within a cool-down, as the policy lets them. */
  early = 0;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  onState(before: GroupState, after: GroupState): void {
    const isSame = before.masterEpoch === after.masterEpoch;
    // An operator has acknowledged it.
    if (isSame && before.automaticEpoch !== null && after.automaticEpoch === null) this.forget();
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
    const { cooldownMs, whenFlapping } = this.#sight.config().settings;
    const sinceMs = nowMs - this.#lastAutomaticMs;
    this.#lastAutomaticMs = nowMs;
    if (sinceMs >= cooldownMs * calmCoolDowns * slack) this.#earlyInARow = 0;
    // A master that died before it had settled completes nothing.
    if (before.phase !== "promoting" || this.#wasSettling) return;
    if (sinceMs >= cooldownMs * slack) return;
    this.#earlyInARow += 1;
    this.early += 1;
    if (whenFlapping === "failover" && this.#earlyInARow <= earlyMax) return;
    throw new Violation("S13", `two automatic failovers in ${sinceMs} ms`);
  }

  /** Nothing was recorded: a failover may be completed again. */
  forget(): void {
    this.#lastAutomaticMs = Number.NEGATIVE_INFINITY;
    this.#earlyInARow = 0;
  }
}
