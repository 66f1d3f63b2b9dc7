/** What a query is about; the saved ones are about an example, for people to write their own in. */
export interface QueryAbout {
  readonly group: string;
  readonly epoch: number;
}

export interface QueryDefinition {
  readonly name: string;
  /** The question that it answers. */
  readonly asks: string;
  readonly text: (about: QueryAbout) => string;
}

export const exampleAbout: QueryAbout = { group: "orders", epoch: 1 };

/** Decisions that are made in calm as well. */
const calmRules = "/^R7(37|50|99)$/";

function lines(...parts: readonly string[]): string {
  return parts.join("\n| ");
}

/** Saved queries of CloudWatch Logs Insights, run over real lines by test/parity/queries.test.ts. */
export const queries = {
  whyFailover: {
    name: "why-did-it-fail-over-or-not",
    asks: "Why did it fail over, or not?",
    text: ({ group }) =>
      lines(
        "fields @timestamp, observer, rule, event, outcome, message",
        `filter group = "${group}" and (ispresent(what) or ispresent(event))`,
        `filter rule not like ${calmRules}`,
        "sort @timestamp asc",
        "limit 2000",
      ),
  },
  timeline: {
    name: "timeline-of-an-epoch",
    asks: "What happened in one epoch, step by step, and what led to it? It names the epoch and the one before.",
    text: ({ group, epoch }) =>
      lines(
        "fields @timestamp, rev, observer, rule, event, effect, outcome, node, message",
        // What leads to an epoch is told in the one before it, up to the claim itself.
        `filter group = "${group}" and (epoch = ${epoch} or (epoch = ${epoch - 1} and rule like /^(S3..|R380)$/))`,
        `filter ispresent(event) or what = "effect" or (what = "decision" and rule not like ${calmRules})`,
        "sort @timestamp asc, rev asc",
        "limit 2000",
      ),
  },
  disagreed: {
    name: "who-disagreed",
    asks: "Who voted what, and on what evidence?",
    text: ({ group }) =>
      lines(
        "fields @timestamp, round, observer, event, rule, message",
        `filter group = "${group}"`,
        'filter event = "+vote" or rule in ["S335", "S340", "S345"]',
        'parse message "+vote * votes * in round *: *" as voter, vote, inRound, evidence',
        "sort round desc, @timestamp asc",
        "limit 500",
      ),
  },
  master: {
    name: "who-is-master",
    asks: "Who is the master of each group, and how is the group?",
    text: () =>
      lines(
        'filter what = "decision" and ispresent(master)',
        "stats latest(master) as node, latest(epoch) as inEpoch, latest(phase) as isIn, latest(rule) as by, max(@timestamp) as seen by group",
        "sort group asc",
      ),
  },
  happened: {
    name: "what-happened",
    asks: "What happened, the newest first?",
    text: () =>
      lines(
        "fields @timestamp, group, observer, event, message",
        'filter level = "WARN" or level = "ERROR"',
        "sort @timestamp desc",
        "limit 200",
      ),
  },
  failedEffects: {
    name: "effects-that-failed",
    asks: "What was tried on Redis, DNS or the table, and did not work?",
    text: () =>
      lines(
        "fields @timestamp, group, observer, effect, node, outcome, rule, message",
        'filter what = "effect" and outcome != "done"',
        "sort @timestamp desc",
        "limit 500",
      ),
  },
  refusals: {
    name: "refusals-by-rule",
    asks: "Which rules held a failover up, and how often?",
    text: () =>
      lines(
        "filter event like /^(\\+hold|-failover-abort)/",
        "stats count(*) as times by group, rule, event",
        "sort times desc",
      ),
  },
  durations: {
    name: "durations-of-failovers",
    asks: "How long did failovers take?",
    text: () =>
      lines(
        "fields @timestamp, group, epoch, node, durationsMs.downToWritableMs, durationsMs.voteToWritableMs, durationsMs.promoteMs",
        'filter event = "+promoted-slave"',
        "sort @timestamp desc",
        "limit 100",
      ),
  },
  calls: {
    name: "requests-to-aws",
    asks: "How much does each observer ask of AWS, and was there a gap between its shifts?",
    text: () =>
      lines(
        "filter ispresent(AwsCalls)",
        "stats sum(AwsCalls) as requests, sum(Heartbeats) as heartbeats, max(ShiftGap) as longestGapMs by observer",
        "sort observer asc",
      ),
  },
} as const satisfies Readonly<Record<string, QueryDefinition>>;
