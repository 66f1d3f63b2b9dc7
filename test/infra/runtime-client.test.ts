import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { InvocationError } from "../../lab/lambda/invocation-error.ts";
import { type InvocableFunction, startInvokeApi } from "../../lab/lambda/invoke-api.ts";
import type { StartSandbox } from "../../lab/lambda/sandbox.ts";
import { openRoute } from "../../lab/tcp-route.ts";
import type { World } from "../../lab/world.ts";
import { expectSettled } from "../support/assess.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";
import { readPackaged } from "../support/packaged.ts";
import { until } from "../support/redis-lab.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";
import {
  type ClientSandbox,
  isClientThere,
  isFrozen,
  type PackagedFunction,
  startClientSandbox,
  unpack,
} from "../support/runtime-client.ts";
import type { Combination } from "./combinations.ts";

/** Three observers in three regions, which wake each other. */
const stage: Combination = "third-region-outside";
const regions = ["us-east-1", "ap-southeast-2", "us-west-2"];
const functions = new Map<string, PackagedFunction>();
let folder: string;

/** Lambda gives a function so long to load. */
const initLimitMs = 10_000;
/** An invocation keeps a second for its answer and three for effects, and a shift has what is left. */
const shiftOfASecondMs = 5_000;

// `bash scripts/fetch-lambda-client.sh` brings the client.
if (!isClientThere) {
  console.warn(
    "SKIPPED: the packaged zip was not run under Lambda's runtime client; bash scripts/fetch-lambda-client.sh brings it",
  );
}
const describeClient = isClientThere ? describe : describe.skip;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-zip-"));
  const { templates, folderOf } = await readPackaged(`test-${stage}`);
  for (const region of regions) {
    const template = templates[region];
    if (template === undefined) throw new Error(`expected a stack of ${region} in ${stage}`);
    const zip = join(folderOf(region), "watch.zip");
    functions.set(region, await unpack(template, zip, join(folder, region)));
  }
});
afterAll(() => rm(folder, { recursive: true }));

function packagedOf(region: string): PackagedFunction {
  const found = functions.get(region);
  if (found === undefined) throw new Error(`expected a function of ${region}, got none`);
  return found;
}

describeClient("a packaged stage under Lambda's own client", () => {
  afterEach(stopRigs);

  it("starts cold, hands over from shift to shift, and fails over with its peers awake", async () => {
    // Prepare
    const started: ClientSandbox[] = [];
    const wakes = new Set<string>();
    const rig = await startStage(started, wakes);
    const { timeline, world } = rig;
    const before = await rig.state();
    const oldMaster = before.master?.node ?? "";

    // Act
    await rig.node(oldMaster).kill();
    const promoted = await timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
    );
    await expectSettled(rig, promoted.node ?? "");
    for (const region of regions) {
      await timeline.eventually(
        `the end of a shift of ${region}`,
        (one) => one.observer === region && one.message.includes("has taken over"),
      );
    }

    // Assess
    expect(await rig.state()).toMatchObject({ epoch: before.epoch + 1 });
    expect(timeline.named("+switch-master")).toHaveLength(1);
    expect(wakes.size).toBeGreaterThanOrEqual(2);
    for (const { initMs } of started) expect(await initMs).toBeLessThan(initLimitMs);
    const all = regions.flatMap((region) => world.runners.get(region)?.sandboxes ?? []);
    await until(() => all.some((one) => !one.busy && isFrozen(one)));
  }, 90_000);
});

