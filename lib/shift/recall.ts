import { isReporting, mostImpatientMs, type Start } from "../core/cadence.ts";
import type { GroupConfig } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import type { Heartbeat } from "../ports/store.ts";
import type { Shift } from "./shift.ts";

/** What a process has read of all groups, for the next pass that it is woken for. */
export interface Recall {
  readonly configs: readonly GroupConfig[];
  readonly states: ReadonlyMap<string, GroupState>;
}

/** Of one process, what outlives its shifts. null: it has read nothing yet. */
export interface Keeping {
  recall: Recall | null;
}

/**
 * What a pulse need not read again: configurations and STATE, where the process still holds just those of which the
 * observer's last heartbeat, read by this pass, says that it acted on them. So they are as young as that heartbeat, however
 * long the process has slept; no clock is asked. A pass that reports, one that was woken and one beside a shift that is awake
 * read everything, and so does whoever then finds anything that is not well (`glance.ts`). null: read.
 */
export function recallFor(
  start: Start & Pick<Shift, "woken">,
  predecessor: Shift["predecessor"],
  { recall }: Keeping,
): Recall | null {
  if (start.cadence !== "pulse" || start.pulse === null || start.woken !== null) return null;
  if (recall === null || predecessor === null || predecessor === "unknown") return null;
  if (predecessor.awake !== undefined || !isAsSaid(recall, predecessor)) return null;
  const asked = recall.configs.map(({ settings }) => settings.heartbeatMs);
  return isReporting(start, mostImpatientMs(asked)) ? null : recall;
}

function isAsSaid({ configs, states }: Recall, { groups }: Heartbeat): boolean {
  if (configs.length === 0 || configs.length !== Object.keys(groups).length) return false;
  return configs.every(({ name, version }) => {
    const [said, state] = [groups[name], states.get(name)];
    if (said === undefined || state === undefined) return false;
    const isInForce = state.configVersion === version && said.configVersion === version;
    return isInForce && said.rev === state.rev && said.copiedRev >= state.rev;
  });
}

/** Keeps what this shift last knew. One that never learned which groups there are knows no better than those before it. */
export function keep({ ports, latest, statuses }: Shift): void {
  if (latest.size === 0) return;
  const states = [...statuses].flatMap(([name, { memory }]): [string, GroupState][] =>
    memory.state == null ? [] : [[name, memory.state]],
  );
  ports.keeping.recall = { configs: [...latest.values()], states: new Map(states) };
}
