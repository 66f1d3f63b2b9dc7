import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { root } from "./packaged.ts";

const linter = join(root, ".cache/cfn-lint/bin/cfn-lint");
const run = promisify(execFile);

/** Whether `bash scripts/fetch-cfn-lint.sh` brought it. */
export const isLinterThere = existsSync(linter);

/** What the framework itself writes into each stack. */
export const needlessDependency =
  "Warning W3005 'WatchRole' dependency already enforced by a 'GetAtt' at 'Resources/WatchLambdaFunction/Properties/Role'";

/** And what it adds in the one with a status page. */
export const needlessDependencies = [
  "Warning W3005 'StatusRole' dependency already enforced by a 'GetAtt' at 'Resources/StatusLambdaFunction/Properties/Role'",
  needlessDependency,
];

const finding = z.object({
  Level: z.string(),
  Message: z.string(),
  Rule: z.object({ Id: z.string() }),
});
/** cfn-lint ends with a code that is not 0 when it found something; what it found is on its output all the same. */
const failed = z.object({ stdout: z.string() });

/** What cfn-lint finds in the templates, one line each. */
export async function lint(templates: readonly string[]): Promise<readonly string[]> {
  const output = await run(linter, ["--format", "json", "--", ...templates]).catch(
    (error: unknown) => failed.parse(error),
  );
  const found = z.array(finding).parse(JSON.parse(output.stdout));
  return found.map(({ Level, Rule, Message }) => `${Level} ${Rule.Id} ${Message}`);
}
