/**
 * What AWS asks, in US dollars. The one place for prices: whoever brings them up to date changes the date too.
 * Free tiers are left out, because an account has one of each and something else may use it up.
 */
export const prices = {
  asOf: "2026-10",
  region: "us-east-1",
  /** AWS counts a month as so many hours. */
  monthHours: 730,
  lambda: { gbSecond: 0.0000133334, request: 0.2e-6 },
  scheduler: { invocation: 1e-6 },
  sqs: { request: 0.4e-6 },
  /** On demand. A write to a replicated table costs the same once more in each copy. */
  dynamodb: { writeUnit: 0.625e-6, readUnit: 0.125e-6 },
  logs: { gbIn: 0.5, gbMonth: 0.03 },
  cloudwatch: { metric: 0.3, alarm: 0.1, dashboard: 3 },
  route53: { zone: 0.5, query: 0.4e-6 },
  network: { natHour: 0.045, natGb: 0.045, crossRegionGb: 0.02 },
  /** What the same groups would need otherwise. */
  instead: {
    t4gNanoHour: 0.0042,
    gp3GbMonth: 0.08,
    valkeyMicroHour: 0.0128,
    redisMicroHour: 0.016,
  },
} as const;

/** Three Sentinels on machines of their own, with a disk of 8 GB each, a month. */
export function sentinelsMonth(): number {
  const { t4gNanoHour, gp3GbMonth } = prices.instead;
  return 3 * (t4gNanoHour * prices.monthHours + 8 * gp3GbMonth);
}

/** Two nodes of the smallest kind in ElastiCache: the whole of one group and its failover, a month. */
export function elastiCacheMonth(kind: "redis" | "valkey"): number {
  const { redisMicroHour, valkeyMicroHour } = prices.instead;
  return 2 * prices.monthHours * (kind === "redis" ? redisMicroHour : valkeyMicroHour);
}
