import type { NodeId } from "./config.ts";

/** Sentinel's names for the same moments (sentinel.md 1.13), and names of our own for what Sentinel has no word for. */
export type EventName =
  | "+monitor"
  | "-monitor"
  | "+sdown"
  | "-sdown"
  | "+odown"
  | "-odown"
  | "+new-epoch"
  | "+try-failover"
  | "+vote"
  | "+elected-leader"
  | "+selected-slave"
  | "+failover-state-send-slaveof-noone"
  | "+promoted-slave"
  | "+switch-master"
  | "+slave-reconf-sent"
  | "-slave-reconf-sent-timeout"
  | "+convert-to-slave"
  | "+fix-slave-config"
  | "+failover-end"
  | "+failover-end-for-timeout"
  | "-failover-abort-no-good-slave"
  | "-failover-abort-slave-timeout"
  | "-failover-abort-master-returned"
  | "-failover-abort-not-elected"
  | "+reboot"
  | "+set"
  | "+tilt"
  | "+slave"
  | "-slave"
  | "+reset-master"
  | "+config-update-from"
  | "+round"
  | "-round"
  | "+takeover"
  | "+published"
  | "-published"
  | "+record-drift"
  | "+lineage"
  | "+marker"
  | "+divergence"
  | "+loss-report"
  | "+hold"
  | "+script-kill"
  | "+oddity"
  | "+ack"
  | "+held"
  | "-held"
  | "+pause"
  | "+resume"
  | "+handover"
  | "+notify-test"
  | "+notified"
  | "-notified"
  | "+page";

export type EventLevel = "warning" | "notice";

/** Flat, bounded evidence: numbers and short strings, never raw INFO, never a secret. */
export type Evidence = Readonly<Record<string, string | number | boolean | null>>;

/** What happened, or what did not and why. */
export interface SentinelEvent {
  readonly name: EventName;
  readonly level: EventLevel;
  readonly node: NodeId | null;
  /** One sentence for people. */
  readonly message: string;
  readonly evidence?: Evidence;
  /** Phases measured on this observer's monotonic clock. */
  readonly durationsMs?: Readonly<Record<string, number>>;
  /** Stored in the table as well as logged. */
  readonly isStored: boolean;
  /** Set when the event should be said once for as long as its cause lasts. */
  readonly onceKey?: string;
}

interface Options {
  readonly node?: NodeId | null;
  readonly evidence?: Evidence;
  readonly durationsMs?: Readonly<Record<string, number>>;
  readonly onceKey?: string;
}

/** An event of warning level: stored, and fit for alarms. */
export function warning(name: EventName, message: string, options: Options = {}): SentinelEvent {
  return {
    ...options,
    name,
    level: "warning",
    node: options.node ?? null,
    message,
    isStored: true,
  };
}

/** An event for the log alone. */
export function notice(name: EventName, message: string, options: Options = {}): SentinelEvent {
  return {
    ...options,
    name,
    level: "notice",
    node: options.node ?? null,
    message,
    isStored: false,
  };
}
