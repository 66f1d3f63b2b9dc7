import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InvocationType, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startInvokeApi } from "../../lab/lambda/invoke-api.ts";
import {
  type ObserverRunner,
  type ObserverRunnerOptions,
  type RunnerReport,
  startObserverRunner,
} from "../../lab/lambda/runner.ts";
import { ProcessRegistry } from "../../lab/processes.ts";

const runners: ObserverRunner[] = [];
const clients: LambdaClient[] = [];
let dir: string;
let reports: RunnerReport[];
let lines: string[];

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

async function start(
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

function lambda(endpoint: string, region = "eu-west-1"): LambdaClient {
  const client = new LambdaClient({
    endpoint,
    region,
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

const invocation = (FunctionName: string, InvocationType: InvocationType, event: unknown = {}) =>
  new InvokeCommand({ FunctionName, InvocationType, Payload: JSON.stringify(event) });

/** Holds each event in its sandbox until a file of its name is written; prints when it begins. */
function holding(): string {
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

const letGo = (name: string) => writeFile(join(dir, name), "");
const echo = "export const handler = async (event) => event;";

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("Expected the condition to hold within 15 s, got no change.");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the schedule", () => {
  test("invokes at once and again, with the event of EventBridge Scheduler", async () => {
    await start(echo, { scheduleMs: 200 });

    // On a busy machine a sandbox may start more slowly than this schedule invokes: that is
    // throttled.
    const succeeded = () => reports.filter(({ kind }) => kind === "succeeded");
    await until(() => succeeded().length >= 3);

    for (const report of succeeded()) {
      expect(report).toMatchObject({
        observer: "a",
        result: {
          source: "aws.scheduler",
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
      });
    }
  });

  test("ends with the runner, and reports nothing afterwards", async () => {
    const runner = await start("export const handler = () => new Promise(() => {});", {
      scheduleMs: 50,
    });
    await until(() => runner.sandboxes.some(({ busy }) => busy));
    const pids = runner.sandboxes.map(({ pid }) => pid);

    await runner.stop({ graceful: true });
    const failures = reports.filter(({ kind }) => kind === "failed");
    await new Promise((resolve) => setTimeout(resolve, 200));

    expect(failures).toEqual([]);
    expect(runner.sandboxes).toEqual([]);
    expect(pids.map(isAlive)).not.toContain(true);
  });
});

describe("sandboxes", () => {
  test("shifts that still run get a second sandbox, a third, and no fourth", async () => {
    const runner = await start(holding());
    for (const name of ["one", "two", "three"]) runner.invokeAsync({ name });
    await until(() => lines.length === 3);
    expect(runner.sandboxes.map(({ busy }) => busy)).toEqual([true, true, true]);
    expect(new Set(runner.sandboxes.map(({ pid }) => pid)).size).toBe(3);

    runner.invokeAsync({ name: "four" }, "request-4");
    await until(() => reports.length === 1);

    expect(reports[0]).toMatchObject({
      kind: "throttled",
      requestId: "request-4",
      error: { kind: "throttled", errorType: "TooManyRequestsException" },
    });
    await Promise.all(["one", "two", "three"].map(letGo));
    await until(() => reports.length === 4);
    expect(runner.sandboxes.some(({ busy }) => busy)).toBe(false);
  });

  test("invocations one after another use one warm sandbox", async () => {
    const runner = await start("export const handler = async () => process.pid;");

    const pids = [await runner.invoke({}), await runner.invoke({}), await runner.invoke({})];

    expect(new Set(pids).size).toBe(1);
    expect(runner.sandboxes).toHaveLength(1);
  });

  test("one killed in its shift is reported, and the next invocation starts another", async () => {
    const runner = await start(holding());
    runner.invokeAsync({ name: "one" });
    await until(() => lines.includes("begin one"));
    const pid = runner.sandboxes.find(({ busy }) => busy)?.pid ?? 0;

    process.kill(pid, "SIGKILL");
    await until(() => reports.length === 1);
    await letGo("two");

    expect(reports[0]).toMatchObject({ kind: "failed", error: { kind: "exit" } });
    expect(await runner.invoke({ name: "two" })).toBe("two");
    expect(runner.sandboxes.map((sandbox) => sandbox.pid)).not.toContain(pid);
  });

  test("a shift beyond its timeout is killed and reported", async () => {
    const runner = await start(holding(), { shiftTimeoutMs: 300 });

    runner.invokeAsync({ name: "never" });
    await until(() => reports.length === 1);

    expect(reports[0]).toMatchObject({
      kind: "failed",
      error: { kind: "timeout", message: "Task timed out after 0.30 seconds" },
    });
    expect(runner.sandboxes).toEqual([]);
  });

  test("are ended by the registry the runner was given", async () => {
    const processes = new ProcessRegistry();
    const runner = await start(echo, { processes });
    await runner.invoke({});
    const [pid = 0] = runner.sandboxes.map((sandbox) => sandbox.pid);
    expect(processes.names()).toEqual(["observer a"]);

    await processes.stopAll();

    expect(isAlive(pid)).toBe(false);
    expect(processes.names()).toEqual([]);
    await expect(runner.invoke({})).rejects.toMatchObject({ kind: "stopped" });
  });
});

describe("the Invoke API", () => {
  test("accepts an Event with 202 and an empty body before it has run", async () => {
    const runner = await start(holding());

    const reply = await lambda(runner.endpoint).send(
      invocation("watch-a", "Event", { name: "woken" }),
    );

    expect(reply.StatusCode).toBe(202);
    expect(reply.Payload?.length ?? 0).toBe(0);
    expect(reports).toEqual([]);
    await letGo("woken");
    await until(() => reports.length === 1);
    expect(reports[0]).toMatchObject({
      kind: "succeeded",
      result: "woken",
      requestId: reply.$metadata.requestId,
    });
  });

  test("does not repeat an Event that failed", async () => {
    const counter = join(dir, "count");
    await writeFile(counter, "");
    const runner = await start(`
      import { appendFileSync } from "node:fs";
      export const handler = async () => {
        appendFileSync(${JSON.stringify(counter)}, "x");
        throw new Error("no");
      };
    `);

    await lambda(runner.endpoint).send(invocation("watch-a", "Event"));
    await until(() => reports.length === 1);
    await expect(runner.invoke({})).rejects.toMatchObject({ kind: "threw" });

    expect(await readFile(counter, "utf8")).toBe("xx");
    expect(reports[0]).toMatchObject({ kind: "failed", error: { message: "no" } });
  });

  test("answers a RequestResponse with the result, or with the error of the handler", async () => {
    const runner = await start(`export const handler = async (event) => {
      if (event.fail) throw new RangeError("too far");
      return { got: event };
    };`);
    const client = lambda(runner.endpoint);

    const good = await client.send(invocation("watch-a", "RequestResponse", { a: 1 }));
    const bad = await client.send(invocation("watch-a", "RequestResponse", { fail: true }));
    const dry = await client.send(invocation("watch-a", "DryRun"));

    expect(JSON.parse(good.Payload?.transformToString() ?? "")).toEqual({ got: { a: 1 } });
    expect(bad.FunctionError).toBe("Unhandled");
    expect(JSON.parse(bad.Payload?.transformToString() ?? "")).toMatchObject({
      errorType: "RangeError",
      errorMessage: "too far",
    });
    expect(dry.StatusCode).toBe(204);
  });

  test("refuses a RequestResponse when no sandbox is free", async () => {
    const runner = await start(holding(), { sandboxesMax: 1 });
    runner.invokeAsync({ name: "one" });
    await until(() => lines.length === 1);

    await expect(
      lambda(runner.endpoint).send(invocation("watch-a", "RequestResponse")),
    ).rejects.toMatchObject({ name: "TooManyRequestsException" });
  });

  test("knows the function by name and ARN, in its own region only", async () => {
    const runner = await start(echo);
    const client = lambda(runner.endpoint);
    const arn = "arn:aws:lambda:eu-west-1:000000000000:function:watch-a";

    for (const name of ["watch-a", arn, `${arn}:$LATEST`, "000000000000:function:watch-a"]) {
      expect((await client.send(invocation(name, "DryRun"))).StatusCode).toBe(204);
    }

    const unknown = { name: "ResourceNotFoundException" };
    await expect(client.send(invocation("watch-b", "DryRun"))).rejects.toMatchObject(unknown);
    const elsewhere = lambda(runner.endpoint, "us-east-1");
    await expect(elsewhere.send(invocation("watch-a", "DryRun"))).rejects.toMatchObject(unknown);
  });

  test("refuses a body that is no JSON", async () => {
    const runner = await start(echo);

    const reply = await fetch(`${runner.endpoint}/2015-03-31/functions/watch-a/invocations`, {
      method: "POST",
      body: "{",
      headers: { connection: "close" },
    });

    expect(reply.status).toBe(400);
    expect(reply.headers.get("x-amzn-errortype")).toBe("InvalidRequestContentException");
    expect(await reply.text()).toContain("Could not parse request body");
  });

  test("one API reaches the observers of all regions", async () => {
    const source = "export const handler = async () => process.env.AWS_REGION;";
    const shared = { functionName: "watch" };
    const here = await start(source, shared);
    const there = await start(source, { ...shared, observer: "b", region: "us-east-1" });
    const api = await startInvokeApi({ functions: () => [here, there] });

    try {
      for (const region of ["eu-west-1", "us-east-1"]) {
        const reply = await lambda(api.endpoint, region).send(
          invocation("watch", "RequestResponse"),
        );
        expect(reply.Payload?.transformToString()).toBe(JSON.stringify(region));
      }
    } finally {
      await api.close();
    }
  });
});
