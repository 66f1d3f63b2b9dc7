import type { Settings } from "../core/config.ts";
import type { SettingName } from "./settings.ts";

/** A relation between settings that must hold in every group. */
export interface TimingRule {
  /** The settings it compares, the one that is too small or too large first. */
  readonly compares: readonly SettingName[];
  /** The relation as people read it; also the text in docs/settings.md. */
  readonly text: string;
  readonly why: string;
  readonly holds: (settings: Settings) => boolean;
}

export const timingRules: readonly TimingRule[] = [
  {
    compares: ["probeTimeoutMs", "probeIntervalMs"],
    text: "probeTimeoutMs < probeIntervalMs",
    why: "a probe must end before the next one starts",
    holds: (s) => s.probeTimeoutMs < s.probeIntervalMs,
  },
  {
    compares: ["downAfterMs", "probeIntervalMs"],
    text: "downAfterMs ≥ 3 × probeIntervalMs",
    why: "fewer than three unanswered probes are no evidence, in any cadence: whoever suspects stays awake and probes by this interval",
    holds: (s) => s.downAfterMs >= 3 * s.probeIntervalMs,
  },
  {
    compares: ["crashAfterMs", "downAfterMs"],
    text: "crashAfterMs ≤ downAfterMs",
    why: "refused connects are the stronger evidence and can't need more time than silence; 0 switches them off",
    holds: (s) => s.crashAfterMs <= s.downAfterMs,
  },
  {
    compares: ["rebootDownAfterMs", "downAfterMs"],
    text: "rebootDownAfterMs = 0 or rebootDownAfterMs ≥ downAfterMs",
    why: "a master that says that it loads deserves no less patience than one that says nothing",
    holds: (s) => s.rebootDownAfterMs === 0 || s.rebootDownAfterMs >= s.downAfterMs,
  },
  {
    compares: ["takeoverMs", "fenceMs", "probeTimeoutMs", "fenceWaitMs", "chooseTimeoutMs"],
    text: "takeoverMs > fenceMs + the longest of probeTimeoutMs, fenceWaitMs and chooseTimeoutMs",
    why: "a leader that waits for its last answer must not be taken over already",
    holds: (s) =>
      s.takeoverMs > s.fenceMs + Math.max(s.probeTimeoutMs, s.fenceWaitMs, s.chooseTimeoutMs),
  },
  {
    compares: ["failoverTimeoutMs", "takeoverMs"],
    text: "failoverTimeoutMs > takeoverMs",
    why: "a takeover must have had its chance before a person is called",
    holds: (s) => s.failoverTimeoutMs > s.takeoverMs,
  },
];
