/** What both sides are told, so that only what they do with it differs. */

/** Silence after which a master is down. */
export const downAfterMs = 1_000;

/** The longest that ours may be with this downAfterMs; Sentinel pings once a second unless told. */
export const pingPeriodMs = 300;

/** The share of an interval in which no answer is an unanswered probe. */
const probeTimeoutMs = 200;

/** Redis's own default: the hardest for an idle master, whose replicas know no more than this. */
export const replicaPingPeriodSeconds = 10;

export interface OurSettings {
  /** 0: silence alone is evidence, as it is for Sentinel. */
  readonly crashAfterMs: number;
}

/** Lines of YAML for a group. */
export function groupLines({ crashAfterMs }: OurSettings): readonly string[] {
  return [
    `probeIntervalMs: ${pingPeriodMs}`,
    `probeTimeoutMs: ${probeTimeoutMs}`,
    `downAfterMs: ${downAfterMs}`,
    `crashAfterMs: ${crashAfterMs}`,
    // One failover a world: the second outage is none of these figures' business.
    "cooldownMs: 0",
  ];
}

/**
 * How long many groups are waited for. A Sentinel's election that nobody won is tried again after twice its
 * failover-timeout, six minutes by default: to wait a little longer would tell nothing more.
 */
export const groupsLimitMs = 90_000;
