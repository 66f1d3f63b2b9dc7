import type { GroupConfig } from "../../core/config.ts";

/** The parts of a switchover, in their order; "name" is what a client on this machine is told. */
export const parts = ["take-up", "hand-over", "publish", "settle", "name"] as const;
export type Part = (typeof parts)[number];

/** AWS says that changes of a zone reach its servers within a minute, as a rule. */
export const zoneMs = 60_000;

/** How long each part may take by the group's own settings, in ms; null: there is no such part. */
export function targetsOf({ settings, dns }: GroupConfig): Readonly<Record<Part, number | null>> {
  const { stateReadMs, probeIntervalMs, chooseTimeoutMs } = settings;
  const { takeoverMs, fenceMs, fenceWaitMs, failoverTimeoutMs } = settings;
  return {
    // An observer reads the request with its next look, and asks every node before it chooses.
    "take-up": stateReadMs + probeIntervalMs + chooseTimeoutMs,
    // Redis is given half of takeoverMs for it (rule W580).
    "hand-over": takeoverMs / 2 + fenceMs,
    publish: dns === undefined ? null : fenceWaitMs + fenceMs,
    settle: failoverTimeoutMs,
    name: dns === undefined ? null : zoneMs + dns.ttlSeconds * 1_000,
  };
}

export interface Step {
  readonly part: Part;
  /** null: it could not be measured, or there is no such part. */
  readonly ms: number | null;
  readonly targetMs: number | null;
  /** null where nothing was measured. */
  readonly isMet: boolean | null;
}

export function judgeSteps(
  config: GroupConfig,
  measured: Readonly<Record<Part, number | null>>,
): readonly Step[] {
  const targets = targetsOf(config);
  return parts.map((part) => {
    const [ms, targetMs] = [measured[part], targets[part]];
    const isMet = ms === null || targetMs === null ? null : ms <= targetMs;
    return { part, ms, targetMs, isMet };
  });
}
