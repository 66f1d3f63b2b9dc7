// Writes the documents that are generated from code; with --check it only says which are stale.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { renderJsonSchema, renderSettings } from "../lib/config/docs.ts";
import { renderFindings } from "./findings-page.ts";
import { renderMetrics } from "./metrics-page.ts";
import { renderRules } from "./rules-page.ts";

interface GeneratedDocument {
  /** From the project's root. */
  readonly path: string;
  readonly render: () => string;
}

const documents: readonly GeneratedDocument[] = [
  { path: "docs/settings.md", render: renderSettings },
  { path: "docs/groups.schema.json", render: renderJsonSchema },
  { path: "docs/rules.md", render: renderRules },
  { path: "docs/metrics.md", render: renderMetrics },
  { path: "docs/doctor.md", render: renderFindings },
];

const isCheck = process.argv.includes("--check");
const stale: string[] = [];

for (const { path, render } of documents) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const wanted = render();
  const found = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (found === wanted) continue;
  if (isCheck) stale.push(path);
  else {
    await writeFile(file, wanted);
    console.log(`wrote ${path}`);
  }
}

if (stale.length > 0) {
  console.error(
    `expected generated documents to be current, got stale ones: ${stale.join(", ")}; ` +
      "run `npm run docs:write` and commit what it changes",
  );
  process.exitCode = 1;
}
