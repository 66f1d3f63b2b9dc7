import { assertNever } from "../../lib/core/assert-never.ts";
import type { SentinelEvent } from "../../lib/core/events.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { RecordSet } from "../../lib/core/records.ts";
import { type Fault, formatFault } from "./faults.ts";
import type { RoleCommand } from "./role-command.ts";

/** Something that happened in a world, and who did it: what traces, transcripts and reports are made of. */
export type Note =
  | { readonly kind: "fault"; readonly fault: Fault }
  /** A decision of a shift, told after it was carried out. */
  | { readonly kind: "decision"; readonly rule: string; readonly why: string }
  | { readonly kind: "event"; readonly rule: string; readonly event: SentinelEvent }
  /** A write of STATE that the table took. */
  | { readonly kind: "state"; readonly before: GroupState | null; readonly after: GroupState }
  /** A role change leaves its sender, and a server carries one out. */
  | { readonly kind: "sent"; readonly change: string; readonly node: string }
  | { readonly kind: "role"; readonly command: RoleCommand; readonly node: string }
  | { readonly kind: "record"; readonly after: readonly RecordSet[] }
  | {
      readonly kind: "line";
      readonly text: string;
      readonly level?: "debug" | "info" | "warn" | "error";
    };

/** A note in one line, for the trace of a seed. */
export function formatNote(note: Note): string {
  switch (note.kind) {
    case "fault":
      return formatFault(note.fault);
    case "decision":
      return `[${note.rule}] ${note.why}`;
    case "event":
      return `${note.event.name} [${note.rule}] ${note.event.message}`;
    case "state": {
      const { rev, phase, epoch, lastTransition } = note.after;
      const { rule, why } = lastTransition;
      return `STATE rev ${rev} ${phase} epoch ${epoch} [${rule}] ${why}`;
    }
    case "sent":
      return `sends ${note.change} to ${note.node}`;
    case "role": {
      const { kind, to, epoch } = note.command;
      return `${note.node} carries out ${kind} ${to ?? ""} epoch ${epoch}`;
    }
    case "record":
      return `zone: ${note.after.map((one) => `${one.type} ${one.values.join(" ")}`).join(", ")}`;
    case "line":
      return note.text;
    default:
      return assertNever(note);
  }
}
