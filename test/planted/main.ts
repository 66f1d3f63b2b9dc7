import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Defect, defects } from "./defects.ts";

/**
 * `npm run planted [-- --only ID --seeds N]`: plants each defect in a copy of the sources and lets the simulator look for
 * it. Prints what found it and after how many seeds; fails when one stays unseen.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: { only: { type: "string" }, seeds: { type: "string", default: "200" } },
});

interface Found {
  readonly seeds: number;
  readonly invariant: string;
}

/** Plants one defect and runs seeds until one of them fails; null when none does. */
function hunt(defect: Defect, seeds: number): Found | null {
  const copy = join(root, ".cache", "planted", defect.id);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const folder of ["lib", "test/simulator"]) {
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  }
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  const file = join(copy, defect.file);
  const source = readFileSync(file, "utf8");
  const parts = source.split(defect.find);
  if (parts.length !== 2) {
    throw new Error(
      `${defect.id}: expected its text once in ${defect.file}, got it ${parts.length - 1} times; mend the defect`,
    );
  }
  writeFileSync(file, parts.join(defect.replace));
  const run = spawnSync(
    process.execPath,
    [
      join(copy, "test/simulator/main.ts"),
      ...["--seed", "1", "--seeds", String(seeds), "--first", "--no-shrink", "--no-ledger"],
    ],
    { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  rmSync(copy, { recursive: true, force: true });
  const failed = /^seed (\d+): (\S+): /m.exec(run.stdout);
  if (failed === null && run.status !== 0) throw new Error(`${defect.id}: ${run.stderr}`);
  return failed === null ? null : { seeds: Number(failed[1]), invariant: failed[2] ?? "" };
}

const wanted = defects.filter((one) => values.only === undefined || one.id === values.only);
let unseen = 0;
for (const defect of wanted) {
  const found = hunt(defect, Number(values.seeds));
  if (found === null) unseen += 1;
  const how =
    found === null
      ? `NOT FOUND in ${values.seeds} seeds`
      : `${found.invariant.padEnd(6)} after ${String(found.seeds).padStart(3)} seeds`;
  console.log(`${defect.id.padEnd(30)} ${how}  ${defect.title}`);
}
console.log(`\n${wanted.length} planted, ${wanted.length - unseen} found, ${unseen} not found`);
process.exit(unseen === 0 ? 0 : 1);
