import { beforeAll, describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { dimensionSets, isMetric, metrics } from "../../lib/core/metrics.ts";
import { alarms } from "../../lib/deploy/alarms.ts";
import { queries } from "../../lib/deploy/queries.ts";
import { topicArn } from "../support/notifications.ts";
import type { Template } from "../support/packaged.ts";
import { type Combination, combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";

const stages = new PackagedStages();
beforeAll(() => stages.read());

const metric = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
});
const alarmSchema = z.looseObject({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.string()).optional(),
  OKActions: z.array(z.string()).optional(),
  TreatMissingData: z.string(),
  Metrics: z
    .array(
      z.union([
        z.object({ MetricStat: z.object({ Metric: metric }) }),
        z.object({ Expression: z.string() }),
      ]),
    )
    .optional(),
});
type Alarm = z.infer<typeof alarmSchema>;

function resources(template: Template, type: string): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(template.Resources)
    .filter((one) => one.Type === type)
    .map((one) => one.Properties);
}

function alarmsIn(template: Template): readonly Alarm[] {
  return resources(template, "AWS::CloudWatch::Alarm").map((one) => alarmSchema.parse(one));
}

function metricsOf(alarm: Alarm): readonly z.infer<typeof metric>[] {
  if (alarm.Metrics === undefined) return [metric.parse(alarm)];
  return alarm.Metrics.flatMap((one) => ("MetricStat" in one ? [one.MetricStat.Metric] : []));
}

const names = Object.keys(combinations).filter((name): name is Combination => name in combinations);

