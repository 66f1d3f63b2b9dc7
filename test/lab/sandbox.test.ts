import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { InvocationError } from "../../lab/lambda/invocation-error.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../lab/lambda/sandbox.ts";
import { ProcessRegistry } from "../../lab/processes.ts";

const timeoutMs = 20_000;
const sandboxes: Sandbox[] = [];
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sandbox-test-"));
});

afterEach(async () => {
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.kill()));
  await rm(dir, { recursive: true, force: true });
});

async function start(source: string, options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const bundle = join(dir, `bundle-${sandboxes.length}.mjs`);
  await writeFile(bundle, source);
  const sandbox = await startSandbox({ bundle, env: {}, ...options });
  sandboxes.push(sandbox);
  return sandbox;
}

const echo = "export const handler = async (event) => event;";

/** Announces on stdout that the handler runs, and never returns. */
const endless = `export const handler = () => { console.log("running"); return new Promise(() => {
  setInterval(() => {}, 60_000);
}); };`;

async function failure(invocation: Promise<unknown>): Promise<InvocationError> {
  const thrown = await invocation.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (thrown instanceof InvocationError) return thrown;
  throw new Error(`Expected an InvocationError, got ${String(thrown)}.`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("Expected the condition to hold within 10 s, got no change.");
}

/** The state letter of a process, such as T for a stopped one. Linux only. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}

describe("startSandbox", () => {
  test("runs the handler with JSON in and out, in the same process each time", async () => {
    const sandbox = await start(`
      let invocations = 0;
      const { pid } = process;
      export const handler = async (event) => ({ event, invocations: ++invocations, pid });
    `);

    const first = await sandbox.invoke({ wake: { round: 7 } }, { timeoutMs });
    const second = await sandbox.invoke(null, { timeoutMs });

    expect(first).toEqual({ event: { wake: { round: 7 } }, invocations: 1, pid: sandbox.pid });
    expect(second).toEqual({ event: null, invocations: 2, pid: sandbox.pid });
  });

  test("a handler that returns nothing, and not by a promise, is answered with null", async () => {
    const sandbox = await start("export const handler = () => {};");

    expect(await sandbox.invoke({}, { timeoutMs })).toBeNull();
  });

  test("gives Lambda's context, with the time that remains", async () => {
    const sandbox = await start(
      `export const handler = async (_event, { getRemainingTimeInMillis, ...context }) => {
         await 0;
         return { ...context, remainingMs: getRemainingTimeInMillis() };
       };`,
      { functionName: "watch-a", region: "eu-west-1", memoryLimitMb: 512 },
    );

    const context = await sandbox.invoke({}, { timeoutMs, requestId: "request-1" });

    expect(context).toMatchObject({
      awsRequestId: "request-1",
      functionName: "watch-a",
      functionVersion: "$LATEST",
      memoryLimitInMB: "512",
      invokedFunctionArn: "arn:aws:lambda:eu-west-1:000000000000:function:watch-a",
      logGroupName: "/aws/lambda/watch-a",
      logStreamName: expect.stringContaining("[$LATEST]"),
    });
    const remainingMs = Object(context).remainingMs;
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(timeoutMs);
  });

  test("gives Node.js the limits that Lambda does, whatever its own options say", async () => {
    const sandbox = await start(
      "import { getHeapStatistics } from 'node:v8';" +
        "export const handler = async () => [process.execArgv, getHeapStatistics().heap_size_limit / 2 ** 20];",
      { memoryLimitMb: 128, env: { NODE_OPTIONS: "--max-old-space-size=999" } },
    );

    expect(await sandbox.invoke({}, { timeoutMs })).toEqual([
      ["--max-semi-space-size=6", "--max-old-space-size=116"],
      // V8 makes eight of the six, and keeps three of them.
      116 + 3 * 8,
    ]);
  });

  test("has the given environment and Lambda's, and nothing of ours", async () => {
    process.env.SANDBOX_TEST_SECRET = "ours";
    const sandbox = await start("export const handler = async () => process.env;", {
      env: { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1", AWS_ACCESS_KEY_ID: "lab" },
      region: "eu-west-1",
    });
    delete process.env.SANDBOX_TEST_SECRET;

    const env = await sandbox.invoke({}, { timeoutMs });

    expect(env).toMatchObject({
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1",
      AWS_ACCESS_KEY_ID: "lab",
      AWS_REGION: "eu-west-1",
      AWS_LAMBDA_FUNCTION_NAME: "lab",
      _HANDLER: "bundle-0.handler",
      LAMBDA_TASK_ROOT: dir,
    });
    expect(env).not.toHaveProperty("SANDBOX_TEST_SECRET");
    expect(env).not.toHaveProperty("HOME");
  });

  test("has loaded nothing to read TypeScript with, which Lambda's process has not", async () => {
    const sandbox = await start("export const handler = async () => process.moduleLoadList;");
    const loaded = await sandbox.invoke({}, { timeoutMs });
    expect(loaded).toContain("NativeModule internal/modules/esm/translators");
    expect(String(loaded)).not.toContain("internal/deps/amaro");
  });

  test("hands over each line of stdout and stderr", async () => {
    const lines: string[] = [];
    const sandbox = await start(
      `export const handler = async () => { console.log("one\\ntwo"); console.error("three"); };`,
      { onLine: (line) => lines.push(line) },
    );

    await sandbox.invoke({}, { timeoutMs });

    await until(() => lines.length === 3);
    expect(lines).toEqual(expect.arrayContaining(["one", "two", "three"]));
  });

  test("takes one invocation at a time", async () => {
    const sandbox = await start(echo);

    const first = sandbox.invoke(1, { timeoutMs });
    expect(sandbox.busy).toBe(true);
    await expect(sandbox.invoke(2, { timeoutMs })).rejects.toThrow(/Expected a free sandbox/);

    expect(await first).toBe(1);
    expect(sandbox.busy).toBe(false);
  });
});

describe("frozen between invocations", () => {
  const counting = `
    let ticks = 0;
    export const handler = async (event) => {
      if (event === "start") setInterval(() => { ticks += 1; console.log("tick"); }, 1);
      return ticks;
    };
  `;

  test("what a handler leaves running stops at its reply and goes on in the next one", async () => {
    const lines: string[] = [];
    const sandbox = await start(counting, { onLine: (line) => lines.push(line) });
    await sandbox.invoke("start", { timeoutMs });
    // A stopped process runs no timer; elsewhere than on Linux only what follows is shown.
    if (process.platform === "linux") await until(() => stateOf(sandbox.pid) === "T");
    const settled = lines.length;

    await sandbox.invoke("look", { timeoutMs });
    await sandbox.invoke("look", { timeoutMs });
    await until(() => lines.length > settled);
    if (process.platform === "linux") await until(() => stateOf(sandbox.pid) === "T");
  });

  test("a frozen sandbox can be stopped", async () => {
    const sandbox = await start(echo);
    await sandbox.invoke({}, { timeoutMs });

    await sandbox.stop();

    expect(isAlive(sandbox.pid)).toBe(false);
    expect(sandbox.isAlive).toBe(false);
  });

  test("freezing can be turned off", async () => {
    const lines: string[] = [];
    const sandbox = await start(counting, { freeze: false, onLine: (line) => lines.push(line) });

    await sandbox.invoke("start", { timeoutMs });

    await until(() => lines.length > 3);
  });
});

describe("failures", () => {
  test("a thrown error comes with its name and stack, and the sandbox goes on", async () => {
    const sandbox = await start(`export const handler = async (event) => {
      if (event === "fail") throw new RangeError("too far");
      if (event === "text") throw "just text";
      if (event === "big") return 1n;
      return "fine";
    };`);

    const error = await failure(sandbox.invoke("fail", { timeoutMs }));
    expect(error).toMatchObject({ kind: "threw", errorType: "RangeError", message: "too far" });
    expect(error.handlerStack).toContain("bundle-0.mjs");

    const text = await failure(sandbox.invoke("text", { timeoutMs }));
    expect(text).toMatchObject({ kind: "threw", errorType: "string", message: "just text" });
    expect((await failure(sandbox.invoke("big", { timeoutMs }))).errorType).toBe("TypeError");
    expect(await sandbox.invoke("ok", { timeoutMs })).toBe("fine");
  });

  test("is killed at its deadline, in Lambda's words", async () => {
    const sandbox = await start(endless);

    const error = await failure(sandbox.invoke({}, { timeoutMs: 250 }));

    expect(error).toMatchObject({ kind: "timeout", errorType: "Sandbox.Timedout" });
    expect(error.message).toBe("Task timed out after 0.25 seconds");
    expect(isAlive(sandbox.pid)).toBe(false);
    expect((await failure(sandbox.invoke({}, { timeoutMs }))).kind).toBe("stopped");
  });

  test("an end of the process, by itself or by a kill, is reported as an exit", async () => {
    const exiting = await start("export const handler = async () => process.exit(3);");
    const lines: string[] = [];
    const killed = await start(endless, { onLine: (line) => lines.push(line) });

    const byItself = await failure(exiting.invoke({}, { timeoutMs }));
    const invocation = failure(killed.invoke({}, { timeoutMs }));
    await until(() => lines.includes("running"));
    process.kill(killed.pid, "SIGKILL");

    expect(byItself.message).toBe("Runtime exited with error: exit status 3");
    expect((await invocation).message).toBe("Runtime exited with error: signal: SIGKILL");
    expect(killed.isAlive).toBe(false);
  });

  test.each([
    ["cannot be parsed", "export const handler = (;", "SyntaxError"],
    ["throws while it loads", "throw new TypeError('top level');", "TypeError"],
    ["exports no handler", "export const other = 1;", "Runtime.HandlerNotFound"],
  ])("a bundle that %s fails its invocation", async (_name, source, errorType) => {
    const sandbox = await start(source);

    expect(await failure(sandbox.invoke({}, { timeoutMs }))).toMatchObject({
      kind: "init",
      errorType,
    });
    await until(() => !sandbox.isAlive);
  });

  test("ends at once on SIGTERM, and with the registry it was given", async () => {
    const processes = new ProcessRegistry();
    const lines: string[] = [];
    const one = await start(endless, { onLine: (line) => lines.push(line) });
    const two = await start(echo, { processes });
    const running = failure(one.invoke({}, { timeoutMs }));
    await until(() => lines.includes("running"));

    await Promise.all([one.stop(), processes.stopAll()]);

    expect((await running).message).toBe("Runtime exited with error: signal: SIGTERM");
    expect([one.pid, two.pid].map(isAlive)).toEqual([false, false]);
    expect(processes.names()).toEqual([]);
  });
});
