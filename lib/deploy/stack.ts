import { companionName, srvName } from "../core/records.ts";
import { type Monitoring, monitoringOf } from "./monitoring.ts";
import { type PulsesOfStack, pulsesOf } from "./pulses.ts";
import { tableNameOf } from "./stage.ts";
import type { Stage, StageObserver } from "./stage-schema.ts";
import { tableRegionOf } from "./table-placement.ts";

/**
 * What serverless.yml asks of one stack: one observer of a stage. Lists and absent things are as a template wants them, so
 * that the YAML says where they stand and nothing more.
 */
export interface Stack extends PulsesOfStack {
  /** Of the stack, its function and its schedule. */
  readonly name: string;
  readonly observer: string;
  readonly region: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly permissionsBoundary: string | Absent;
  readonly logRetentionDays: number;

  /** Whether this stack owns the table and what else a stage has once. */
  readonly part: "home" | "away";
  readonly table: string;
  /** The region whose copy of the table this observer asks. */
  readonly tableRegion: string;
  readonly tableArns: readonly Substituted[];
  readonly consistency: "STRONG" | Absent;
  readonly replicas: readonly Replica[];
  readonly witnesses: readonly { readonly Region: string }[] | Absent;

  /** Of this region: for the table, the logs and the secrets. */
  readonly key: string | Absent;
  /** This region's, and that of the region whose copy of the table this observer asks: DynamoDB decrypts in its name. */
  readonly usedKeys: readonly string[];
  readonly encryptedBy: "own-key" | "aws-key";
  readonly encryption: { readonly SSEEnabled: true; readonly SSEType: "KMS" } | Absent;

  readonly network: Stage["network"];
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];

  /** Whom this observer wakes: observer=region:function, by comma. */
  readonly peers: string;
  readonly wakes: "peers" | "nobody";
  readonly peerArns: readonly Substituted[];

  readonly changes: "records" | "nothing";
  readonly zoneArns: readonly Substituted[];
  readonly recordNames: readonly string[];
  readonly secretPrefix: string;

  readonly topic: string;
  readonly tellsTopic: "topic" | "nobody";
  readonly eventBus: string;
  readonly tellsBus: "bus" | "nobody";

  /** Alarms, saved queries and the dashboard, as resources of the template. */
  readonly monitoring: Monitoring;
  /** The status page, which a stage has once at the most. */
  readonly page: "page" | "none";
  readonly pageName: string;
}

/** A text in which CloudFormation puts the partition and the account. */
interface Substituted {
  readonly "Fn::Sub": string;
}

interface Absent {
  readonly Ref: "AWS::NoValue";
}

interface Replica {
  readonly Region: string;
  readonly DeletionProtectionEnabled: true;
  readonly PointInTimeRecoverySpecification: { readonly PointInTimeRecoveryEnabled: true };
  readonly SSESpecification: { readonly KMSMasterKeyId: string } | Absent;
  /** CloudFormation hands a stack's tags on to what has tags of its own, which a global table has for each replica alone. */
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
}

const absent: Absent = { Ref: "AWS::NoValue" };

/** The stacks of a stage in the order in which they are deployed: the one that owns the table comes first. */
export function stacksOf(stage: Stage, stageName: string): readonly Stack[] {
  const { observers, table } = stage;
  const owner = observers.find((observer) => observer.region === table.home);
  const others = observers.filter((observer) => observer !== owner);
  const byRegion = others.toSorted((a, b) =>
    a.region < b.region ? -1 : Number(a.region > b.region),
  );
  const ordered = owner === undefined ? byRegion : [owner, ...byRegion];
  return ordered.map((observer) => ({
    ...stackOf(stage, stageName, observer, observer === owner),
    monitoring: monitoringOf({
      ...{ stage, stageName, observer, ordered, deployment: tableNameOf(stage, stageName) },
      functionOf: (one) => nameOf(stageName, one),
    }),
  }));
}

