import { cadences } from "../core/cadence.ts";
import { deploymentOf } from "../cost/deployment.ts";
import { type Deployment, type Estimate, estimate } from "../cost/estimate.ts";
import { elastiCacheMonth, prices, sentinelsMonth } from "../cost/prices.ts";
import { detectionMs, type Rhythm } from "../cost/traffic.ts";
import { loadStageFile } from "../deploy/stage.ts";
import type { CliContext, GlobalOptions, Terminal } from "./context.ts";
import { exitCodes } from "./exit.ts";
import { loadOrStop, problemsError } from "./load-file.ts";
import { renderTable } from "./table.ts";

export interface CostOptions extends GlobalOptions {
  readonly file: string;
  readonly stageFile: string;
  readonly json?: boolean;
}

/** What `cost --json` prints. Fields are added and keep their meaning; `schema` is raised when one has to go. */
export interface CostReport {
  readonly schema: 1;
  readonly prices: { readonly asOf: string; readonly region: string };
  readonly observers: number;
  readonly groups: number;
  readonly nodes: number;
  readonly cadence: Rhythm["cadence"];
  readonly items: Estimate["items"];
  readonly watchingUsd: number;
  readonly allUsd: number;
  readonly cadences: readonly CadenceCost[];
  readonly instead: {
    readonly sentinelsUsd: number;
    readonly elastiCacheValkeyUsd: number;
    readonly elastiCacheRedisUsd: number;
  };
}

export interface CadenceCost {
  readonly cadence: Rhythm["cadence"];
  readonly pulseMs: number | null;
  readonly detectionLeastMs: number;
  readonly detectionMostMs: number;
  readonly watchingUsd: number;
  readonly allUsd: number;
}

/** The monthly bill of a stage with its groups, item by item, from counted calls. Neither AWS nor the table is asked. */
export async function cost(
  { terminal }: CliContext,
  { file, stageFile, json }: CostOptions,
): Promise<number> {
  const { groups } = await loadOrStop(terminal, file);
  const read = await loadStageFile(stageFile);
  if (!read.ok) throw problemsError(terminal, read.problems);
  const report = reportOf(deploymentOf(read.stage, groups));
  if (json === true) terminal.out(JSON.stringify(report, null, 2));
  else for (const line of render(terminal, report)) terminal.out(line);
  return exitCodes.fine;
}

function reportOf(deployment: Deployment): CostReport {
  const { groups, observers, rhythm } = deployment;
  return {
    ...{ schema: 1, prices: { asOf: prices.asOf, region: prices.region } },
    ...{ observers, groups: groups.length, cadence: rhythm.cadence },
    nodes: groups.reduce((sum, group) => sum + group.nodes, 0),
    ...estimate(deployment),
    cadences: cadences.map((cadence) => costIn({ ...deployment, rhythm: { ...rhythm, cadence } })),
    instead: {
      sentinelsUsd: sentinelsMonth(),
      elastiCacheValkeyUsd: elastiCacheMonth("valkey"),
      elastiCacheRedisUsd: elastiCacheMonth("redis"),
    },
  };
}

function costIn(deployment: Deployment): CadenceCost {
  const { cadence, pulseMs } = deployment.rhythm;
  const { leastMs, mostMs } = detectionMs(deployment.rhythm, deployment.groups);
  const { watchingUsd, allUsd } = estimate(deployment);
  return {
    ...{ cadence, pulseMs: cadence === "pulse" ? pulseMs : null },
    ...{ detectionLeastMs: leastMs, detectionMostMs: mostMs, watchingUsd, allUsd },
  };
}

function render(terminal: Terminal, report: CostReport): readonly string[] {
  const { bold, dim } = paints(terminal);
  const { asOf, region } = report.prices;
  const items = report.items.map(({ item, detail, usd, isApart }) => [
    ...[item, detail, dollars(usd)],
    isApart ? "" : "watching",
  ]);
  const cadences = report.cadences.map((one) => [
    one.pulseMs === null ? one.cadence : `${one.cadence}, ${one.pulseMs / 1_000} s`,
    `${seconds(one.detectionLeastMs)} to ${seconds(one.detectionMostMs)}`,
    ...[dollars(one.watchingUsd), dollars(one.allUsd)],
    one.cadence === report.cadence ? "this stage" : "",
  ]);
  const { sentinelsUsd, elastiCacheValkeyUsd, elastiCacheRedisUsd } = report.instead;
  return [
    bold(
      `a month of ${report.observers} observers with ${report.groups} groups of ${report.nodes} nodes: ${dollars(report.allUsd)}`,
    ),
    dim(`while nothing happens; prices of ${region} as of ${asOf}, free tiers left out`),
    "",
    ...renderTable(items, "  "),
    "",
    ...renderTable([["cadence", "crash noticed after", "watching", "all", ""], ...cadences], "  "),
    "",
    "beside it, without alarms:",
    `  three Sentinels on t4g.nano: ${dollars(sentinelsUsd)}`,
    `  a pair of cache.t4g.micro in ElastiCache, nodes included: ${dollars(elastiCacheValkeyUsd)} (Valkey), ${dollars(elastiCacheRedisUsd)} (Redis)`,
  ];
}

function paints(terminal: Terminal) {
  return {
    bold: (text: string) => terminal.paint("bold", text),
    dim: (text: string) => terminal.paint("dim", text),
  };
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
