import { type Contender, type ElectionInput, elect } from "../../lib/core/election.ts";
import { groupConfig, masterRecord } from "./builders.ts";

/** The choice among these after n0 has died at offset 1000, 5 s ago. */
export function electAmong(contenders: readonly Contender[], change: Partial<ElectionInput> = {}) {
  return elect({
    config: groupConfig(),
    master: masterRecord,
    isMasterEligible: false,
    contenders,
    masterOffset: 1_000,
    masterGoneMs: 5_000,
    failedBefore: null,
    isHandOver: false,
    avoided: [],
    only: null,
    consentedLossBytes: null,
    lesser: null,
    ...change,
  });
}
