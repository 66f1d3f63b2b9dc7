import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import * as z from "zod";
import { watchBundle } from "../../lab/bundle.ts";

/** What the built function costs at its start, counted in what it loads: times would depend on the machine. */

const run = promisify(execFile);

/** The modules of Node's own that a new process has loaded once it has loaded the bundle. */
async function builtInsOf(bundle: string): Promise<readonly string[]> {
  const code = `await import(${JSON.stringify(pathToFileURL(bundle).href)});
    process.stdout.write(JSON.stringify(process.moduleLoadList), () => process.exit(0));`;
  const env = { AWS_REGION: "eu-west-1", LAMBDA_SENTINEL_OBSERVER: "a" };
  const args = ["--input-type=module", "--eval", code];
  const { stdout } = await run(process.execPath, args, { env });
  return z.array(z.string()).parse(JSON.parse(stdout));
}

test("loads no second HTTP client, which an import of node:http would bring", async () => {
  const loaded = await builtInsOf(await watchBundle());
  expect(loaded).toContain("NativeModule _http_client");
  expect(loaded.filter((name) => name.includes("undici"))).toEqual([]);
}, 60_000);
