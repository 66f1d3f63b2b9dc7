import { assertNever } from "../core/assert-never.ts";
import type { Command, Outcome } from "../core/commands.ts";
import type { Memory } from "../core/memory.ts";
import type { Hands } from "./hands.ts";

/** What became of something that was tried: `unknown` means that it may have happened, or may happen yet. */
type End = "done" | "failed" | "unknown" | "refused" | "lost";

interface Told {
  readonly end: End;
  readonly text: string;
}

export interface Tried {
  readonly rule: string;
  readonly command: Command;
  readonly tookMs: number;
}

/** One line for each effect and each write of STATE, with the rule that wanted it. A write probe that succeeds is calm. */
export function tellOutcome(
  { reporter }: Pick<Hands, "reporter">,
  { config, state }: Pick<Memory, "config" | "state">,
  { rule, command, tookMs }: Tried,
  outcome: Outcome,
): void {
  const told = describe(outcome);
  if (told === null) return;
  const of = command.kind === "write-state" ? command.next : state;
  const node = "node" in command ? { node: command.node } : {};
  reporter.line(told.end === "done" ? "info" : "warn", `${subject(command)}: ${told.text}`, {
    ...{ what: "effect", effect: command.kind, outcome: told.end, rule, ...node },
    ...{ group: config.name, epoch: of?.epoch ?? 0, round: of?.round.number ?? 0 },
    ...{ rev: of?.rev ?? 0, tookMs: Math.round(tookMs) },
  });
}

function subject(command: Command): string {
  switch (command.kind) {
    case "write-state":
      return `STATE rev ${command.next.rev}, phase ${command.next.phase}, epoch ${command.next.epoch}`;
    case "publish":
      return `publish ${command.records.map((record) => record.name).join(", ")}`;
    case "attach":
      return `attach ${command.node} to ${command.master}`;
    case "hand-over":
      return `hand-over of ${command.node} to ${command.to}`;
    default:
      return "node" in command ? `${command.kind} ${command.node}` : command.kind;
  }
}

/** null: said elsewhere already, or nothing to say. */
function describe(outcome: Outcome): Told | null {
  switch (outcome.kind) {
    case "state-written":
      return { end: "done", text: "written" };
    case "state-lost":
      return {
        end: "lost",
        text: `not written: rev ${outcome.state?.rev ?? "none"} was there first`,
      };
    case "store-failed":
      return { end: "unknown", text: outcome.why };
    case "promoted":
    case "effect-done":
      return { end: "done", text: "done" };
    case "effect-failed":
      return { end: outcome.isCertain ? "failed" : "unknown", text: outcome.why };
    case "script-told":
      return { end: outcome.answer === "killed" ? "done" : "failed", text: outcome.answer };
    case "write-told":
      return outcome.answer === "taken" ? null : { end: "failed", text: outcome.why };
    case "published":
      return { end: "done", text: outcome.changed ? "changed and read back" : "as it is already" };
    case "not-published":
      return { end: outcome.isRefused ? "refused" : "failed", text: outcome.why };
    case "voted":
    case "vote-lost":
    case "withheld":
      return null;
    default:
      return assertNever(outcome);
  }
}
