/**
 * Every metric that the functions emit, by name. Alarms, the dashboard and docs/metrics.md are made of this, and the
 * adapters can publish nothing else.
 */

/** Whose numbers a metric tells: one series for each combination of the dimensions of a set. */
export type Scope = "observer" | "group" | "rule";
export type Dimension = "deployment" | "observer" | "group" | "rule";

/** The sets of dimensions of each scope. The first one is what alarms look at: it is known when a stack is deployed. */
export const dimensionSets: Readonly<Record<Scope, readonly (readonly Dimension[])[]>> = {
  observer: [["deployment", "observer"]],
  group: [["deployment"], ["deployment", "group"]],
  rule: [
    ["deployment", "rule"],
    ["deployment", "group"],
  ],
};

export interface MetricDefinition {
  readonly unit: "Count" | "Milliseconds";
  readonly scope: Scope;
  /** `calm`: always, so it costs a month's price; `event`: once when it happens; `trouble`: again and again while it lasts. */
  readonly when: "calm" | "event" | "trouble";
  readonly meaning: string;
}

export const namespace = "LambdaSentinel";

const count = "Count" as const;
const ms = "Milliseconds" as const;
const calm = { scope: "observer", when: "calm" } as const;
const ofObserver = { scope: "observer", when: "trouble" } as const;
const ofGroup = { scope: "group", when: "event" } as const;
const whileItLasts = { scope: "group", when: "trouble" } as const;

export const metrics = {
  Heartbeats: { ...calm, unit: count, meaning: "Heartbeats that the table took" },
  GroupsWatched: {
    ...calm,
    unit: count,
    meaning: "Groups of which this shift has looked at the nodes",
  },
  ShiftGap: {
    ...calm,
    unit: ms,
    meaning:
      "From the predecessor's last heartbeat to the start of the shift, by two machines' wall clocks. Up to the interval of heartbeats it says nothing; beyond it nobody watched",
  },
  AwsCalls: {
    ...calm,
    unit: count,
    meaning: "Requests to AWS, repetitions included; the line's `calls` has them by service",
  },
  LoopDelay: {
    ...ofObserver,
    unit: ms,
    meaning: "The longest time for which the process was late for its own timers, from 200 ms on",
  },
  ControllerErrors: {
    ...ofObserver,
    unit: count,
    meaning:
      "Lines of level ERROR: a group that can't be connected to, a watch that failed, a table that must not decide",
  },
  ObserversSilent: {
    ...ofObserver,
    unit: count,
    meaning: "Other observers of its groups whose heartbeat has not changed for 60 s",
  },
  DetectMs: { ...ofGroup, unit: ms, meaning: "From the first unanswered probe to full evidence" },
  AgreeMs: { ...ofGroup, unit: ms, meaning: "From full evidence to the claim" },
  PromoteMs: { ...ofGroup, unit: ms, meaning: "From the claim to a writable master" },
  PublishMs: { ...ofGroup, unit: ms, meaning: "From the commit to the record, read back" },
  SettleMs: { ...ofGroup, unit: ms, meaning: "From the commit to the end of settling" },
  VoteToWritableMs: {
    ...ofGroup,
    unit: ms,
    meaning: "From the leader's own vote to a writable master",
  },
  DownToWritableMs: {
    ...ofGroup,
    unit: ms,
    meaning: "From the first unanswered probe to a writable master",
  },
  Failovers: {
    ...ofGroup,
    unit: count,
    meaning: "Commits of a new master, planned ones too, told by their leader",
  },
  MasterChanges: {
    ...ofGroup,
    unit: count,
    meaning:
      "The same as every observer saw it, so that a leader that dies after its commit hides nothing",
  },
  Pages: { ...ofGroup, unit: count, meaning: "Events `+page`: somebody has to look" },
  RecordDrifts: { ...ofGroup, unit: count, meaning: "DNS answered something else than STATE says" },
  Refusals: {
    scope: "rule",
    when: "event",
    unit: count,
    meaning: "Decisions not to go on (`+hold`, `-failover-abort-…`), by the rule that made them",
  },
  MasterDown: {
    ...whileItLasts,
    unit: ms,
    meaning:
      "For how long the observer has held the committed master to be down, and nobody has taken its place",
  },
  NoCandidate: {
    ...whileItLasts,
    unit: count,
    meaning: "1 while no replica could take the master's place, in calm as well",
  },
  RecordOutOfSync: {
    ...whileItLasts,
    unit: count,
    meaning: "1 while DNS answers something else than STATE says, or a name can't be published",
  },
  QuorumMissing: {
    ...whileItLasts,
    unit: count,
    meaning: "Observers that a failover would lack, by the heartbeats of the others",
  },
  ConfigurationDiffers: {
    ...whileItLasts,
    unit: count,
    meaning: "Observers that hold another version of the group's configuration than this one",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metrics;

/** The metrics of a scope. */
export type MetricOf<S extends Scope> = {
  [Name in MetricName]: (typeof metrics)[Name]["scope"] extends S ? Name : never;
}[MetricName];

export type Values<S extends Scope> = { readonly [Name in MetricOf<S>]?: number };

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}
