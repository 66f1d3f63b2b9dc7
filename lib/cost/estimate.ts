import { prices } from "./prices.ts";
import { configsBytes, heartbeatBytes, logBytes, stateBytes } from "./sizes.ts";
import { type GroupSize, type Rhythm, type Traffic, trafficOf } from "./traffic.ts";

/** Of a deployment, what its bill depends on. */
export interface Deployment {
  readonly observers: number;
  readonly rhythm: Rhythm;
  /** Copies of the table that each write reaches; a witness costs nothing. */
  readonly tableCopies: number;
  /** Regions in which a NAT gateway is paid for. */
  readonly natGateways: number;
  readonly zones: number;
  /** Metrics that alarms look at. */
  readonly alarms: number;
  /** Those that are published in calm. */
  readonly metrics: number;
  readonly dashboards: number;
  readonly groups: readonly GroupSize[];
}

export interface Item {
  readonly item: string;
  /** The counts that the sum comes from, for people. */
  readonly detail: string;
  readonly usd: number;
  /** Whether the group would cost it however it is watched: alarms, metrics, dashboards, zones and the network. */
  readonly isApart: boolean;
}

export interface Estimate {
  readonly items: readonly Item[];
  /** Watching alone. */
  readonly watchingUsd: number;
  readonly allUsd: number;
}

const monthMinutes = prices.monthHours * 60;
const memoryGb = 0.25;
/** DynamoDB counts a strong read by each begun 4 KiB, and a write by each begun KiB. */
const readUnitBytes = 4_096;
const writeUnitBytes = 1_024;
const gb = 1_000_000_000;

/**
 * A message is sent in a batch of ten, received and deleted. Five pollers wait for 20 s each, and a message that comes every
 * few seconds ends some of that early: twelve polls a minute at the most find nothing.
 */
const queue = { perMessage: 2.1, idlePerMinute: 12 };
/** So often does the meter read the heartbeats of the other observers, each with a heartbeat of its own. */
const comparisonsMaxPerMinute = 2;

/** The monthly bill of a deployment in which nothing happens, in US dollars, without free tiers. */
export function estimate(deployment: Deployment): Estimate {
  const items = [...watching(deployment), ...apart(deployment)].filter((item) => item.usd > 0);
  const sum = (some: readonly Item[]) => some.reduce((total, item) => total + item.usd, 0);
  const watchingUsd = sum(items.filter((item) => !item.isApart));
  return { items, watchingUsd, allUsd: sum(items) };
}

function watching(deployment: Deployment): readonly Item[] {
  const { observers, groups, tableCopies } = deployment;
  const minute = trafficOf(deployment.rhythm, groups);
  const month = observers * monthMinutes;
  const nodes = groups.reduce((sum, group) => sum + group.nodes, 0);
  const beatBytes = heartbeatBytes(groups.length, nodes);
  const compared = Math.min(minute.heartbeatWrites, comparisonsMaxPerMinute) * (observers - 1);
  const reads =
    (minute.heartbeatReads + compared) * readUnits(beatBytes) +
    minute.configReads * readUnits(configsBytes(groups.length, nodes)) +
    minute.stateReads * readUnits(stateBytes);
  const writes = minute.heartbeatWrites * Math.ceil(beatBytes / writeUnitBytes) * tableCopies;
  const requests =
    minute.messages === 0 ? 0 : minute.messages * queue.perMessage + queue.idlePerMinute;
  const gbSeconds = month * minute.billedSeconds * memoryGb;
  const logGb = (month * logBytes(linesOf(minute), groups.length)) / gb;
  const part = (item: string, detail: string, usd: number): Item => ({
    ...{ item, detail, usd },
    isApart: false,
  });
  return [
    part(
      "Lambda, time",
      `${count(gbSeconds)} GB-seconds at ${memoryGb * 1_024} MB`,
      gbSeconds * prices.lambda.gbSecond,
    ),
    part(
      "Lambda, requests",
      `${count(month * minute.shifts)} shifts`,
      month * minute.shifts * prices.lambda.request,
    ),
    part(
      "Scheduler",
      `${count(month * minute.scheduled)} starts and batches`,
      month * minute.scheduled * prices.scheduler.invocation,
    ),
    part("SQS", `${count(month * requests)} requests`, month * requests * prices.sqs.request),
    part(
      "DynamoDB, reads",
      `${count(month * reads)} units`,
      month * reads * prices.dynamodb.readUnit,
    ),
    part(
      "DynamoDB, writes",
      `${count(month * writes)} units${tableCopies > 1 ? ` in ${tableCopies} copies` : ""}`,
      month * writes * prices.dynamodb.writeUnit,
    ),
    part("Logs", `${logGb.toFixed(2)} GB`, logGb * (prices.logs.gbIn + prices.logs.gbMonth)),
  ];
}

function readUnits(bytes: number): number {
  return Math.ceil(bytes / readUnitBytes);
}

function linesOf({ shifts, endLines, heartbeatWrites, decisionLines }: Traffic) {
  return { shifts, ends: endLines, metrics: heartbeatWrites, decisions: decisionLines };
}

/** What is paid for however the groups are watched. */
function apart(deployment: Deployment): readonly Item[] {
  const { alarms, metrics, dashboards, zones, natGateways } = deployment;
  const { cloudwatch, network, route53, monthHours } = prices;
  const part = (item: string, many: number, each: number, unit: string): Item => ({
    ...{ item, detail: `${many} ${unit}${many === 1 ? "" : "s"}`, usd: many * each },
    isApart: true,
  });
  return [
    part("CloudWatch, alarms", alarms, cloudwatch.alarm, "metric"),
    part("CloudWatch, metrics", metrics, cloudwatch.metric, "metric"),
    part("CloudWatch, dashboard", dashboards, cloudwatch.dashboard, "dashboard"),
    part("Route 53", zones, route53.zone, "zone"),
    part("Network, NAT", natGateways, network.natHour * monthHours, "gateway"),
  ];
}

function count(many: number): string {
  return Math.round(many).toLocaleString("en-US");
}
