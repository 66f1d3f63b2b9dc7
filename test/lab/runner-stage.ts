import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InvocationType, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach } from "@jest/globals";
import {
  type ObserverRunner,
  type ObserverRunnerOptions,
  type RunnerReport,
  startObserverRunner,
} from "../../lab/lambda/runner.ts";

/** Runners that end with each test, and what they said. */

const runners: ObserverRunner[] = [];
const clients: LambdaClient[] = [];
export let dir: string;
export let reports: RunnerReport[];
export let lines: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "runner-test-"));
  reports = [];
  lines = [];
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(runners.splice(0).map((runner) => runner.stop({ graceful: false })));
  await rm(dir, { recursive: true, force: true });
});

export async function start(
  source: string,
  options: Partial<ObserverRunnerOptions> = {},
): Promise<ObserverRunner> {
  const bundle = join(dir, "watch.mjs");
  await writeFile(bundle, source);
  const runner = await startObserverRunner({
    bundle,
    observer: "a",
    region: "eu-west-1",
    env: {},
    shiftTimeoutMs: 20_000,
    scheduleMs: "off",
    onLine: (line) => lines.push(line),
    onReport: (report) => reports.push(report),
    ...options,
  });
  runners.push(runner);
  return runner;
}

export function lambda(endpoint: string, region = "eu-west-1"): LambdaClient {
  const client = new LambdaClient({
    endpoint,
    region,
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

export const invocation = (
  FunctionName: string,
  InvocationType: InvocationType,
  event: unknown = {},
) => new InvokeCommand({ FunctionName, InvocationType, Payload: JSON.stringify(event) });

/** Holds each event in its sandbox until a file of its name is written; prints when it begins. */
export function holding(): string {
  return `
    import { existsSync } from "node:fs";
    export const handler = async (event) => {
      console.log("begin " + event.name);
      while (!existsSync(${JSON.stringify(dir)} + "/" + event.name)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return event.name;
    };
  `;
}

export const letGo = (name: string) => writeFile(join(dir, name), "");
export const echo = "export const handler = async (event) => event;";

export async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("Expected the condition to hold within 15 s, got no change.");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
