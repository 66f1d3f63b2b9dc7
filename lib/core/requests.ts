import type { NodeId } from "./config.ts";

/** What an operator asks of the observers; one request stands at a time. */
export type OperatorRequest = ReplaceRequest | NotifyTestRequest | ForgetRequest;

/** Every observer tells topic and event bus once that this is a test; none of them acts on the group for it. */
export interface NotifyTestRequest {
  readonly id: string;
  readonly kind: "notify-test";
  readonly by: string;
  /** It ends by itself at this instant, ISO 8601 (ADR 0008), should whoever asked not take it back. */
  readonly until: string;
}

/** To watch a discovered node no longer. It ends by itself as a test does, so that nothing asked in an outage outlives it. */
export interface ForgetRequest {
  readonly id: string;
  readonly kind: "forget";
  readonly by: string;
  /** null: every discovered node that does not answer. */
  readonly node: NodeId | null;
  readonly until: string;
}

/** A switchover is a hand-over between living nodes and loses nothing; a failover also replaces a master that is down. */
export interface ReplaceRequest {
  readonly id: string;
  readonly kind: "failover" | "switchover";
  readonly by: string;
  /** Who is to become the master; null leaves the choice to the observers. */
  readonly to: NodeId | null;
  /** Not to be carried out before this instant, ISO 8601 (ADR 0008); null: at once. */
  readonly at: string | null;
  /** How many bytes the operator consents to lose, where that is more than `maxLagBytes`. */
  readonly allowedLossBytes: number | null;
}
