import type { StatePut } from "../../lib/adapters/compare-and-swap.ts";
import type { NodeId } from "../../lib/core/config.ts";
import type { GroupState, NodeFacts, ProbeReply, Vote } from "../../lib/core/model.ts";
import type { RecordChange, RecordSet } from "../../lib/core/records.ts";
import type { Resolution } from "../../lib/ports/dns.ts";
import type { Result } from "../../lib/ports/errors.ts";
import type { StoredState } from "../../lib/ports/store.ts";
import type { NodeCommand, Token } from "./servers.ts";

/** Everything that an invocation asks of the outside: at each of these the world may change before the answer. */
export type Call =
  /** Optional: the answer may come too late to be heard. */
  | { readonly kind: "probe"; readonly node: NodeId; readonly isOptional: boolean }
  /** Over the standing connection, or over a new one. */
  | { readonly kind: "observe"; readonly node: NodeId; readonly token: Token | null }
  | {
      readonly kind: "command";
      readonly node: NodeId;
      /** null: a new connection, on which nothing was observed. */
      readonly token: Token | null;
      readonly command: NodeCommand;
    }
  | { readonly kind: "read-state" }
  | { readonly kind: "put"; readonly base: number | null; readonly next: GroupState }
  | { readonly kind: "read-votes" }
  | { readonly kind: "cast"; readonly vote: Vote }
  | { readonly kind: "read-zone" }
  | { readonly kind: "resolve" }
  | { readonly kind: "submit"; readonly changes: readonly RecordChange[] };

export type CallOf<K extends Call["kind"]> = Extract<Call, { readonly kind: K }>;

/** A call, numbered in the order in which the invocation's turn made it. */
export interface Asked {
  readonly number: number;
  readonly call: Call;
}

/** What a node said over a connection, and the connection as it is afterwards. */
export interface Told {
  readonly facts: NodeFacts;
  readonly token: Token;
}

/** What the outside answered, as plain data that can be replayed. */
export type Answer =
  | { readonly kind: "probe"; readonly reply: ProbeReply; readonly facts: NodeFacts | null }
  | { readonly kind: "observe"; readonly result: Result<Told> }
  | { readonly kind: "command"; readonly result: Result<Told> }
  | { readonly kind: "read-state"; readonly result: Result<StoredState> }
  | { readonly kind: "put"; readonly result: Result<StatePut> }
  | { readonly kind: "read-votes"; readonly result: Result<readonly Vote[]> }
  | {
      readonly kind: "cast";
      readonly result: Result<{ readonly isCast: boolean; readonly standing: Vote }>;
    }
  | { readonly kind: "read-zone"; readonly result: Result<readonly RecordSet[]> }
  | { readonly kind: "resolve"; readonly result: Result<Resolution> }
  | { readonly kind: "submit"; readonly result: Result<void> };

export function isOfKind<K extends Call["kind"]>(
  kind: K,
  answer: Answer,
): answer is Extract<Answer, { readonly kind: K }> {
  return answer.kind === kind;
}

/** One entry of a turn's log: an answer, or time that passed while an answer was awaited. */
export type Heard =
  | {
      readonly kind: "answer";
      readonly number: number;
      readonly answer: Answer;
      /** What was asked for may be done yet, later than its sender believes. */
      readonly isStray?: true;
    }
  | { readonly kind: "stall" };
