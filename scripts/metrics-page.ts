import { cadences } from "../lib/core/cadence.ts";
import { dimensionSets, type MetricDefinition, metrics, namespace } from "../lib/core/metrics.ts";
import { type AlarmDefinition, alarms, type MetricSource } from "../lib/deploy/alarms.ts";
import { queries } from "../lib/deploy/queries.ts";

const parts: Readonly<Record<MetricDefinition["when"], string>> = {
  calm: "Always published: four for each observer",
  event: "Published once, when it happens",
  trouble: "Published again and again while it lasts, and not at all otherwise",
};

/** docs/metrics.md: what the functions publish, what alarms look at, what is saved to be asked. */
export function renderMetrics(): string {
  const all = Object.entries<MetricDefinition>(metrics);
  return [
    "# Metrics, alarms, saved queries",
    "",
    "Generated from `lib/core/metrics.ts`, `lib/deploy/alarms.ts` and `lib/deploy/queries.ts` by `npm run docs:write`; don't edit it",
    "here. What to do about an alarm is in [operating.md](operating.md).",
    "",
    `Namespace \`${namespace}\`, in the region of the function that publishes it. A metric costs a month's price only for the hours in`,
    "which somebody publishes it: calm ones always, those of a group in trouble alone.",
    ...Object.entries(parts).flatMap(([when, title]) => [
      "",
      `## ${title}`,
      "",
      "| metric | unit | dimensions | meaning |",
      "|---|---|---|---|",
      ...all.flatMap(([name, one]) => (one.when === when ? [metricRow(name, one)] : [])),
    ]),
    "",
    "## Alarms",
    "",
    "One of `observer` for each observer; one of `region` for each region, over all groups that its observers watch. Nobody is told",
    "where the stage has no topic in that region; the alarm is there to look at all the same.",
    "",
    "| alarm | of | when | it says |",
    "|---|---|---|---|",
    ...alarms.map(alarmRow),
    "",
    "## Saved queries",
    "",
    "In CloudWatch Logs Insights under `lambda-sentinel/STAGE/`, over the logs of all observers of a region. Where one names a group or",
    "an epoch, write yours in.",
    ...Object.values(queries).flatMap(({ name, asks, text }) => [
      "",
      `### ${name}`,
      "",
      asks,
      "",
      "```",
      text({ group: "orders", epoch: 1 }),
      "```",
    ]),
    "",
  ].join("\n");
}

function metricRow(name: string, { unit, scope, meaning }: MetricDefinition): string {
  const sets = dimensionSets[scope].map((set) => `\`${set.join(", ")}\``).join(" and ");
  return `| ${name} | ${unit} | ${sets} | ${meaning} |`;
}

function alarmRow(alarm: AlarmDefinition): string {
  const what = alarm.sources.map(sourceName).join(" + ");
  const is = alarm.comparison === "LessThanThreshold" ? "below" : "at least";
  const when = `${alarm.statistic} of ${what} ${is} ${thresholdsOf(alarm)} in ${alarm.breaching} of ${alarm.minutes} minutes`;
  const missing = alarm.missing === "breaching" ? "; no data counts as well" : "";
  return `| [${alarm.name}](operating.md#${alarm.name}) | ${alarm.of} | ${when}${missing} | ${alarm.says} |`;
}

/** One number, and those cadences that have another. */
function thresholdsOf({ threshold }: AlarmDefinition): string {
  const [first, ...others] = cadences;
  const usual = threshold(first);
  const unlike = others.filter((cadence) => threshold(cadence) !== usual);
  const named = unlike.map((cadence) => `${threshold(cadence)} in cadence \`${cadence}\``);
  return named.length === 0 ? `${usual}` : `${usual} (${named.join(", ")})`;
}

function sourceName({ from, name }: MetricSource): string {
  return from === "own" ? name : `Lambda's ${name}`;
}