describe("alarms", () => {
  it("look at metrics that the function publishes, in a series that it publishes", () => {
    const own = stages.every().flatMap(alarmsIn).flatMap(metricsOf);
    const wrong = own.filter(({ Namespace, MetricName, Dimensions }) => {
      if (Namespace === "AWS/Lambda")
        return Dimensions.map((one) => one.Name).join() !== "FunctionName";
      if (Namespace !== "LambdaSentinel" || !isMetric(MetricName)) return true;
      const series = Dimensions.map((one) => one.Name).join();
      return !dimensionSets[metrics[MetricName].scope].map((set) => set.join()).includes(series);
    });
    expect(own.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it("of an observer are in each stack, those of the groups once in each region", () => {
    for (const name of names) {
      const { observers } = combinations[name];
      const found = Object.values(stages.of(name).templates).flatMap(alarmsIn);
      const regions = new Set(observers.map((one) => one.region)).size;
      const each = alarms.filter((one) => one.of === "observer").length;
      const once = alarms.length - each;
      expect([name, found.length]).toEqual([name, each * observers.length + once * regions]);
    }
  });

  it("tell the stage's topic where it is in their region, and nobody where there is none", () => {
    const told = alarmsIn(stages.stack("zones", "eu-west-1a"));
    expect(told).toHaveLength(alarms.length);
    for (const alarm of told) {
      expect(alarm.AlarmActions).toEqual([topicArn]);
      const hasEnd = !alarm.AlarmName.endsWith("master-changed");
      expect(alarm.OKActions).toEqual(hasEnd ? [topicArn] : undefined);
    }
    const silent = [
      ...alarmsIn(stages.stack("smallest", "one")),
      ...alarmsIn(stages.stack("third-region", "eu-central-1")),
    ];
    expect(silent).toHaveLength(2 * alarms.length);
    expect(silent.filter((one) => one.AlarmActions !== undefined)).toEqual([]);
  });

  it("take a heartbeat that is missing for a silent observer, and nothing else for trouble", () => {
    const missing = alarmsIn(stages.stack("smallest", "one")).map((one) => [
      one.AlarmName,
      one.TreatMissingData,
    ]);
    expect(missing.filter(([, what]) => what === "breaching")).toEqual([
      ["lambda-sentinel-test-smallest-one-observer-silent", "breaching"],
    ]);
  });

  it("have names of their own in each region", () => {
    for (const name of names) {
      const { observers } = combinations[name];
      const placed = Object.entries(stages.of(name).templates).flatMap(([observer, template]) => {
        const region = observers.find((one) => one.name === observer)?.region;
        return alarmsIn(template).map((one) => `${region} ${one.AlarmName}`);
      });
      expect(new Set(placed).size).toBe(placed.length);
    }
  });
});

describe("saved queries", () => {
  it("are in the first stack of each region, over the logs of all its observers", () => {
    for (const name of names) {
      const logsIn = new Map<string, string[]>();
      for (const { name: observer, region } of combinations[name].observers) {
        const logs = logsIn.get(region) ?? [];
        logs.push(`/aws/lambda/lambda-sentinel-test-${name}-${observer}`);
        logsIn.set(region, logs);
      }
      const found = Object.entries(stages.of(name).templates).flatMap(([observer, template]) => {
        const made = resources(template, "AWS::Logs::QueryDefinition");
        const { region } = observerOf(name, observer);
        return made.map(({ Name, LogGroupNames }) => ({ region, Name, LogGroupNames }));
      });
      for (const [region, logs] of logsIn) {
        const here = found.filter((one) => one.region === region);
        const wanted = Object.values(queries).map(
          (one) => `lambda-sentinel/test-${name}/${one.name}`,
        );
        expect(here.map((one) => one.Name).sort()).toEqual(wanted.sort());
        for (const { LogGroupNames } of here) {
          expect([...z.array(z.string()).parse(LogGroupNames)].sort()).toEqual([...logs].sort());
        }
      }
      expect(found).toHaveLength(logsIn.size * Object.keys(queries).length);
    }
  });

  it("run in the region of the logs that they name, on the dashboard too", () => {
    for (const name of names) {
      const home = Object.keys(stages.of(name).templates).find(
        (one) => "Dashboard" in stages.stack(name, one).Resources,
      );
      const logs = dashboardOf(name, home ?? "").widgets.filter((one) => one.type === "log");
      for (const { properties } of logs) {
        const sources = [...(properties.query ?? "").matchAll(/SOURCE '([^']+)'/g)];
        const wanted = combinations[name].observers
          .filter((one) => one.region === properties.region)
          .map((one) => `/aws/lambda/lambda-sentinel-test-${name}-${one.name}`);
        expect(sources.map((one) => one[1]).sort()).toEqual(wanted.sort());
      }
      const regions = new Set(combinations[name].observers.map((one) => one.region));
      for (const title of ["Who is master, told in", "What happened in"]) {
        const told = logs.filter((one) => String(one.properties.title).startsWith(title));
        expect(new Set(told.map((one) => one.properties.region))).toEqual(regions);
        expect(told).toHaveLength(regions.size);
      }
    }
  });
});

function observerOf(name: Combination, observer: string) {
  const found = combinations[name].observers.find((one) => one.name === observer);
  if (found === undefined) throw new Error(`expected an observer ${observer} in ${name}`);
  return found;
}

const body = z.object({
  widgets: z.array(
    z.object({
      ...{ type: z.string(), x: z.number(), y: z.number(), width: z.number(), height: z.number() },
      properties: z.looseObject({
        alarms: z.array(z.string()).optional(),
        region: z.string().optional(),
        query: z.string().optional(),
        metrics: z
          .array(z.array(z.union([z.string(), z.looseObject({ region: z.string() })])))
          .optional(),
      }),
    }),
  ),
});

function dashboardOf(name: Combination, observer: string) {
  const [found] = resources(stages.stack(name, observer), "AWS::CloudWatch::Dashboard");
  const { "Fn::Sub": text } = z.object({ "Fn::Sub": z.string() }).parse(found?.DashboardBody);
  return { text, widgets: body.parse(JSON.parse(text)).widgets };
}

describe("the dashboard", () => {
  it("is one for a stage, in the home's stack", () => {
    for (const name of names) {
      const templates = Object.values(stages.of(name).templates);
      const owners = templates.filter(
        (one) => resources(one, "AWS::CloudWatch::Dashboard").length > 0,
      );
      expect([name, owners.length, "QuorumTable" in (owners[0]?.Resources ?? {})]).toEqual([
        name,
        1,
        true,
      ]);
    }
  });

  it("shows every alarm of every stack, and log lines of every region", () => {
    const { widgets } = dashboardOf("third-region", "eu-central-1");
    const shown = widgets.flatMap((one) => one.properties.alarms ?? []);
    const made = Object.entries(stages.of("third-region").templates).flatMap(([region, template]) =>
      alarmsIn(template).map(
        ({ AlarmName }) =>
          `arn:\${AWS::Partition}:cloudwatch:${region}:\${AWS::AccountId}:alarm:${AlarmName}`,
      ),
    );
    expect([...shown].sort()).toEqual([...made].sort());
    const logs = widgets.filter((one) => one.type === "log").map((one) => one.properties.region);
    expect(new Set(logs)).toEqual(new Set(["eu-central-1", "eu-west-1", "eu-west-2"]));
  });

  it("names metrics that the function publishes, with the region of each", () => {
    const { widgets, text } = dashboardOf("zones", "eu-west-1a");
    const series = widgets.flatMap((one) => one.properties.metrics ?? []);
    expect(series.length).toBeGreaterThan(0);
    for (const one of series) {
      const [space, name] = one;
      const options = z.looseObject({ region: z.string() }).parse(one.at(-1));
      expect(options.region).toBe("eu-west-1");
      if (space !== "LambdaSentinel" || typeof name !== "string") continue;
      expect([name, isMetric(name)]).toEqual([name, true]);
    }
    const searched = [...text.matchAll(/MetricName=\\\\?"(\w+)/g)].map((one) => one[1] ?? "");
    expect(searched.length).toBeGreaterThan(0);
    expect(searched.filter((name) => !isMetric(name))).toEqual([]);
  });

  it("has no two widgets in one place, and none beyond its 24 columns", () => {
    for (const name of names) {
      const observer = Object.keys(stages.of(name).templates).find(
        (one) => "Dashboard" in stages.stack(name, one).Resources,
      );
      const { widgets } = dashboardOf(name, observer ?? "");
      const cells = widgets.flatMap(({ x, y, width, height }) =>
        Array.from(
          { length: width * height },
          (_, i) => `${x + (i % width)} ${y + Math.floor(i / width)}`,
        ),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBeLessThanOrEqual(24);
    }
  });
});
