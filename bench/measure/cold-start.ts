import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { filesOf, watchBundle } from "../../lab/bundle.ts";
import { startSandbox } from "../../lab/lambda/sandbox.ts";
import { labEnvironment, labObservers, startWorld, type World } from "../../lab/world.ts";
import type { Readings, Stage } from "../measurement.ts";
import { connectTo } from "../sides/client.ts";
import { firstOf } from "../sides/nodes.ts";
import { groupLines } from "../sides/timings.ts";

const invocationMs = 10_000;
const probeLimitMs = 10_000;

/** A new process for the packaged function, as a cold start is one, up to the first probe that reaches a node. */
export async function coldStart(stage: Stage): Promise<Readings> {
  const { processes, binary } = stage;
  const bundle = await watchBundle();
  const world = await startWorld({
    ...{ processes, binary, groupLines: groupLines({ crashAfterMs: 0 }) },
  });
  const bootMs = await bootOf(stage);
  const marks = await marksOf(stage, world, bundle);
  const zipped = await Promise.all(
    filesOf(bundle).map(async (name) =>
      deflateRawSync(await readFile(join(dirname(bundle), name))),
    ),
  );
  const { startedAtMs, firstRequestMs, groupsReadMs, firstProbeMs } = marks;
  return {
    bootMs,
    // Of the same process, less what a bare one takes: reading, compiling and running the bundle, and the first signed request.
    loadMs: firstRequestMs - startedAtMs - bootMs,
    tableMs: groupsReadMs - firstRequestMs,
    connectMs: firstProbeMs - groupsReadMs,
    firstProbeMs: firstProbeMs - startedAtMs,
    zippedKB: zipped.reduce((sum, file) => sum + file.length, 0) / 1_000,
  };
}

/** What a process costs that does nothing: Node.js itself, and the sandbox around the function. */
async function bootOf({ processes }: Stage): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "lambda-sentinel-bench-"));
  try {
    const bundle = join(dir, "nothing.mjs");
    await writeFile(bundle, "export const handler = () => null;\n");
    const startedAtMs = performance.now();
    const sandbox = await startSandbox({ bundle, env: {}, processes });
    await sandbox.invoke({}, { timeoutMs: invocationMs });
    const tookMs = performance.now() - startedAtMs;
    await sandbox.kill();
    return tookMs;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface Marks {
  readonly startedAtMs: number;
  readonly firstRequestMs: number;
  readonly groupsReadMs: number;
  readonly firstProbeMs: number;
}

async function marksOf({ processes }: Stage, world: World, bundle: string): Promise<Marks> {
  const probe = await firstProbe(world);
  let firstRequestMs: number | null = null;
  let groupsReadMs: number | null = null;
  world.dynamo.hooks.onRequest = async () => {
    firstRequestMs ??= performance.now();
  };
  world.dynamo.hooks.onApplied = async ({ operation }) => {
    if (operation === "Query") groupsReadMs ??= performance.now();
  };
  const startedAtMs = performance.now();
  const [observer] = labObservers;
  const env = { ...labEnvironment(world), LAMBDA_SENTINEL_OBSERVER: observer };
  const sandbox = await startSandbox({ bundle, env, processes });
  const ended = sandbox.invoke({}, { timeoutMs: invocationMs }).catch(() => null);
  const firstProbeMs = await probe.seenAtMs;
  await sandbox.kill();
  await ended;
  probe.stop();
  if (firstRequestMs === null || groupsReadMs === null) {
    throw new Error("Expected requests to the table before the first probe, got none.");
  }
  return { startedAtMs, firstRequestMs, groupsReadMs, firstProbeMs };
}

/** The master tells of every command that reaches it. */
async function firstProbe(world: World) {
  const redis = connectTo(firstOf(world.nodes), probeLimitMs);
  await redis.connect();
  const monitor = await redis.monitor();
  const seenAtMs = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Expected a probe within ${probeLimitMs} ms, got none.`)),
      probeLimitMs,
    );
    monitor.on("monitor", (_time: string, [command]: readonly string[]) => {
      if (command?.toUpperCase() !== "ROLE") return;
      clearTimeout(timer);
      resolve(performance.now());
    });
  });
  return {
    seenAtMs,
    stop: () => {
      monitor.disconnect();
      redis.disconnect();
    },
  };
}
