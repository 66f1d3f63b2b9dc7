import { join } from "node:path";
import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { cadences } from "../../lib/core/cadence.ts";
import { deploymentOf } from "../../lib/cost/deployment.ts";
import { type Deployment, type Estimate, estimate } from "../../lib/cost/estimate.ts";
import { prices, sentinelsMonth } from "../../lib/cost/prices.ts";
import { loadStageFile } from "../../lib/deploy/stage.ts";
import { root } from "../raw.ts";
import { groupNames } from "../sides/quiet-servers.ts";
import { table } from "./tables.ts";
import type { Target } from "./targets.ts";

const groupsCount = 10;
const mostUsd = 2;
/** The promise is one of this rhythm. */
const promised = { cadence: "pulse", pulseMs: 5_000 } as const;

/** The example stage, three observers in one region, with ten groups of three nodes and default settings. */
export async function tenGroups(): Promise<Deployment> {
  const read = await loadStageFile(join(root, "infra", "stages", "example.yml"));
  if (!read.ok) throw new Error(`Expected a valid stage, got ${JSON.stringify(read.problems)}`);
  const text = [
    `observers: [${read.stage.observers.map(({ name }) => name).join(", ")}]`,
    "groups:",
    ...groupNames(groupsCount).map(
      (name, index) =>
        `  - { name: ${name}, nodes: ["10.0.${index}.1:6379", "10.0.${index}.2:6379", "10.0.${index}.3:6379"] }`,
    ),
  ].join("\n");
  const loaded = loadConfig(text, "bench.yml");
  if (!loaded.ok) throw new Error(`Expected a valid file, got ${JSON.stringify(loaded.problems)}`);
  const groups = loaded.groups.map((draft) => toGroupConfig(draft, 1));
  return deploymentOf(read.stage, groups);
}

/** Computed, by what `lambda-sentinel cost` prints. */
export function dollarTarget(deployment: Deployment): Target {
  const ours = estimate({ ...deployment, rhythm: promised }).watchingUsd / deployment.observers;
  return {
    what: `watching ${groupsCount} groups by a pulse of 5 s, computed: each observer (Sentinel: a t4g.nano of three)`,
    unit: "$ a month",
    sentinel: sentinelsMonth() / 3,
    ours,
    promise: `at most ${mostUsd}, metrics and alarms apart`,
    verdict: ours <= mostUsd ? "reached" : "missed",
    profile: null,
  };
}

/** What a month costs in each cadence, and what is paid for beside it. */
export function dollarLines(deployment: Deployment): readonly string[] {
  const of = (rhythm: Deployment["rhythm"]): Estimate => estimate({ ...deployment, rhythm });
  const { pulseMs } = promised;
  const rows = cadences.map((cadence) => {
    const { watchingUsd } = of({ cadence, pulseMs });
    return [cadence, usd(watchingUsd / deployment.observers), usd(watchingUsd)];
  });
  const apart = of(promised).items.filter(({ isApart }) => isApart);
  return [
    `Computed, by prices of ${prices.region} as of ${prices.asOf} without free tiers: \`lambda-sentinel cost\` has each item, and its counts are held against simulated minutes by \`test/cost/traffic.test.ts\`. ${groupsCount} groups of three nodes, default settings, a table in one region.\n`,
    `${table(["cadence", "watching, each observer", "all three"], rows)}\n`,
    `Apart from that: ${apart.map(({ item, detail, usd: each }) => `${item}, ${detail}, ${usd(each)}`).join("; ")}. Three Sentinels on t4g.nano: ${usd(sentinelsMonth())}.\n`,
  ];
}

function usd(value: number): string {
  return `$${value.toFixed(2)}`;
}
