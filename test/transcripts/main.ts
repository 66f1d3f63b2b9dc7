import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { commandLine } from "../support/command-line.ts";
import { listTranscripts, perform } from "./transcripts.ts";

/** `npm run transcripts [-- --rewrite] [NAME…]`: runs transcripts and shows, or writes, what they print now. */
const program = commandLine("npm run transcripts --")
  .description(
    "Runs test/transcripts/**/*.txt and compares what they print; --rewrite takes it over.",
  )
  .argument("[names...]", "only transcripts whose path contains one of these")
  .option("--rewrite", "write what is printed now into the files, for review as a diff")
  .parse();
const { rewrite = false } = program.opts<{ rewrite?: boolean }>();
const names = program.args;

let different = 0;
let failed = 0;
const startedMs = performance.now();
const files = listTranscripts().filter(
  (file) => names.length === 0 || names.some((name) => file.includes(name)),
);
if (files.length === 0) {
  program.error(
    `error: expected a transcript whose path contains ${names.join(" or ")}, found none`,
  );
}
for (const file of files) {
  try {
    const before = readFileSync(file, "utf8");
    const after = await perform(file);
    if (after === before) continue;
    different += 1;
    if (rewrite) writeFileSync(file, after);
    else console.log(`${basename(file)} prints something else now:\n${after}`);
  } catch (error) {
    failed += 1;
    console.log(`\n${file}: ${error instanceof Error ? error.message : error}`);
  }
}
const what = rewrite ? "rewritten" : "different";
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
console.log(`${files.length} transcripts in ${seconds} s: ${different} ${what}, ${failed} failed`);
process.exitCode = failed > 0 || (different > 0 && !rewrite) ? 1 : 0;