function stackOf(
  stage: Stage,
  stageName: string,
  observer: StageObserver,
  isOwner: boolean,
): Omit<Stack, "monitoring"> {
  const table = tableNameOf(stage, stageName);
  const tableRegion = tableRegionOf(stage, observer);
  const topic = observer.topic ?? stage.topic ?? "";
  const eventBus = observer.eventBus ?? stage.eventBus ?? "";
  return {
    name: nameOf(stageName, observer),
    observer: observer.name,
    region: observer.region,
    tags: tagsOf(stage, stageName),
    permissionsBoundary: stage.permissionsBoundary ?? absent,
    logRetentionDays: stage.logRetentionDays,
    part: isOwner ? "home" : "away",
    table,
    tableRegion,
    tableArns: [arn(`dynamodb:${tableRegion}:\${AWS::AccountId}:table/${table}`)],
    ...tableOf(stage, stageName),
    ...keysOf(stage, observer, tableRegion),
    ...pulsesOf(stage),
    network: stage.network,
    subnets: observer.subnets ?? [],
    securityGroups: observer.securityGroups ?? [],
    ...peersOf(stage, stageName, observer),
    changes: stage.zones.length === 0 ? "nothing" : "records",
    zoneArns: stage.zones.map((zone) => arn(`route53:::hostedzone/${zone}`)),
    recordNames: namesOf(stage),
    secretPrefix: stage.secretPrefix,
    topic,
    tellsTopic: topic === "" ? "nobody" : "topic",
    eventBus,
    tellsBus: eventBus === "" ? "nobody" : "bus",
    page: isOwner && stage.statusPage !== "off" ? "page" : "none",
    // No observer can be called so: names have no underscore.
    pageName: `lambda-sentinel-${stageName}_status`,
  };
}

function nameOf(stageName: string, { name }: StageObserver): string {
  return `lambda-sentinel-${stageName}-${name}`;
}

function arn(rest: string): Substituted {
  return { "Fn::Sub": `arn:\${AWS::Partition}:${rest}` };
}

/** A pattern means every name that is put below the records' own; with a single name each of them is named. */
function namesOf({ recordNames: name }: Stage): readonly string[] {
  if (name === undefined) return [];
  return name.startsWith("*.") ? [name] : [name, companionName({ name }), srvName({ name })];
}

function peersOf(stage: Stage, stageName: string, observer: StageObserver) {
  const peers = stage.observers.filter((one) => one !== observer);
  const functionOf = (one: StageObserver): Substituted =>
    arn(`lambda:${one.region}:\${AWS::AccountId}:function:${nameOf(stageName, one)}`);
  return {
    peers: peers.map((one) => `${one.name}=${one.region}:${nameOf(stageName, one)}`).join(","),
    wakes: peers.length === 0 ? ("nobody" as const) : ("peers" as const),
    peerArns: peers.map(functionOf),
  };
}

function tableOf(stage: Stage, stageName: string) {
  const { mode, home, replicas, witness } = stage.table;
  return {
    consistency: mode === "strongly-consistent" ? ("STRONG" as const) : absent,
    replicas: (replicas ?? [home]).map((region) => replicaOf(stage, stageName, region)),
    witnesses: witness === undefined ? absent : [{ Region: witness }],
  };
}

function keysOf({ keys }: Stage, { region }: StageObserver, tableRegion: string) {
  const key = keys[region];
  const encryption = { SSEEnabled: true, SSEType: "KMS" } as const;
  const usedKeys = [...new Set([region, tableRegion])].flatMap((one) => keys[one] ?? []);
  return {
    key: key ?? absent,
    encryption: key === undefined ? absent : encryption,
    usedKeys,
    encryptedBy: usedKeys.length === 0 ? ("aws-key" as const) : ("own-key" as const),
  };
}

function tagsOf({ tags }: Stage, stageName: string): Readonly<Record<string, string>> {
  return { ...tags, "lambda-sentinel:stage": stageName };
}

function replicaOf(stage: Stage, stageName: string, region: string): Replica {
  const key = stage.keys[region];
  return {
    Region: region,
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: key === undefined ? absent : { KMSMasterKeyId: key },
    Tags: Object.entries(tagsOf(stage, stageName)).map(([Key, Value]) => ({ Key, Value })),
  };
}
