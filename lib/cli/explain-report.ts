import type { Condition, Held } from "../core/explain.ts";
import type { Phase, VoteVerdict } from "../core/model.ts";
import type { OperatorRequest } from "../core/requests.ts";
import type { StoredEvent } from "../ports/store.ts";
import type { FailoverFacts } from "../status/failover-facts.ts";
import type { ObserverStatus } from "../status/report.ts";
import type { ChosenFrom, VoteTold } from "./explain-past.ts";

/**
 * What `explain --json` prints of this moment. Fields are added and never changed in meaning; `schema` is raised when one
 * must go. docs/explain.md describes it for people.
 */
export interface NowReport {
  readonly schema: 1;
  readonly question: "now";
  /** Wall clock of this machine, ISO 8601. */
  readonly at: string;
  readonly table: string;
  readonly group: string;
  /** One sentence for people. */
  readonly answer: string;
  readonly master: string;
  readonly epoch: number;
  readonly phase: Phase;
  /** What the table last saw published; null: nothing, or the group has no name. */
  readonly published: { readonly epoch: number; readonly node: string } | null;
  /** What an operator asks for and nobody has carried out yet: a hand-over needs none of the conditions. */
  readonly request: OperatorRequest | null;
  /** Whose decision the conditions are: of all observers the one that is furthest on the way; null: nobody reports. */
  readonly seenBy: string | null;
  /** The condition at which its walk ends; null: the next decision is the failover, or nobody reports. */
  readonly stop: { readonly name: string; readonly rule: string } | null;
  readonly conditions: readonly Condition[];
  /** How far behind a candidate may be. */
  readonly maxLagBytes: number;
  readonly candidates: readonly CandidateRow[];
  readonly observers: readonly ObserverRow[];
}

export interface CandidateRow {
  readonly node: string;
  readonly isFavourite: boolean;
  readonly isEligible: boolean;
  /** As the choice says it: `priority 100 of the server`; null: it has not said. */
  readonly rank: string | null;
  readonly offset: number | null;
  readonly lagBytes: number | null;
  /** Why it is not eligible, or why it comes after the favourite. */
  readonly why: string;
}

export interface ObserverRow {
  readonly name: string;
  readonly status: ObserverStatus["status"];
  readonly ageMs: number | null;
  /** What it holds against the master; null: it has reported nothing of the group. */
  readonly held: Held | null;
  /** In the open round; null: none is open, or it has not voted. */
  readonly vote: VoteVerdict | null;
  readonly stop: { readonly name: string; readonly rule: string } | null;
  /** The row of its last decision. */
  readonly rule: string | null;
  readonly why: string | null;
}

/** What `explain --epoch N` and `explain --round N` print with --json: from what the observers told then. */
export interface PastReport {
  readonly schema: 1;
  readonly question: "epoch" | "round";
  readonly number: number;
  readonly at: string;
  readonly table: string;
  readonly group: string;
  readonly answer: string;
  /** Where a round that led to nothing was held back last; null: it was not, or it led to an epoch. */
  readonly stop: { readonly name: string; readonly rule: string } | null;
  readonly openedAt: string;
  /** `change` is null in all of them: it is over. */
  readonly conditions: readonly Condition[];
  readonly votes: readonly VoteTold[];
  readonly candidates: readonly ChosenFrom[];
  /** The epoch that it is, or led to; null: none. */
  readonly failover: FailoverFacts | null;
  readonly events: readonly StoredEvent[];
}
