import { votesNeeded } from "../core/config.ts";
import { groupView, masterView, viewOf } from "../core/decide.ts";
import type { Values } from "../core/metrics.ts";
import { unfitness } from "../core/readiness.ts";
import { suspicion } from "../core/situation.ts";
import type { MasterView } from "../core/view.ts";
import type { WatchedGroup } from "../ports/meter.ts";
import type { Heartbeat } from "../ports/store.ts";
import type { GroupStatus } from "./group.ts";

/** The groups of a shift as its meter wants them: whose votes they need, and what is not as it should be. */
export function watchedGroups(
  statuses: ReadonlyMap<string, GroupStatus>,
  heartbeat: Heartbeat,
  nowMs: number,
): readonly WatchedGroup[] {
  return [...statuses].map(([name, { memory }]) => ({
    name,
    observers: memory.config.observers,
    votesNeeded: votesNeeded(memory.config),
    troubles: troublesOf(memory, heartbeat.groups[name]?.suspectForMs ?? 0, nowMs),
  }));
}

/** What lasts in one group, as numbers; empty in calm. `suspectForMs` counts over the shifts before this one too. */
export function troublesOf(
  memory: GroupStatus["memory"],
  suspectForMs: number,
  nowMs: number,
): Values<"group"> {
  const { state, config } = memory;
  if (state === undefined || state === null) return {};
  const view = masterView(groupView(viewOf(memory, nowMs, ""), state));
  return {
    ...(state.configVersion === config.version ? {} : { ConfigurationDiffers: 1 }),
    ...(view === null ? {} : ofMaster(view, suspectForMs)),
  };
}

function ofMaster(view: MasterView, suspectForMs: number): Values<"group"> {
  const { memory, nowMs } = view;
  const isDown = suspicion(view).kind === "full";
  const heldMs = nowMs - (memory.marks.evidenceAtMs ?? nowMs);
  return {
    ...(isDown ? { MasterDown: Math.round(Math.max(heldMs, suspectForMs)) } : {}),
    ...(hasCandidate(view) ? {} : { NoCandidate: 1 }),
    ...(isRecordLate(view) ? { RecordOutOfSync: 1 } : {}),
  };
}

/** A group of one node never has a candidate: its file says so. */
function hasCandidate(view: MasterView): boolean {
  const fitness = [...unfitness(view).values()];
  return fitness.length === 0 || fitness.some((why) => why === null);
}

function isRecordLate({ memory, state }: MasterView): boolean {
  return Object.values(memory.publications).some(
    (one) => one !== null && one.epoch === state.masterEpoch && !one.isDone,
  );
}
