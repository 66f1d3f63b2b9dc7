import type { Outcome } from "./commands.ts";
import type { Memory, Publication } from "./memory.ts";
import type { RecordRole } from "./records.ts";

/** Whatever became of a publication, what was read before it is no longer what there is. */
export function withPublication(
  memory: Memory,
  role: RecordRole,
  publication: Publication,
): Memory {
  return {
    ...memory,
    record: null,
    publications: { ...memory.publications, [role]: publication },
  };
}

export function failedPublication(
  memory: Memory,
  outcome: Extract<Outcome, { kind: "not-published" }>,
): Publication {
  const last = memory.publications[outcome.role];
  const before = last?.epoch === outcome.epoch ? last.failures : 0;
  return {
    epoch: outcome.epoch,
    isDone: false,
    isRefused: outcome.isRefused,
    failures: before + 1,
    failedAtMs: memory.stateReadAtMs,
    why: outcome.why,
  };
}
