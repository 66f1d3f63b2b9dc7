import type { GroupState } from "../../lib/core/model.ts";
import { phaseEdges } from "../support/phase-edges.ts";
import { Violation } from "./violation.ts";

// The bootstrap names the first master and settles it.
const edges: ReadonlySet<string> = new Set([...phaseEdges, "steady>settling"]);

/** S5: numbers only rise, and phases follow the drawn edges. */
export function checkStep(before: GroupState, after: GroupState): void {
  if (after.rev !== before.rev + 1) throw new Violation("S5", `rev ${before.rev} → ${after.rev}`);
  if (after.epoch < before.epoch)
    throw new Violation("S5", `epoch ${before.epoch} → ${after.epoch}`);
  if (!edges.has(`${before.phase}>${after.phase}`)) {
    throw new Violation("S5", `phase ${before.phase} → ${after.phase}`);
  }
}

/** S16: the item tells its own story: what was written stands at the end of its log, and nothing else was added or changed. */
export function checkLog(before: GroupState, after: GroupState): void {
  const added = after.log.filter((entry) => entry.rev > before.rev);
  const kept = after.log.slice(0, after.log.length - added.length);
  const isKept = kept.every((entry) => before.log.some((one) => one.rev === entry.rev));
  const isTold = added.every(
    ({ rev, epoch, phase }) => rev === after.rev && epoch === after.epoch && phase === after.phase,
  );
  // A sign of life changes nothing that anybody would want to read.
  const isBeat = before.phase === after.phase && before.leader === after.leader;
  if (isKept && isTold && (added.length === 1 || isBeat)) return;
  const told = after.log.map((entry) => `${entry.rev} ${entry.phase}`).join(", ");
  throw new Violation("S16", `rev ${after.rev} in phase ${after.phase} has the log ${told}`);
}

/** S17: an epoch ends under the configuration that it began with. */
export function checkConfiguration(before: GroupState, after: GroupState): void {
  const isOpen = before.phase !== "steady" && after.phase !== "steady";
  if (isOpen && after.configVersion !== before.configVersion) {
    throw new Violation("S17", "the configuration changed in an open epoch");
  }
}

/** No server ever gets an old run id again: a record that returns to one was written from memory (protocol F5). */
export class RunChecker {
  readonly #outdated = new Set<string>();

  onState(before: GroupState, after: GroupState): void {
    const was = before.master?.runId;
    const is = after.master?.runId;
    if (was === is || is === undefined) return;
    if (was !== undefined) this.#outdated.add(was);
    const isReelected = after.masterEpoch !== before.masterEpoch;
    if (!isReelected && this.#outdated.has(is)) {
      throw new Violation("F5", `the record of ${after.master?.node} went back to run ${is}`);
    }
  }

  /** The item was put back to an older one: what was recorded since is recorded again. */
  onReplaced(): void {
    this.#outdated.clear();
  }
}
