import { type AbsenceBefore, absenceBy } from "../core/absence.ts";
import type { NodeId } from "../core/config.ts";
import type { Inherited } from "../core/memory.ts";
import type { DownKind, Verdict } from "../core/model.ts";
import type { Spells } from "../core/spells.ts";
import type { GroupReport } from "../ports/store.ts";
import type { Copied } from "./log-copier.ts";
import type { Shift } from "./shift.ts";

/** What a shift goes on from: its predecessor's last heartbeat, and for a watch that starts again its own memory. */

/** No epoch that a group ever has. */
const unknownEpoch = -2;

function reportOf({ predecessor }: Shift, group: string): GroupReport | undefined {
  return predecessor === null || predecessor === "unknown" ? undefined : predecessor.groups[group];
}

/** What the predecessor held against the master. */
export function inheritedFrom(shift: Shift, group: string): Inherited | null {
  const known = reportOf(shift, group);
  if (known === undefined || known.suspect === null) return null;
  const { suspect, suspectForMs, suspectOffset, suspectLoading } = known;
  return { suspect, forMs: suspectForMs, offset: suspectOffset, loading: suspectLoading };
}

/** For how long the master has been absent, by this shift's own watch or by the predecessor's. */
export function absenceBefore(shift: Shift, group: string): AbsenceBefore | null {
  const memory = shift.statuses.get(group)?.memory;
  if (memory !== undefined) return absenceBy(memory.absence, shift.ports.clock.nowMs());
  return reportOf(shift, group)?.absence ?? null;
}

export function spellsBefore(shift: Shift, group: string): Readonly<Record<NodeId, Spells>> {
  const nodes = Object.entries(reportOf(shift, group)?.nodes ?? {});
  return Object.fromEntries(
    nodes.flatMap(([node, { spells }]) => (spells === undefined ? [] : [[node, spells]])),
  );
}

const downKinds: Readonly<Record<string, DownKind>> = {
  "down(silent)": "silent",
  "down(refused)": "refused",
  "down(loading)": "loading",
};

/**
 * Nodes that a pass need not find down once more. Never the master: who takes over a suspicion of it has to have heard it
 * itself.
 */
export function foundDownBefore(shift: Shift, group: string): Readonly<Record<NodeId, Verdict>> {
  const known = reportOf(shift, group);
  if (known === undefined || shift.cadence === "loop") return {};
  return Object.fromEntries(
    Object.entries(known.nodes).flatMap(([node, { verdict }]) => {
      const of = downKinds[verdict];
      return of === undefined || node === known.suspect ? [] : [[node, { kind: "down", of }]];
    }),
  );
}

/** How far the log was copied, by this shift's own watch or by the predecessor's. */
export function copiedBefore(shift: Shift, group: string): Copied {
  const own = shift.statuses.get(group);
  if (own !== undefined) return { rev: own.memory.state?.rev ?? 0, copiedRev: own.copiedRev };
  const { rev, copiedRev } = reportOf(shift, group) ?? { rev: 0, copiedRev: 0 };
  return { rev, copiedRev };
}

/** For how long which master is known, by this shift's own watch or by the predecessor's. null: nobody was there before. */
export function masterKnownBefore(shift: Shift, group: string) {
  const memory = shift.statuses.get(group)?.memory;
  // A watch that starts again within the shift goes on with the cool-down it had counted.
  if (memory !== undefined) {
    const { epoch, sinceMs } = memory.masterKnown;
    return { epoch, forMs: shift.ports.clock.nowMs() - sinceMs };
  }
  if (shift.predecessor === null) return null;
  // Where the predecessor is unknown, or said nothing of the group, the cool-down counts from now (invariant S13).
  const known = reportOf(shift, group);
  if (known === undefined) return { epoch: unknownEpoch, forMs: 0 };
  return { epoch: known.masterEpoch, forMs: known.masterKnownForMs };
}
