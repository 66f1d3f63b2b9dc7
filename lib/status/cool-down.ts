import type { GroupConfig } from "../core/config.ts";
import { unacknowledgedEpoch } from "../core/cool-down.ts";
import type { GroupState } from "../core/model.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { CoolDownStatus } from "./report.ts";

/**
 * The cool-down while it could still hold something. Each observer measures it by itself, so the one that has known the
 * master for the shortest time says how long; an observer that doesn't know it yet counts from its next reading.
 */
export function describeCoolDown(
  config: GroupConfig,
  state: GroupState,
  heartbeats: Heartbeats,
  wallTime: string,
): CoolDownStatus | null {
  const epoch = unacknowledgedEpoch(state);
  if (epoch === null) return null;
  const { cooldownMs } = config.settings;
  const left = config.observers.flatMap((name) => {
    const heartbeat = heartbeats.get(name);
    const report = heartbeat?.groups[config.name];
    if (heartbeat === undefined || report === undefined) return [];
    const ageMs = Math.max(0, Date.parse(wallTime) - Date.parse(heartbeat.at));
    const isKnown = report.masterEpoch === epoch;
    return cooldownMs - ageMs - (isKnown ? report.masterKnownForMs : 0);
  });
  const leftMs = left.length === 0 ? cooldownMs : Math.max(...left);
  return leftMs <= 0 ? null : { epoch, leftMs };
}
