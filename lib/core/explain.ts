import {
  able,
  backOff,
  candidate,
  coolDown,
  evidence,
  noVeto,
  phase,
  quorum,
  rested,
  round,
  unpaused,
  vote,
  wish,
} from "./conditions.ts";
import type { GroupConfig, NodeId } from "./config.ts";
import type { Assessment } from "./election.ts";
import type { DownKind, GroupState, MasterRecord, VoteVerdict } from "./model.ts";
import type { Tally } from "./quorum.ts";
import type { ReplaceRequest } from "./requests.ts";
import type { Suspicion } from "./situation.ts";

/**
 * The way from a suspicion to a claim, told as conditions. It decides nothing: each condition asks the function that the
 * row of the decision table asks, and test/core/explain.test.ts holds the two together.
 */

export type ConditionName =
  | "able"
  | "phase"
  | "unpaused"
  | "evidence"
  | "rested"
  | "round"
  | "vote"
  | "quorum"
  | "no-veto"
  | "cool-down"
  | "back-off"
  | "wish"
  | "candidate";

/** "not-asked": nobody knows, because it is looked at only when everything before it is met. */
export type Met = "yes" | "no" | "not-asked";

export interface Condition {
  readonly name: ConditionName;
  /** The row of the decision table at which the walk stops while it is not met. */
  readonly rule: string;
  readonly isMet: Met;
  /** What it is about, as the beginning of a line. */
  readonly title: string;
  /** The facts and numbers behind it. */
  readonly why: string;
  /** What would have to change; null where it is met. */
  readonly change: string | null;
}

/** What one observer holds against the master; null in the middle: that kind has none. */
export interface Held {
  readonly kind: Suspicion["kind"];
  readonly of: DownKind | null;
  /** How long it has held it. */
  readonly forMs: number | null;
  readonly why: string;
}

/** Whom it would promote, and what it thinks of each; `node` null: nobody. */
export interface Candidates {
  readonly node: NodeId | null;
  readonly why: string;
  readonly field: readonly Pick<Assessment, "node" | "isEligible" | "lagBytes" | "why">[];
}

/** All that one observer's decision about a failover rests on, without clocks: lengths of time only. */
export interface Moment {
  /** Why it keeps its hands off whatever happens, and the row that says so. */
  readonly barrier: { readonly rule: string; readonly why: string } | null;
  readonly config: GroupConfig;
  readonly state: GroupState;
  readonly master: MasterRecord;
  readonly held: Held;
  /** For how long it still waits with another "down" after it took one back; 0 or less: not at all. */
  readonly restLeftMs: number;
  /** Whether its vote may count in the round that STATE shows. */
  readonly isJoinable: boolean;
  /** Its vote in that round; null: none. */
  readonly voted: VoteVerdict | null;
  /** null: the votes have not been read. */
  readonly tally: Tally | null;
  readonly coolDownLeftMs: number;
  readonly backOffLeftMs: number;
  /** The failover that an operator asks for now. */
  readonly wish: ReplaceRequest | null;
  /** From answers given for this; null: the candidates have not been asked. */
  readonly choice: Candidates | null;
  /** From what they said last, which decides nothing. */
  readonly preview: Candidates;
}

/** Every condition in the order of the table, whether one before it is met or not. */
export function conditionsOf(moment: Moment): readonly Condition[] {
  return [
    able(moment),
    phase(moment),
    unpaused(moment),
    evidence(moment),
    rested(moment),
    round(moment),
    vote(moment),
    quorum(moment),
    noVeto(moment),
    coolDown(moment),
    backOff(moment),
    wish(moment),
    candidate(moment),
  ];
}

/** The first condition that is not met; null: the next decision is the claim (S370). */
export function stopOf(moment: Moment): Condition | null {
  return conditionsOf(moment).find(({ isMet }) => isMet !== "yes") ?? null;
}
