import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { root } from "../support/packaged.ts";
import { combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";

const linter = join(root, ".cache/cfn-lint/bin/cfn-lint");
const run = promisify(execFile);

const finding = z.object({
  Level: z.string(),
  Message: z.string(),
  Rule: z.object({ Id: z.string() }),
});
/** cfn-lint ends with a code that is not 0 when it found something; what it found is on its output all the same. */
const failed = z.object({ stdout: z.string() });

async function lint(templates: readonly string[]): Promise<readonly string[]> {
  const output = await run(linter, ["--format", "json", "--", ...templates]).catch(
    (error: unknown) => failed.parse(error),
  );
  const found = z.array(finding).parse(JSON.parse(output.stdout));
  return found.map(({ Level, Rule, Message }) => `${Level} ${Rule.Id} ${Message}`);
}

// `bash scripts/fetch-cfn-lint.sh` brings it.
(existsSync(linter) ? describe : describe.skip)("cfn-lint", () => {
  const stages = new PackagedStages();

  it(`finds nothing in the templates of ${Object.keys(combinations).length} stages but needless dependencies that the framework writes`, async () => {
    await stages.read();
    const files = [...stages.all.values()].flatMap((stage) =>
      Object.keys(stage.templates).map((observer) =>
        join(stage.folderOf(observer), "cloudformation-template-update-stack.json"),
      ),
    );
    const found = await lint(files);
    expect([...new Set(found)].toSorted()).toEqual([
      "Warning W3005 'StatusRole' dependency already enforced by a 'GetAtt' at 'Resources/StatusLambdaFunction/Properties/Role'",
      "Warning W3005 'WatchRole' dependency already enforced by a 'GetAtt' at 'Resources/WatchLambdaFunction/Properties/Role'",
    ]);
  }, 300_000);
});
