import { assertNever } from "../../lib/core/assert-never.ts";

/** What can be done in a playground, and how it stands there: what its page shows and asks for. */

export type NodeAction = "kill" | "hang" | "wake" | "start" | "start-empty" | "cut" | "heal";
export type ObserverAction =
  | "kill"
  | "freeze"
  | "thaw"
  | "start"
  | "cut"
  | "heal"
  | "cut-table"
  | "heal-table";

export interface NodeStanding {
  readonly id: string;
  readonly process: "running" | "hung" | "dead";
  /** Whether the observers can't reach it; null: here they can't be cut off. */
  readonly isCut: boolean | null;
}

export interface ObserverStanding {
  readonly name: string;
  readonly process: "running" | "frozen" | "dead";
  /** From the nodes, and from the table; null: here it can't be cut off. */
  readonly isCut: boolean | null;
  readonly isTableCut: boolean | null;
}

export interface Said {
  /** Wall clock, ISO 8601. */
  readonly at: string;
  readonly who: string;
  readonly text: string;
}

export interface ClientStanding {
  readonly acknowledged: number;
  readonly unanswered: number;
  /** Which node acknowledged the last write, and how long ago; null: none yet. */
  readonly last: { readonly node: string; readonly agoMs: number } | null;
}

export interface Standing {
  readonly nodes: readonly NodeStanding[];
  readonly observers: readonly ObserverStanding[];
  /** null: no client writes. */
  readonly client: ClientStanding | null;
  /** Newest first. */
  readonly said: readonly Said[];
  /** Lines for a shell in which the command line finds this table. */
  readonly environment: readonly string[];
}

export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "unknown"; readonly why: string }
  /** It stands otherwise than whoever asked believed. */
  | { readonly kind: "refused"; readonly why: string };

export interface Play {
  standing(): Standing;
  actOnNode(id: string, action: string): Promise<Outcome>;
  actOnObserver(name: string, action: string): Promise<Outcome>;
}

/** What makes sense for a node as it stands, in the order of the buttons. */
export function nodeActions({ process, isCut }: NodeStanding): readonly NodeAction[] {
  const cut: readonly NodeAction[] = isCut === null ? [] : [isCut ? "heal" : "cut"];
  switch (process) {
    case "running":
      return ["kill", "hang", ...cut];
    case "hung":
      return ["kill", "wake", ...cut];
    case "dead":
      return ["start", "start-empty", ...cut];
    default:
      return assertNever(process);
  }
}

export function observerActions(observer: ObserverStanding): readonly ObserverAction[] {
  const { process, isCut, isTableCut } = observer;
  const cut: readonly ObserverAction[] = [
    ...(isCut === null ? [] : [isCut ? ("heal" as const) : ("cut" as const)]),
    ...(isTableCut === null ? [] : [isTableCut ? ("heal-table" as const) : ("cut-table" as const)]),
  ];
  switch (process) {
    case "running":
      return ["kill", "freeze", ...cut];
    case "frozen":
      return ["kill", "thaw", ...cut];
    case "dead":
      return ["start", ...cut];
    default:
      return assertNever(process);
  }
}
