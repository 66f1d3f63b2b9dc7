import type { NodeId } from "../config.ts";
import type { Assessment, Election } from "../election.ts";
import { type SentinelEvent, warning } from "../events.ts";
import type { EpochKind } from "../model.ts";
import { type Standing, whyBehind } from "../standings.ts";
import type { MasterView } from "../view.ts";

interface Opened {
  readonly epoch: number;
  readonly kind: EpochKind;
  readonly isAutomatic: boolean;
  readonly to: NodeId;
}

/** What STATE says of an epoch while it is open, for those who ask later. */
export function newEpoch({ master, state }: MasterView, opened: Opened): SentinelEvent {
  const { epoch, kind, isAutomatic, to } = opened;
  const round = state.round.number;
  const evidence = { epoch, kind, isAutomatic, round, from: master.node, to };
  return warning("+new-epoch", `${epoch}`, { evidence });
}

/** The choice, with a reason for each node: for the others, why they come after it. */
export function selected(view: MasterView, { choice, field }: Election): readonly SentinelEvent[] {
  if (choice.kind !== "chosen") return [];
  const { node, facts } = choice;
  const best = { node, offset: facts.offset, priority: facts.priority };
  const evidence = Object.fromEntries(
    field.map((row) => [row.node, row.node === node ? row.why : sayOther(view, best, row)]),
  );
  return [warning("+selected-slave", `${node}: ${choice.why}`, { node, evidence })];
}

function sayOther(view: MasterView, best: Standing, row: Assessment): string {
  const facts = view.memory.prepared[row.node]?.facts ?? null;
  if (!row.isEligible || facts === null) return row.why;
  const { offset, priority } = facts;
  return `${row.why}; ${whyBehind(view.config, best, { node: row.node, offset, priority })}`;
}
