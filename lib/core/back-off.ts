import type { GroupState } from "./model.ts";

/** Epochs that end without a master are not to follow each other without a pause (invariant L2). */

const backOffMinMs = 1_000;
const backOffMaxMs = 60_000;

type Counted = Pick<GroupState, "epoch" | "masterEpoch" | "phase">;

/** How many epochs in a row have failed since the commit of the master. */
export function failedEpochs({ epoch, masterEpoch }: Counted): number {
  return epoch - masterEpoch;
}

/** How long the next claim still has to wait, where the last epoch has been known for so long; 0 or less: not at all. */
export function backOffLeftMs(state: Counted, epochKnownForMs: number): number {
  const failed = failedEpochs(state);
  // The first failure is answered at once: another node may do.
  if (failed < 2 || state.phase !== "steady") return 0;
  const waitMs = Math.min(backOffMinMs * 2 ** (failed - 2), backOffMaxMs);
  return Math.ceil(waitMs - epochKnownForMs);
}
