import { type MetricName, namespace } from "../core/metrics.ts";
import { exampleAbout, type QueryDefinition, queries } from "./queries.ts";

/** What the dashboard of a stage shows, of each region. */
export interface DashboardRegion {
  readonly region: string;
  readonly observers: readonly { readonly name: string; readonly functionName: string }[];
  /** The alarms of all its stacks. */
  readonly alarms: readonly string[];
  readonly logGroups: readonly string[];
}

const columns = 24;

interface Widget {
  readonly width: number;
  readonly height: number;
  readonly type: "text" | "alarm" | "metric" | "log";
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The body of the one dashboard that a stage has: is everything watched, who is master, what happened last night. Each
 * widget, and each metric of one, names its region; a dashboard belongs to none.
 */
export function dashboardBody(
  deployment: string,
  regions: readonly DashboardRegion[],
  arnOf: (region: string, alarm: string) => string,
): string {
  const home = regions[0]?.region ?? "";
  const rows: readonly (readonly Widget[])[] = [
    [header(deployment)],
    regions.map((one) => alarmWidget(one, columnsOf(regions.length), arnOf)),
    watched(deployment, regions, home),
    // Each region's observers say it themselves: with the home's silent the others still do, and a contradiction shows.
    regions.map((one) => {
      const title = `Who is master, told in ${one.region}`;
      return logWidget(title, queries.master, one, columnsOf(regions.length));
    }),
    ...regions.map((one) => [
      logWidget(`What happened in ${one.region}`, queries.happened, one, columns),
    ]),
    trouble(deployment, regions, home),
    cost(deployment, regions, home),
  ];
  return JSON.stringify({ widgets: placed(rows) });
}

function columnsOf(count: number): number {
  return Math.max(Math.floor(columns / count), 6);
}

/** Where each widget stands: rows from the top, and in a row from the left as long as there is room. */
function placed(rows: readonly (readonly Widget[])[]) {
  let y = 0;
  return rows.flatMap((row) => {
    let x = 0;
    let height = 0;
    const widgets = row.map((widget) => {
      if (x + widget.width > columns) {
        x = 0;
        y += height;
      }
      const place = { x, y, ...widget };
      x += widget.width;
      height = widget.height;
      return place;
    });
    y += height;
    return widgets;
  });
}

function header(deployment: string): Widget {
  const markdown = [
    `## ${deployment}`,
    "Every alarm green and every observer at four heartbeats a minute or more: everything is watched.",
    "What to do when it is not: docs/operating.md",
  ].join("\n\n");
  return { type: "text", width: columns, height: 3, properties: { markdown } };
}

function alarmWidget(
  { region, alarms }: DashboardRegion,
  width: number,
  arnOf: (region: string, alarm: string) => string,
): Widget {
  const properties = {
    title: `Alarms in ${region}`,
    alarms: alarms.map((name) => arnOf(region, name)),
  };
  return { type: "alarm", width, height: 5, properties };
}

function logWidget(
  title: string,
  query: QueryDefinition,
  { region, logGroups }: DashboardRegion,
  width: number,
): Widget {
  const sources = logGroups.map((name) => `SOURCE '${name}'`).join(" | ");
  const properties = {
    title,
    region,
    view: "table",
    query: `${sources} | ${query.text(exampleAbout)}`,
  };
  return { type: "log", width, height: 7, properties };
}

type Regions = readonly DashboardRegion[];
type Series = readonly (string | Readonly<Record<string, string>>)[];

function ofObservers(name: MetricName, deployment: string, regions: Regions): readonly Series[] {
  return regions.flatMap(({ region, observers }) =>
    observers.map((one): Series => {
      const series = [namespace, name, "deployment", deployment, "observer", one.name];
      return [...series, { region, label: one.name }];
    }),
  );
}

function ofDeployment(name: MetricName, deployment: string, regions: Regions): readonly Series[] {
  return regions.map(({ region }): Series => {
    const series = [namespace, name, "deployment", deployment];
    return [...series, { region, label: `${name} ${region}` }];
  });
}

/** Groups are found when somebody looks: nobody knows them when the dashboard is made. */
function ofGroups(name: MetricName, deployment: string, regions: Regions): readonly Series[] {
  const where = `{${namespace},deployment,group} MetricName="${name}" deployment="${deployment}"`;
  return regions.map(
    ({ region }): Series => [
      { expression: `SEARCH('${where}', 'Maximum')`, region, label: region },
    ],
  );
}

interface Graph {
  readonly title: string;
  readonly metrics: readonly Series[];
  readonly stat: "Sum" | "Maximum";
}

function graph(home: string, { title, metrics, stat }: Graph, width = 8): Widget {
  const shown = { view: "timeSeries", stacked: false, period: 60 };
  return {
    type: "metric",
    width,
    height: 6,
    properties: { title, region: home, ...shown, stat, metrics },
  };
}

function watched(deployment: string, regions: Regions, home: string): readonly Widget[] {
  const of = (name: MetricName) => ofObservers(name, deployment, regions);
  return [
    graph(home, { title: "Heartbeats a minute", metrics: of("Heartbeats"), stat: "Sum" }),
    graph(home, { title: "Groups watched", metrics: of("GroupsWatched"), stat: "Maximum" }),
    graph(home, { title: "Gap between shifts, ms", metrics: of("ShiftGap"), stat: "Maximum" }),
  ];
}

function trouble(deployment: string, regions: Regions, home: string): readonly Widget[] {
  const all = (...names: readonly MetricName[]) =>
    names.flatMap((name) => ofDeployment(name, deployment, regions));
  const changes = all("MasterChanges", "Pages");
  const lasting = all("QuorumMissing", "NoCandidate", "RecordOutOfSync", "ConfigurationDiffers");
  const times = ofGroups("DownToWritableMs", deployment, regions);
  return [
    graph(home, { title: "Masters changed, people called", metrics: changes, stat: "Sum" }),
    graph(home, { title: "Not as it should be", metrics: lasting, stat: "Maximum" }),
    graph(home, { title: "From down to writable by group, ms", metrics: times, stat: "Maximum" }),
  ];
}

function cost(deployment: string, regions: Regions, home: string): readonly Widget[] {
  const ofLambda = (name: string): readonly Series[] =>
    regions.flatMap(({ region, observers }) =>
      observers.map((one): Series => {
        const series = ["AWS/Lambda", name, "FunctionName", one.functionName];
        return [...series, { region, label: `${name} ${one.name}` }];
      }),
    );
  const requests = ofObservers("AwsCalls", deployment, regions);
  return [
    graph(home, { title: "Starts a minute", metrics: ofLambda("Invocations"), stat: "Sum" }),
    graph(home, { title: "Shifts that failed", metrics: ofLambda("Errors"), stat: "Sum" }),
    graph(home, { title: "Requests to AWS a minute", metrics: requests, stat: "Sum" }),
  ];
}
