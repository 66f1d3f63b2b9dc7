import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Deployment } from "../../lib/cost/estimate.ts";
import type { Measurement } from "../measurement.ts";
import { wholePairs } from "../options.ts";
import { type Machine, type RawResults, root, type Sample } from "../raw.ts";
import {
  downAfterMs,
  groupsLimitMs,
  pingPeriodMs,
  replicaPingPeriodSeconds,
} from "../sides/timings.ts";
import { type Chart, chartsOf } from "./charts.ts";
import { dollarLines, dollarTarget, tenGroups } from "./dollars.ts";
import { Figures } from "./figures.ts";
import { missedLines } from "./profiles.ts";
import {
  failureLines,
  formatNumber,
  missingRuns,
  propagationTable,
  readingsTable,
  targetTable,
} from "./tables.ts";
import { targetsOf } from "./targets.ts";

/** What docs/clients.md recommends. */
const ttlSeconds = 5;

/** Writes bench/RESULTS.md and its pictures. */
export async function writeResults(raw: RawResults, all: readonly Measurement[]): Promise<void> {
  const figures = new Figures(raw.samples);
  const charts = chartsOf(figures);
  const folder = join(root, "bench", "pictures");
  await mkdir(folder, { recursive: true });
  for (const { name, svg } of charts) await writeFile(join(folder, name), svg);
  const page = resultsPage(raw.samples, raw.machines, all, charts, await tenGroups());
  await writeFile(join(root, "bench", "RESULTS.md"), page);
}

export function resultsPage(
  samples: readonly Sample[],
  machines: readonly Machine[],
  all: readonly Measurement[],
  charts: readonly Pick<Chart, "name" | "says">[],
  bill: Deployment,
): string {
  const figures = new Figures(samples);
  const missing = missingRuns(figures, all, wholePairs);
  const failures = failureLines(samples);
  const measured = all.filter(({ name }) => figures.named(name).includes(name));
  const targets = [...targetsOf(figures), dollarTarget(bill)];
  const missed = missedLines(targets);
  return [
    "# What was measured, beside Redis Sentinel\n",
    "Written by `npm run bench`; don't edit it here. What was tried, and what it gave, stands in [NOTES.md](NOTES.md).\n",
    ...(missing.length === 0 ? [] : [`**Not a result yet**, for want of ${listed(missing)}.\n`]),
    conditions(samples, machines),
    "## Targets\n",
    "Medians, and of a cap the most of all runs. What was promised was written down before anything was measured; the rows of 20 groups came later, with the promise of 200. How long it takes to notice, and how often that is wrong, by cadence and setting, is in [docs/tuning.md](../docs/tuning.md).\n",
    `${targetTable(targets)}\n`,
    `Where a group had no new master after ${groupsLimitMs / 1_000} s, the last one counts as that limit, on either side, and a promise that is reached by it says no more than that. The last of those that had one stands beside it.\n`,
    ...(missed.length === 0 ? [] : ["### Why they were missed\n", `${bullets(missed)}\n`]),
    "## With the time that DNS takes\n",
    `From the fault to the first acknowledged write. In the lab a change of the name appears at once, and nobody caches. The columns with propagation are computed: the time at once, the propagation, and one whole TTL of ${ttlSeconds} s on top. A client that asks Sentinels waits for none of that.\n`,
    `${propagationTable(figures, ["kill", "crash-300", "hang", "hang-idle"], ttlSeconds)}\n`,
    ...charts.map(({ name, says }) => `![${says}](pictures/${name})\n`),
    "## Dollars\n",
    ...dollarLines(bill),
    "## Every reading\n",
    "Median (the middle half; least to most). ms where the name says so.\n",
    ...measured.map(({ name, says }) =>
      [
        `### ${name}\n`,
        `${says[0]?.toUpperCase()}${says.slice(1)}.\n`,
        `${readingsTable(figures, name)}\n`,
      ].join("\n"),
    ),
    "## What was not measured\n",
    `${bullets(notMeasured(failures))}\n`,
  ].join("\n");
}

function conditions(samples: readonly Sample[], machines: readonly Machine[]): string {
  const kinds = machines.map(
    ({ cores, memoryGiB, system, node, server }) =>
      `${cores} cores, ${memoryGiB} GiB, ${system}, Node.js ${node}, ${server}`,
  );
  const loads = samples.map(({ loadAverage }) => loadAverage);
  const load =
    loads.length === 0
      ? ""
      : ` The load before the runs was ${formatNumber(Math.min(...loads))} to ${formatNumber(Math.max(...loads))}.`;
  return [
    `Machine: ${listed([...new Set(kinds)]) || "none yet"}.${load} Both sides ran on it in turn, each pair in another order, each run with servers of its own.\n`,
    `Both: down after ${downAfterMs} ms, a ping each ${pingPeriodMs} ms (Sentinel by \`SENTINEL DEBUG PING-PERIOD\`; its own default is a second), \`repl-ping-replica-period ${replicaPingPeriodSeconds}\`, a master and two replicas, three observers or Sentinels, quorum 2. Ours also: \`probeTimeoutMs: 200\`, \`crashAfterMs: 0\` but where it says 300, so that silence alone counts as it does for Sentinel, and \`cooldownMs: 0\`, for one failover a run. Who only watches, on both sides: down after 5 s, a ping a second. Many groups at once, real or simulated, have one replica each, real servers of them \`hz 1\`; no shift of ours ends while real ones are looked at ([what it costs](NOTES.md#real-groups-at-once)), and the simulator's table takes 10 ms a request. Everything else is each side's default. The same client writes to both: it looks the master up for every connection, gives a command 250 ms, and looks it up again after any failure; with Sentinel it listens to \`+switch-master\` as well.\n`,
  ].join("\n");
}

function notMeasured(failures: readonly string[]): readonly string[] {
  return [
    "Real AWS: the table, Route 53 and Lambda are the lab's stand-ins, which run beside the observers on the same cores. Networks, cold starts of Lambda itself and DynamoDB's own time are not in here.",
    "Real DNS propagation: computed, as the table says.",
    "A real bill: dollars are computed.",
    "Another method of a planned switchover than the server's own FAILOVER, which was promised: there is no other ([why](../docs/adr/0004-failover-of-a-living-master.md)).",
    "Ten pairs of everything: where hardly anything varies, or a run takes minutes, there are three, as the heads of the tables above say. 1,000 nodes are 999, in groups of three.",
    ...failures.map((line) => `A run that failed and was made again or is missing: ${line}`),
  ];
}

function listed(parts: readonly string[]): string {
  return parts.join("; ");
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
