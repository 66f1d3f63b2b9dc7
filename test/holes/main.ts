import { commandLine, whole } from "../support/command-line.ts";
import { cases } from "./cases.ts";
import { measureCase, type Row, tableOf } from "./measure.ts";

/** `npm run holes`: how large each hole is that docs/limits.md admits, on virtual time, over many seeds. */
const values = commandLine("npm run holes --")
  .description(
    "Measures what the protocol does not protect from, as docs/limits.md states it: lost writes, two writable masters,\n" +
      "and how long a failover takes. Each run is a simulated group under its default settings.",
  )
  .option("--seeds <n>", "runs of each case", whole(1), 200)
  .option("--seed <n>", "the first seed", whole(0), 1)
  .option("--only <word>", "cases whose hole or name contains this word", "")
  .addHelpText(
    "after",
    "\nPrints one table. Exit codes: 0 every bound held; 1 one did not, or a run broke what must hold; 2 wrong usage.",
  )
  .parse()
  .opts<{ readonly seeds: number; readonly seed: number; readonly only: string }>();

const seeds = Array.from({ length: values.seeds }, (_, index) => values.seed + index);
const chosen = cases.filter(({ hole, what }) => `${hole} ${what}`.includes(values.only));
if (chosen.length === 0) {
  console.error(`expected a word of a case's name, got "${values.only}"`);
  process.exit(2);
}
const rows: Row[] = [];
for (const one of chosen) rows.push(...(await measureCase(one, seeds)));
console.log(tableOf(rows));
const exceeded = rows.filter((row) => row.excess !== null);
for (const { hole, what, measure, excess } of exceeded) {
  console.log(`${hole}, ${what}: ${measure.name} exceeds ${measure.bound} in seed ${excess}`);
}
process.exitCode = exceeded.length === 0 ? 0 : 1;
