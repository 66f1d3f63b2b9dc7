import { parseArgs } from "node:util";
import { runSeed, type SeedResult } from "./run-seed.ts";
import type { SeedRecord } from "./seed-record.ts";

/** `npm run sim -- --seeds N --seed S [--trace]`: N consecutive seeds from S. */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    /** Ends at the first violation. */
    first: { type: "boolean", default: false },
  },
});

const vacuousFrom = 20;
const first = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const count = Number(values.seeds);
const startedMs = performance.now();
const results: SeedResult[] = [];
let failures = 0;
console.log(`seeds ${first} to ${first + count - 1}`);
for (let seed = first; seed < first + count; seed += 1) {
  const result = await runSeed({
    seed,
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  });
  results.push(result);
  if (result.violation === null) continue;
  failures += 1;
  console.log(`\nseed ${seed}: ${result.violation.message}`);
  console.log(`families: ${result.swarm.families.join(", ")}`);
  if (!values.trace && failures <= 3) console.log(result.lines.join("\n"));
  if (values.first) break;
}
const sum = (pick: (record: SeedRecord) => number) =>
  results.reduce((total, result) => total + pick(result.record), 0);
const hours = sum((one) => one.virtualMs) / 3_600_000;
const minutes = (performance.now() - startedMs) / 60_000;
console.log(
  `\n${results.length} seeds, ${failures} with a violation; ${hours.toFixed(1)} group-hours in ${minutes.toFixed(1)} min (${(hours / minutes).toFixed(1)} a minute); ` +
    `${sum((one) => one.failovers)} failovers, ${sum((one) => one.switchovers)} switchovers, ${sum((one) => one.failedEpochs)} failed epochs, ` +
    `${sum((one) => one.ambiguousWrites)} ambiguous writes, ${sum((one) => one.acknowledged)} acknowledged, ${sum((one) => one.lost)} lost`,
);
const fired = new Set(results.flatMap((one) => Object.keys(one.record.rules)));
console.log(`rules: ${[...fired].sort().join(" ")}`);
/** A run in which nothing happened proves nothing. */
const isVacuous =
  count >= vacuousFrom &&
  [
    sum((one) => one.failovers),
    sum((one) => one.ambiguousWrites),
    sum((one) => one.acknowledged),
  ].includes(0);
if (isVacuous)
  console.log("this run had no failover, no ambiguous write or no traffic: it proves nothing");
process.exit(failures === 0 && !isVacuous ? 0 : 1);
