import { majorityOf } from "./group-checks.ts";
import type { NumberOption, SentinelMaster } from "./sentinel-conf.ts";
import { settingsTable } from "./settings.ts";

/** What Sentinel does where its file says nothing. */
const sentinelDefaults: Readonly<Record<NumberOption, number>> = {
  "down-after-milliseconds": 30_000,
  "failover-timeout": 180_000,
  "parallel-syncs": 1,
  "master-reboot-down-after-period": 0,
};

/** Where the file says that a secret is kept; the operator puts it there. */
export function passwordRef(group: string): string {
  return `ssm:/lambda-sentinel/${group}/password`;
}

export const caRef = "ssm:/lambda-sentinel/redis-ca";
export const certRef = "ssm:/lambda-sentinel/redis-cert";
export const keyRef = "ssm:/lambda-sentinel/redis-key";

/** A setting that is not what Sentinel's option said, and why. */
export interface SettingChange {
  readonly line: number | null;
  readonly text: string;
}

export interface ImportedSettings {
  readonly settings: Readonly<Record<string, number>>;
  readonly changes: readonly SettingChange[];
}

/**
 * Sentinel's numbers as settings of a group that pass every check of groups.yml. Written are those that Sentinel has, and
 * those of ours whose defaults would not fit beside them.
 */
export function settingsOf(master: SentinelMaster, observers: number): ImportedSettings {
  const parts = [
    detectionOf(master),
    timeoutOf(master),
    parallelOf(master),
    rebootOf(master),
    quorumOf(master, observers),
  ];
  return {
    settings: Object.assign({}, ...parts.map((part) => part.settings)),
    changes: parts.flatMap((part) => part.changes),
  };
}

function numberOf(master: SentinelMaster, option: NumberOption): number {
  return master.numbers.get(option)?.value ?? sentinelDefaults[option];
}

type Bounded = "downAfterMs" | "failoverTimeoutMs" | "parallelSyncs";

function bounded(master: SentinelMaster, option: NumberOption, setting: Bounded): ImportedSettings {
  const { minimum, maximum } = settingsTable[setting];
  const value = numberOf(master, option);
  const kept = Math.min(maximum, Math.max(minimum, value));
  const line = master.numbers.get(option)?.line ?? null;
  const text = `${option} ${value} becomes ${setting} ${kept}: it may be from ${minimum} to ${maximum}`;
  return { settings: { [setting]: kept }, changes: kept === value ? [] : [{ line, text }] };
}

/** Sentinel pings once a second, or once a `down-after` where that is shorter; three probes are wanted here. */
function detectionOf(master: SentinelMaster): ImportedSettings {
  const { settings, changes } = bounded(master, "down-after-milliseconds", "downAfterMs");
  const downAfterMs = settings.downAfterMs ?? 0;
  const { probeIntervalMs, probeTimeoutMs, crashAfterMs } = settingsTable;
  const intervalMs = Math.min(probeIntervalMs.default, Math.floor(downAfterMs / 3));
  const isTimeoutFitting = probeTimeoutMs.default < intervalMs;
  const crashMs = Math.min(crashAfterMs.default, downAfterMs);
  return {
    settings: {
      downAfterMs,
      ...(intervalMs === probeIntervalMs.default ? {} : { probeIntervalMs: intervalMs }),
      ...(isTimeoutFitting ? {} : { probeTimeoutMs: Math.floor(intervalMs / 2) }),
      crashAfterMs: crashMs,
    },
    changes,
  };
}

/** It has to leave time for a takeover. */
function timeoutOf(master: SentinelMaster): ImportedSettings {
  const { settings, changes } = bounded(master, "failover-timeout", "failoverTimeoutMs");
  const leastMs = settingsTable.takeoverMs.default + 2_000;
  const value = settings.failoverTimeoutMs ?? 0;
  if (value >= leastMs) return { settings, changes };
  const line = master.numbers.get("failover-timeout")?.line ?? null;
  const text = `failover-timeout ${value} becomes failoverTimeoutMs ${leastMs}: a takeover must have had its chance`;
  return { settings: { failoverTimeoutMs: leastMs }, changes: [{ line, text }] };
}

function parallelOf(master: SentinelMaster): ImportedSettings {
  if (!master.numbers.has("parallel-syncs")) return { settings: {}, changes: [] };
  return bounded(master, "parallel-syncs", "parallelSyncs");
}

/** What says that it loads is not given less time here than what says nothing. */
function rebootOf(master: SentinelMaster): ImportedSettings {
  const placed = master.numbers.get("master-reboot-down-after-period");
  if (placed === undefined || placed.value === 0) return { settings: {}, changes: [] };
  const { downAfterMs, rebootDownAfterMs } = settingsTable;
  const { value, line } = placed;
  const leastMs = detectionOf(master).settings.downAfterMs ?? downAfterMs.default;
  const kept = Math.min(rebootDownAfterMs.maximum, Math.max(leastMs, value));
  const text = `master-reboot-down-after-period ${value} becomes rebootDownAfterMs ${kept}: it may be from downAfterMs to ${rebootDownAfterMs.maximum}`;
  const changes = kept === value ? [] : [{ line, text }];
  return { settings: { rebootDownAfterMs: kept }, changes };
}

/** A majority is needed here as there; Sentinel's quorum below it only says when it begins to ask. */
function quorumOf(master: SentinelMaster, observers: number): ImportedSettings {
  const { quorum, line } = master;
  const majority = majorityOf(observers);
  if (quorum === majority) return { settings: {}, changes: [] };
  if (quorum < majority) {
    const text = `quorum ${quorum} becomes ${majority}, the majority of ${observers} observers: Sentinel too fails over with a majority alone`;
    return { settings: {}, changes: [{ line, text }] };
  }
  if (quorum <= observers) return { settings: { quorum }, changes: [] };
  const text = `quorum ${quorum} becomes ${observers}: there are no more observers`;
  return { settings: { quorum: observers }, changes: [{ line, text }] };
}
