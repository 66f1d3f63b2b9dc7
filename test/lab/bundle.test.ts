import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import * as z from "zod";
import { filesOf, watchBundle } from "../../lab/bundle.ts";

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

/** The bundle, and what it imports before its first line runs. */
async function readAtStart(file: string): Promise<readonly string[]> {
  const source = await readFile(file, "utf8");
  const imported = [...source.matchAll(/\bimport(?:\{[^}]*\}from)?"(\.[^"]+)"/g)];
  const below = imported.map(([, path = ""]) => readAtStart(join(dirname(file), path)));
  return [source, ...(await Promise.all(below)).flat()];
}

test("loads the client of the table at its start, and every other client later", async () => {
  // Prepare
  const bundle = await watchBundle();
  const clients = ["Route53", "Lambda", "SNS", "EventBridge", "SSM", "SecretsManager", "DynamoDB"];
  const namedIn = (sources: readonly string[]) =>
    clients.filter((name) => sources.some((source) => source.includes(`"${name}Client"`)));

  // Act
  const atStart = await readAtStart(bundle);
  const all = await Promise.all(
    filesOf(bundle).map((file) => readFile(join(dirname(bundle), file), "utf8")),
  );

  // Assess
  expect(namedIn(atStart)).toEqual(["DynamoDB"]);
  expect(namedIn(all)).toEqual(clients);
});

test("gives no function its name anew, which would cost every probe a slow object for each", async () => {
  const bundle = await watchBundle();
  const sources = await Promise.all(
    filesOf(bundle).map((file) => readFile(join(dirname(bundle), file), "utf8")),
  );
  const named = /\((\w+),"name",\{value:\w+,configurable:!0\}\)/;
  expect(sources.filter((source) => named.test(source)).length).toBe(0);
});

test("has the small zod alone: the whole one is an eighth of what loading takes", async () => {
  const atStart = await readAtStart(await watchBundle());

  const named = (name: string) => atStart.some((source) => source.includes(`"${name}"`));

  expect(named("ZodMiniObject")).toBe(true);
  expect(named("ZodObject")).toBe(false);
}, 60_000);