describeClient("a packaged function under Lambda's own client", () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  /** One function with a table, without any group, and the lines that it prints. */
  async function startAlone(env: Readonly<Record<string, string>> = {}) {
    const lab = await DynamoLab.start();
    open.unshift(() => lab.close());
    const { hostname: host, port } = new URL(lab.standIn.endpoint);
    const route = await openRoute({ host, port: Number(port) });
    open.unshift(() => route.close());
    const lines: string[] = [];
    const sandbox = await startClientSandbox(packagedOf("us-west-2"), {
      env: {
        AWS_ENDPOINT_URL_DYNAMODB: `http://${route.address}`,
        AWS_ACCESS_KEY_ID: "lab",
        AWS_SECRET_ACCESS_KEY: "lab",
        LAMBDA_SENTINEL_TABLE: table,
        ...env,
      },
      onLine: (line) => lines.push(line),
    });
    open.unshift(() => sandbox.kill());
    return { sandbox, lab, route, lines };
  }

  it("sleeps between invocations, and watches on in the next one without its connections", async () => {
    const { sandbox, route, lines } = await startAlone();
    const first = await sandbox.invoke({}, { timeoutMs: shiftOfASecondMs });
    await until(() => isFrozen(sandbox));

    await route.set("refusing");
    await route.set("open");
    const second = await sandbox.invoke({}, { timeoutMs: shiftOfASecondMs });

    expect(first).toMatchObject({ shift: expect.stringMatching(/^us-west-2\/1\./) });
    expect(second).toMatchObject({ shift: expect.stringMatching(/^us-west-2\/2\./) });
    expect(lines.filter(isTrouble)).toEqual([]);
    await until(() => isFrozen(sandbox));
  }, 30_000);

  it("ends early by an error where its time is up, not by a kill, and serves the next invocation", async () => {
    const { sandbox, lab, lines } = await startAlone();
    lab.standIn.faults.hang = true;

    // The table's first answer is waited for longer than this invocation has.
    const early = await failureOf(sandbox.invoke({}, { timeoutMs: 2_500 }));
    lab.standIn.faults.hang = false;
    const next = await sandbox.invoke({}, { timeoutMs: shiftOfASecondMs });

    expect(early).toMatchObject({
      kind: "threw",
      message: "[AbortError]: The operation was aborted.",
    });
    expect(lines.some(isTrouble)).toBe(true);
    expect(next).toMatchObject({ shift: expect.stringMatching(/^us-west-2\/1\./), groups: [] });
  }, 30_000);

  it("says at its start what its environment lacks, and is gone", async () => {
    const { sandbox } = await startAlone({ LAMBDA_SENTINEL_OBSERVER: "" });

    const failure = await failureOf(sandbox.invoke({}, { timeoutMs: shiftOfASecondMs }));

    expect(failure).toMatchObject({ kind: "init", errorType: "Error" });
    expect(failure.message).toContain("environment is not complete: LAMBDA_SENTINEL_OBSERVER");
    await until(() => !sandbox.isAlive);
  });

  it("is ended by an error that nobody caught, as the lab's own sandboxes are", async () => {
    const loose = 'setTimeout(() => { throw new RangeError("loose"); }, 2_000);';
    const { sandbox, lines } = await startAlone({
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(loose)}`,
    });

    const failure = await failureOf(sandbox.invoke({}, { timeoutMs: 20_000 }));

    expect(failure).toMatchObject({ kind: "exit", errorType: "Runtime.ExitError" });
    expect(lines).toContain("RangeError: loose");
  });
});

/** A world whose observers are the packaged functions, reachable for each other by their packaged names. */
async function startStage(started: ClientSandbox[], wakes: Set<string>): Promise<Rig> {
  const worlds: World[] = [];
  const api = await startInvokeApi({
    functions: () =>
      worlds.flatMap((world) => regions.map((region) => wakeable(region, world, wakes))),
  });
  const startPackaged: StartSandbox = async (options) => {
    const packaged = packagedOf(options.env.LAMBDA_SENTINEL_OBSERVER ?? "");
    const sandbox = await startClientSandbox(packaged, options);
    started.push(sandbox);
    return sandbox;
  };
  return startRig({
    observers: regions,
    scheduleMs: 6_000,
    startSandbox: startPackaged,
    functionEnv: { AWS_ENDPOINT_URL_LAMBDA: api.endpoint },
    prepare: async (world) => {
      worlds.push(world);
      const stop = () => api.close();
      world.options.processes.add({ name: "invoke API", stop, killNow: () => {} });
    },
  });
}

/** An observer of the world under the name and in the region that its template says. */
function wakeable(region: string, world: World, wakes: Set<string>): InvocableFunction {
  const runner = world.runners.get(region);
  if (runner === undefined) throw new Error(`expected a runner of ${region}, got none`);
  return {
    functionName: packagedOf(region).functionName,
    region,
    invoke: (event, requestId) => runner.invoke(event, requestId),
    invokeAsync: (event, requestId) => {
      wakes.add(region);
      runner.invokeAsync(event, requestId);
    },
  };
}

async function failureOf(invocation: Promise<unknown>): Promise<InvocationError> {
  const thrown = await invocation.catch((error: unknown) => error);
  if (thrown instanceof InvocationError) return thrown;
  throw new Error(`expected an InvocationError, got ${JSON.stringify(thrown)}`);
}

function isTrouble(line: string): boolean {
  return /"level":"(WARN|ERROR)"/.test(line);
}
