import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Option } from "commander";
import { type Hunted, hunted } from "../exhaustive/defects.ts";
import { commandLine, whole } from "../support/command-line.ts";
import { type Defect, defects } from "./defects.ts";
import { withPlanted } from "./plant.ts";

/** Plants each mistake in a copy of the sources and lets the simulator, then the exploration look for it. */

const explored = new Map(hunted.map((one) => [one.id, one]));
const simulated = new Map(defects.map((one) => [one.id, one]));
const allIds = [...new Set([...simulated.keys(), ...explored.keys()])];

const program = commandLine("npm run planted --")
  .description(
    "Plants each mistake of test/planted/defects.ts and test/exhaustive/defects.ts in a copy of the sources. Prints what\n" +
      "found it, and after how many seeds or moves. Exit codes: 0 all were found; 1 one stays unseen; 2 wrong usage.",
  )
  .addOption(new Option("--only <id>", "this mistake alone").choices(allIds))
  .option("--seeds <n>", "how many seeds the simulator may try", whole(1), 200)
  .addOption(new Option("--by <finder>", "this finder alone").choices(["simulator", "exploration"]))
  .option("--path", "print the shortest path that the exploration found", false);

interface Options {
  readonly only?: string;
  readonly seeds: number;
  readonly by?: string;
  readonly path: boolean;
}

function run(script: string, args: readonly string[]) {
  return spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** The first invariant that a seed breaks, and after how many seeds; null when none does. */
function simulate(defect: Defect, seeds: number): string | null {
  return withPlanted(defect, "simulator", (copy) => {
    const args = ["--seed", "1", "--seeds", String(seeds), "--first", "--no-shrink", "--no-ledger"];
    const ran = run(join(copy, "test/simulator/main.ts"), args);
    const failed = /^seed (\d+): (\S+): /m.exec(ran.stdout);
    if (failed !== null) return `${failed[2]} after ${failed[1]} seeds`;
    if (ran.status !== 0) throw new Error(`${defect.id}: ${ran.stderr || ran.stdout}`);
    return null;
  });
}

/** What the exploration of the mistake's scope ends with; null when nothing breaks. */
function explore(defect: Hunted, isPathWanted: boolean): string | null {
  return withPlanted(defect, "exhaustive", (copy) => {
    const ran = run(join(copy, "test/exhaustive/main.ts"), ["--scope", defect.scope]);
    const lines = ran.stdout.trimEnd().split("\n");
    const found = /^violation of (\S+) after (\d+) moves/.exec(lines.at(-1) ?? "");
    if (found === null && ran.stderr !== "") throw new Error(`${defect.id}: ${ran.stderr}`);
    if (isPathWanted) console.log(lines.filter((line) => /^ {2}\d+\. /.test(line)).join("\n"));
    return found === null ? null : `${found[1]} after ${found[2]} moves in scope ${defect.scope}`;
  });
}

const options = program.parse().opts<Options>();

/** A mistake with what looks for it in this run; a finder that does not know it is null. */
interface Planted {
  readonly id: string;
  readonly inSeeds: Defect | null;
  readonly inMoves: Hunted | null;
}

function plantedFor(id: string): Planted {
  const isBy = (finder: string) => (options.by ?? finder) === finder;
  return {
    id,
    inSeeds: (isBy("simulator") ? simulated.get(id) : null) ?? null,
    inMoves: (isBy("exploration") ? explored.get(id) : null) ?? null,
  };
}

/** Whether somebody found it, which is told. */
function isFound({ id, inSeeds, inMoves }: Planted): boolean {
  const finds = [
    inSeeds === null ? null : simulate(inSeeds, options.seeds),
    inMoves === null ? null : explore(inMoves, options.path),
  ].filter((find) => find !== null);
  const how = finds.length === 0 ? "NOT FOUND" : finds.join(", ");
  console.log(`${id.padEnd(28)} ${how.padEnd(58)} ${(inSeeds ?? inMoves)?.title ?? ""}`);
  return finds.length > 0;
}

const chosen = allIds.filter((id) => (options.only ?? id) === id).map(plantedFor);
const lookedFor = chosen.filter(({ inSeeds, inMoves }) => inSeeds !== null || inMoves !== null);
if (lookedFor.length === 0) {
  program.error(`error: ${options.only} is not looked for by the ${options.by}`);
}
const found = lookedFor.filter(isFound).length;
const unseen = lookedFor.length - found;
const others = chosen.length - lookedFor.length;
const beside = others === 0 ? "" : `; ${others} are not looked for by the ${options.by}`;
console.log(`\n${lookedFor.length} planted, ${found} found, ${unseen} not found${beside}`);
process.exit(unseen === 0 ? 0 : 1);
