import { type AlarmDefinition, alarmName, alarmResource, alarms } from "./alarms.ts";
import { type DashboardRegion, dashboardBody } from "./dashboard.ts";
import { exampleAbout, queries } from "./queries.ts";
import type { Stage, StageObserver } from "./stage-schema.ts";

/** Alarms, saved queries and the dashboard of one stack, as CloudFormation wants them. */
export interface Monitoring {
  readonly Resources: Readonly<Record<string, unknown>>;
}

export interface MonitoringRequest {
  readonly stage: Stage;
  readonly stageName: string;
  readonly deployment: string;
  readonly observer: StageObserver;
  /** In the order in which their stacks are deployed. */
  readonly ordered: readonly StageObserver[];
  readonly functionOf: (observer: StageObserver) => string;
}

/**
 * Each stack has the alarms of its observer. What a region has once is in the first of its stacks, and the dashboard in the
 * first of all, which is the home's.
 */
export function monitoringOf(request: MonitoringRequest): Monitoring {
  const { observer, ordered } = request;
  const isFirstOfRegion = ordered.find((one) => one.region === observer.region) === observer;
  const isHome = ordered[0] === observer;
  return {
    Resources: {
      ...alarmsOf(request, isFirstOfRegion ? ["observer", "region"] : ["observer"]),
      ...(isFirstOfRegion ? queriesOf(request) : {}),
      ...(isHome ? dashboardOf(request) : {}),
    },
  };
}

/** What is said of observers whose alarms nobody is told of: CloudWatch tells topics of its own region alone. */
export function untoldAlarms(stage: Stage): readonly string[] {
  return stage.observers.flatMap((observer) => {
    const topic = observer.topic ?? stage.topic;
    if (topic === undefined || topicFor(stage, observer) !== null) return [];
    return [
      `the alarms of ${observer.name} tell nobody: an alarm in ${observer.region} can't reach a topic of another region, ${topic}; give the observer a topic of its own`,
    ];
  });
}

function topicFor(stage: Stage, observer: StageObserver): string | null {
  const topic = observer.topic ?? stage.topic;
  return topic !== undefined && topic.split(":")[3] === observer.region ? topic : null;
}

function prefixOf(alarm: AlarmDefinition, request: MonitoringRequest, of: StageObserver): string {
  const { stageName, functionOf } = request;
  return alarm.of === "observer" ? functionOf(of) : `lambda-sentinel-${stageName}-${of.region}`;
}

function alarmsOf(request: MonitoringRequest, of: readonly AlarmDefinition["of"][]) {
  const { stage, deployment, observer, functionOf } = request;
  const wanted = alarms.filter((alarm) => of.includes(alarm.of));
  return Object.fromEntries(
    wanted.map((alarm) => [
      `${pascal(alarm.name)}Alarm`,
      alarmResource(alarm, {
        ...{ deployment, observer: observer.name, functionName: functionOf(observer) },
        ...{ cadence: stage.cadence, topic: topicFor(stage, observer) },
        prefix: prefixOf(alarm, request, observer),
      }),
    ]),
  );
}

function logGroupsIn({ ordered, functionOf }: MonitoringRequest, region: string) {
  return ordered
    .filter((one) => one.region === region)
    .map((one) => `/aws/lambda/${functionOf(one)}`);
}

function queriesOf(request: MonitoringRequest) {
  const { observer, stageName } = request;
  return Object.fromEntries(
    Object.values(queries).map(({ name, text }) => [
      `${pascal(name)}Query`,
      {
        Type: "AWS::Logs::QueryDefinition",
        Properties: {
          Name: `lambda-sentinel/${stageName}/${name}`,
          LogGroupNames: logGroupsIn(request, observer.region),
          QueryString: text(exampleAbout),
        },
      },
    ]),
  );
}

function dashboardOf(request: MonitoringRequest) {
  const { ordered, deployment, stageName, functionOf } = request;
  const regions = [...new Set(ordered.map((one) => one.region))].map((region): DashboardRegion => {
    const observers = ordered.filter((one) => one.region === region);
    return {
      region,
      observers: observers.map((one) => ({ name: one.name, functionName: functionOf(one) })),
      alarms: alarmNamesIn(request, observers),
      logGroups: logGroupsIn(request, region),
    };
  });
  const arnOf = (region: string, alarm: string) =>
    `arn:\${AWS::Partition}:cloudwatch:${region}:\${AWS::AccountId}:alarm:${alarm}`;
  return {
    Dashboard: {
      Type: "AWS::CloudWatch::Dashboard",
      Properties: {
        DashboardName: `lambda-sentinel-${stageName}`,
        DashboardBody: { "Fn::Sub": dashboardBody(deployment, regions, arnOf) },
      },
    },
  };
}

function alarmNamesIn(request: MonitoringRequest, observers: readonly StageObserver[]) {
  return alarms.flatMap((alarm) =>
    (alarm.of === "observer" ? observers : observers.slice(0, 1)).map((one) =>
      alarmName(alarm, { prefix: prefixOf(alarm, request, one) }),
    ),
  );
}

/** `observer-silent` is `ObserverSilent`. */
function pascal(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}
