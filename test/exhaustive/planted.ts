import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Hunted, hunted } from "./defects.ts";

/**
 * `npm run explore:planted [-- --only ID --path]`: plants each mistake in a copy of the sources and lets the exploration
 * look for it. Prints what broke after how many moves; fails when a mistake stays unseen.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: { only: { type: "string" }, path: { type: "boolean", default: false } },
});

/** The exploration's lines on the copy with the mistake in it. */
function explore(defect: Hunted): readonly string[] {
  const copy = join(root, ".cache", "explored", defect.id);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const folder of ["lib", "test/exhaustive"]) {
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  }
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  const file = join(copy, defect.file);
  const parts = readFileSync(file, "utf8").split(defect.find);
  if (parts.length !== 2) {
    throw new Error(`${defect.id}: expected its text once in ${defect.file}; mend the defect`);
  }
  writeFileSync(file, parts.join(defect.replace));
  const main = join(copy, "test/exhaustive/main.ts");
  const run = spawnSync(process.execPath, [main, "--scope", defect.scope], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  rmSync(copy, { recursive: true, force: true });
  const lines = run.stdout.trimEnd().split("\n");
  if (lines.at(-1) === "") throw new Error(`${defect.id}: ${run.stderr}`);
  return lines;
}

let unseen = 0;
const wanted = hunted.filter((one) => values.only === undefined || one.id === values.only);
for (const defect of wanted) {
  const lines = explore(defect);
  const last = lines.at(-1) ?? "";
  const found = /^violation of (\S+) after (\d+) moves/.exec(last);
  if (found === null) unseen += 1;
  const how = found === null ? `NOT FOUND (${last})` : `${found[1]} after ${found[2]} moves`;
  console.log(`${defect.id.padEnd(28)} ${defect.scope.padEnd(13)} ${how}`);
  if (values.path && found !== null) {
    console.log(lines.filter((line) => /^ {2}\d+\. /.test(line)).join("\n"));
    console.log(`  ${last}`);
  }
}
console.log(`\n${wanted.length} planted, ${wanted.length - unseen} found, ${unseen} not found`);
process.exit(unseen === 0 ? 0 : 1);
