import { formatAddress, type GroupConfig, type NodeConfig } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import { configuredRank } from "../core/placement.ts";
import type { GroupReport, Heartbeat } from "../ports/store.ts";
import { beatMsOf, type Heartbeats } from "./heartbeats.ts";
import type { NodeSeen, NodeStatus, ObserverStatus, PauseStatus } from "./report.ts";

/** A heartbeat this old means that the observer's shifts don't run, whatever its clock says within reason. */
function staleAfterMs(config: GroupConfig, heartbeat: Heartbeat): number {
  return Math.max(60_000, 4 * Math.max(config.settings.heartbeatMs, beatMsOf(config, heartbeat)));
}

export function describeObservers(
  config: GroupConfig,
  heartbeats: Heartbeats,
  wallTime: string,
): readonly ObserverStatus[] {
  return config.observers.map((name) => {
    const heartbeat = heartbeats.get(name);
    const report = heartbeat?.groups[config.name];
    const age = heartbeat === undefined ? null : Date.parse(wallTime) - Date.parse(heartbeat.at);
    const isStale =
      heartbeat !== undefined && age !== null && age > staleAfterMs(config, heartbeat);
    return {
      name,
      status: report === undefined ? "absent" : isStale ? "stale" : "present",
      ageMs: age,
      shift: heartbeat?.shift ?? null,
      codeVersion: heartbeat?.codeVersion ?? null,
      configVersion: report?.configVersion ?? null,
      rev: report?.rev ?? null,
      suspect: report?.suspect ?? null,
      rule: report?.rule ?? null,
      why: report?.why ?? null,
    };
  });
}

export function describeNodes(
  config: GroupConfig,
  master: string | null,
  heartbeats: Heartbeats,
): readonly Omit<NodeStatus, "isDiscovered">[] {
  return config.nodes.map((node) => ({
    id: node.id,
    probe: formatAddress(node.probe),
    isMaster: node.id === master,
    zone: node.zone ?? null,
    region: node.region ?? null,
    ...configuredRank(config, node.id),
    seenBy: Object.fromEntries(
      config.observers.flatMap((observer) => {
        const report = heartbeats.get(observer)?.groups[config.name];
        const seen = report === undefined ? null : seenBy(report, node, master);
        return seen === null ? [] : [[observer, seen] as const];
      }),
    ),
  }));
}

function seenBy(report: GroupReport, node: NodeConfig, master: string | null): NodeSeen | null {
  const own = report.nodes[node.id];
  if (own === undefined) return null;
  const masterOffset = master === null ? null : (report.nodes[master]?.offset ?? null);
  const isComparable = own.role === "replica" && own.offset !== null && masterOffset !== null;
  const lagBytes = isComparable ? Math.max(0, masterOffset - own.offset) : null;
  return { ...own, lagBytes };
}

/** Who has not yet said that it has seen the pause. */
export function pauseWaitsFor(
  config: GroupConfig,
  rev: number,
  heartbeats: Heartbeats,
): readonly string[] {
  return config.observers.filter((observer) => {
    const report = heartbeats.get(observer)?.groups[config.name];
    return report === undefined || !report.isPauseSeen || report.rev < rev;
  });
}

export function describePause(
  config: GroupConfig,
  state: GroupState,
  heartbeats: Heartbeats,
): PauseStatus | null {
  const { pause } = state;
  if (pause === null) return null;
  const waitingFor = pauseWaitsFor(config, pause.rev, heartbeats);
  const isPaused = waitingFor.length === 0 && state.phase === "steady";
  return {
    status: isPaused ? "paused" : "pausing",
    by: pause.by,
    reason: pause.reason,
    until: pause.until,
    waitingFor,
  };
}
