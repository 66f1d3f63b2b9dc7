import type { GroupState } from "../../lib/core/model.ts";
import { checkMasterIsDown, checkVotes } from "./check-claim.ts";
import { checkConfiguration, checkLog, checkStep, RunChecker } from "./check-steps.ts";
import { CoolDown } from "./cool-down.ts";
import { EpochChecker } from "./epoch-checker.ts";
import { KeptWrites } from "./kept-writes.ts";
import type { Sight } from "./sight.ts";
import { Violation } from "./violation.ts";

/** Holds every write of STATE, and what it led to, against what is promised. Throws a Violation. */
export class Checker {
  failovers = 0;
  switchovers = 0;
  failedEpochs = 0;
  readonly epochs: EpochChecker;
  readonly #kept: KeptWrites;
  readonly #coolDown: CoolDown;
  readonly #runs = new RunChecker();
  readonly #sight: Sight;

  constructor(sight: Sight) {
    this.#sight = sight;
    this.epochs = new EpochChecker(sight);
    this.#kept = new KeptWrites(sight);
    this.#coolDown = new CoolDown(sight);
  }

  /** Automatic failovers within the cool-down of another, as the policy lets them come. */
  get earlyFailovers(): number {
    return this.#coolDown.early;
  }

  /** Every write of STATE that was applied. */
  onState(before: GroupState | null, after: GroupState): void {
    if (before === null) return;
    checkStep(before, after);
    checkLog(before, after);
    if (after.phase === "promoting" && after.epoch > before.epoch) this.#onClaim(before, after);
    if (after.phase === "promoting" && this.epochs.onCandidate(after)) {
      this.#kept.onCandidate(after);
    }
    if (after.masterEpoch !== before.masterEpoch) this.#onCommit(before, after);
    else if (after.master?.node !== before.master?.node && !isTakenAway(before, after)) {
      throw new Violation("S9", "the master changed without a commit");
    }
    this.#runs.onState(before, after);
    this.#coolDown.onState(before, after);
    this.epochs.onState(after);
    if (before.phase === "promoting" && after.phase === "steady") this.failedEpochs += 1;
    checkConfiguration(before, after);
  }

  #onClaim(before: GroupState, after: GroupState): void {
    if (after.epoch !== before.epoch + 1) throw new Violation("S5", "an epoch was skipped");
    if (before.pause !== null) throw new Violation("S12", "a claim while paused");
    this.epochs.onClaim(after);
    this.#coolDown.onClaim(before);
    if (after.kind === "switchover") this.#kept.onSwitchoverClaimed(before);
    else {
      checkMasterIsDown(before, after, this.#sight);
      checkVotes(before, this.#sight);
    }
  }

  #onCommit(before: GroupState, after: GroupState): void {
    this.epochs.onCommit(before, after);
    // The bootstrap only names the master that there is; a group that comes back has no past to cool down from.
    if (before.master === null) {
      this.#coolDown.forget();
      return;
    }
    this.#kept.onCommit(before, after);
    if (after.kind === "switchover") this.switchovers += 1;
    if (after.kind === "failover") this.failovers += 1;
    this.#coolDown.onCommit(before, after);
  }

  /** A write of STATE leaves its process. */
  onSent(next: GroupState): void {
    if (next.phase !== "settling" || this.epochs.hasCommitted(next.masterEpoch)) return;
    this.#kept.onCommitSent(next);
  }

  /** The item was put back to an older one: what was recorded since is recorded again, a failover too. */
  onReplaced(): void {
    this.epochs.onReplaced();
    this.#runs.onReplaced();
    this.#coolDown.forget();
  }
}

/** By a removal, or by people who accept another one: then the observers have to name it, in an epoch of its own. */
function isTakenAway(before: GroupState, after: GroupState): boolean {
  if (after.removed !== null) return true;
  const { master, previousMaster, round, phase } = after;
  const isAsked = round.status === "open" && round.purpose === "bootstrap" && phase === "steady";
  return master === null && isAsked && previousMaster?.node === before.master?.node;
}
