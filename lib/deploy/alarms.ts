import type { Cadence } from "../core/cadence.ts";
import { type MetricName, type MetricOf, metrics, namespace } from "../core/metrics.ts";

/**
 * The alarms of a stage. Groups are not known when a stack is deployed, so an alarm is of one observer, or of the
 * deployment as one region's observers see it. A metric is of the region whose function publishes it, and so is its alarm.
 */
export interface AlarmDefinition {
  /** Also the heading of its runbook in docs/operating.md. */
  readonly name: string;
  readonly says: string;
  /** `observer`: in each stack; `region`: in the first stack of each region. */
  readonly of: "observer" | "region";
  readonly sources: readonly [MetricSource, ...MetricSource[]];
  readonly statistic: "Sum" | "Maximum";
  readonly threshold: (cadence: Cadence) => number;
  readonly comparison: "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  /** Minutes that are looked at, and how many of them must breach. */
  readonly minutes: number;
  readonly breaching: number;
  readonly missing: "breaching" | "notBreaching";
  /** Whether its end is told as well; a change of the master has none. */
  readonly end: "told" | "silent";
}

export type MetricSource =
  | { readonly from: "own"; readonly name: MetricName }
  | { readonly from: "lambda"; readonly name: "Errors" | "Throttles" | "Invocations" };

/** Starts a minute that are beyond every plan: one by the schedule, at most nineteen by pulses, some by wakes, and others by hand. */
const invocationsMax: Readonly<Record<Cadence, number>> = { loop: 15, pulse: 40, tick: 15 };

const own = (name: MetricName): MetricSource => ({ from: "own", name });
const always = (value: number) => (): number => value;
const lasting = { comparison: "GreaterThanOrEqualToThreshold", missing: "notBreaching" } as const;
const ofObserver = { of: "observer", end: "told" } as const;
const ofRegion = { ...lasting, of: "region", end: "told", statistic: "Maximum" } as const;

/** A metric with a series for the deployment alone, which an alarm can name before there is any group. */
function ofGroups(name: MetricOf<"group">): readonly [MetricSource] {
  return [own(name)];
}

export const alarms: readonly AlarmDefinition[] = [
  {
    ...ofObserver,
    name: "observer-silent",
    says: "No heartbeat of this observer for three minutes: it has no vote.",
    sources: [own("Heartbeats")],
    ...{ statistic: "Sum", threshold: always(1), comparison: "LessThanThreshold" },
    ...{ minutes: 3, breaching: 3, missing: "breaching" },
  },
  {
    ...ofObserver,
    ...lasting,
    name: "controller-errors",
    says: "Shifts of this observer fail, are throttled or log errors.",
    sources: [
      { from: "lambda", name: "Errors" },
      { from: "lambda", name: "Throttles" },
      own("ControllerErrors"),
    ],
    ...{ statistic: "Sum", threshold: always(1), minutes: 5, breaching: 2 },
  },
  {
    ...ofObserver,
    ...lasting,
    name: "invocations-high",
    says: "The function is started more often than any plan of it: it costs more than it should.",
    sources: [{ from: "lambda", name: "Invocations" }],
    ...{ statistic: "Sum", minutes: 5, breaching: 5 },
    threshold: (cadence) => invocationsMax[cadence],
  },
  {
    ...ofRegion,
    name: "group-without-quorum",
    says: "Too few observers of a group are heard of: no failover of it could be agreed on.",
    sources: ofGroups("QuorumMissing"),
    ...{ threshold: always(1), minutes: 3, breaching: 3 },
  },
  {
    ...ofRegion,
    name: "master-down",
    says: "A master has been down for half a minute, and nobody has taken its place.",
    sources: ofGroups("MasterDown"),
    ...{ threshold: always(30_000), minutes: 1, breaching: 1 },
  },
  {
    ...ofRegion,
    name: "master-changed",
    says: "A group has another master than before.",
    sources: ofGroups("MasterChanges"),
    ...{ threshold: always(1), minutes: 1, breaching: 1, end: "silent" },
  },
  {
    ...ofRegion,
    name: "no-candidate",
    says: "No replica of a group could take its master's place.",
    sources: ofGroups("NoCandidate"),
    ...{ threshold: always(1), minutes: 3, breaching: 3 },
  },
  {
    ...ofRegion,
    name: "record-out-of-sync",
    says: "A group's name answers something else than its master, or can't be published.",
    sources: ofGroups("RecordOutOfSync"),
    ...{ threshold: always(1), minutes: 5, breaching: 3 },
  },
  {
    ...ofRegion,
    name: "configuration-differs",
    says: "Observers of a group work by different versions of its configuration.",
    sources: ofGroups("ConfigurationDiffers"),
    ...{ threshold: always(1), minutes: 3, breaching: 3 },
  },
];

/** One alarm's place: the stack that it is part of. */
export interface AlarmPlace {
  /** Before the alarm's name; an alarm's name is unique in its region. */
  readonly prefix: string;
  readonly deployment: string;
  readonly observer: string;
  readonly functionName: string;
  readonly cadence: Cadence;
  /** The topic that is told; null: nobody, and the alarm is there to look at. */
  readonly topic: string | null;
}

const periodSeconds = 60;

export function alarmName(
  { name }: AlarmDefinition,
  { prefix }: Pick<AlarmPlace, "prefix">,
): string {
  return `${prefix}-${name}`;
}

/** The alarm as CloudFormation wants it. */
export function alarmResource(alarm: AlarmDefinition, place: AlarmPlace) {
  const { topic } = place;
  const told = topic === null ? {} : { AlarmActions: [topic] };
  const ended = topic === null || alarm.end === "silent" ? {} : { OKActions: [topic] };
  return {
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      AlarmName: alarmName(alarm, place),
      AlarmDescription: `${alarm.says} Runbook: docs/operating.md#${alarm.name}`,
      ...measured(alarm, place),
      EvaluationPeriods: alarm.minutes,
      DatapointsToAlarm: alarm.breaching,
      Threshold: alarm.threshold(place.cadence),
      ComparisonOperator: alarm.comparison,
      TreatMissingData: alarm.missing,
      ...told,
      ...ended,
    },
  };
}

/** What is missing is 0 in a sum: where no shift failed, there is no error to add. */
function measured({ sources, statistic }: AlarmDefinition, place: AlarmPlace) {
  const [only, ...further] = sources;
  if (further.length === 0) {
    return { ...metricOf(only, place), Statistic: statistic, Period: periodSeconds };
  }
  const parts = sources.map((source, index) => ({
    Id: `m${index}`,
    ReturnData: false,
    MetricStat: { Metric: metricOf(source, place), Period: periodSeconds, Stat: statistic },
  }));
  const Expression = parts.map(({ Id }) => `FILL(${Id}, 0)`).join(" + ");
  return { Metrics: [...parts, { Id: "sum", Expression, ReturnData: true }] };
}

function metricOf(source: MetricSource, { deployment, observer, functionName }: AlarmPlace) {
  const ofDeployment = { Name: "deployment", Value: deployment };
  if (source.from === "lambda") {
    const Dimensions = [{ Name: "FunctionName", Value: functionName }];
    return { Namespace: "AWS/Lambda", MetricName: source.name, Dimensions };
  }
  const isOfObserver = metrics[source.name].scope === "observer";
  const Dimensions = [
    ofDeployment,
    ...(isOfObserver ? [{ Name: "observer", Value: observer }] : []),
  ];
  return { Namespace: namespace, MetricName: source.name, Dimensions };
}
