import type { GroupState } from "../../lib/core/model.ts";
import { parseCompanion, type RecordSet } from "../../lib/core/records.ts";
import { Violation } from "./checkers.ts";

/** S18: a batch of ours never touches records whose companion names another owner. */
export function checkOwner(standing: readonly RecordSet[], state: GroupState | null): void {
  for (const { type, values } of standing) {
    const owner = type === "TXT" ? parseCompanion(values[0] ?? "") : null;
    if (owner === null || state === null || owner.deployment === state.deployment) continue;
    throw new Violation("S18", `records of the deployment ${owner.deployment} were changed`);
  }
}
