import type { Course } from "../holes/death.ts";
import { type CalmRecord, runHour } from "../simulator/calm-seed.ts";
import { commandLine, whole } from "../support/command-line.ts";
import { runDeath } from "./deaths.ts";
import { type Point, points } from "./points.ts";
import { type Row, tableOf } from "./table.ts";

/** `npm run tuning`: what moving a knob gains in time and costs in false alarms, on virtual time, over many seeds. */
interface TuningOptions {
  readonly seeds: number;
  readonly seed: number;
  readonly hours: number;
  readonly only: string;
}

const values = commandLine("npm run tuning --")
  .description(
    "Compares settings, one knob at a time: how long a killed and a hung master go unreplaced, and how often noise alone\n" +
      "opens a round or fails over (the noise of npm run sim:calm).",
  )
  .option("--seeds <n>", "deaths of each kind for each setting", whole(1), 100)
  .option("--seed <n>", "the first seed", whole(0), 1)
  .option("--hours <n>", "group-hours of noise for each setting", whole(0), 100)
  .option("--only <word>", "settings whose knob or value contains this word", "")
  .addHelpText(
    "after",
    "\nPrints one table. Exit codes: 0 measured; 1 a run broke what must hold; 2 wrong usage.",
  )
  .parse()
  .opts<TuningOptions>();

async function measure(point: Point, { seeds, seed: first, hours }: TuningOptions): Promise<Row> {
  const kill: Course[] = [];
  const hang: Course[] = [];
  const noise: CalmRecord[] = [];
  for (let seed = first; seed < first + seeds; seed += 1) {
    kill.push(await runDeath(seed, "kill", point.settings));
    hang.push(await runDeath(seed, "hang", point.settings));
  }
  for (let seed = first; seed < first + hours; seed += 1) {
    const record = await runHour(seed, point.settings);
    if (record.violation !== null) throw new Error(`seed ${seed}: ${record.violation}`);
    noise.push(record);
  }
  return { point, deaths: { kill, hang }, noise };
}

const chosen = points.filter(({ knob, says }) => `${knob} ${says}`.includes(values.only));
if (chosen.length === 0) {
  console.error(`expected a word of a knob's name or value, got "${values.only}"`);
  process.exit(2);
}
const rows: Row[] = [];
for (const point of chosen) {
  rows.push(await measure(point, values));
  console.error(`${point.knob} ${point.says}: measured`);
}
console.log(tableOf(rows));
