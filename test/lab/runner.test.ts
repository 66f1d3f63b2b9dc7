import { describe, expect, test } from "@jest/globals";
import { ProcessRegistry } from "../../lab/processes.ts";
import { echo, holding, isAlive, letGo, lines, reports, start, until } from "./runner-stage.ts";

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
  test("have what every stack's function has in its environment, and what they are given before that", async () => {
    const source = "export const handler = async () => process.env;";
    const plain = await start(source, { env: { LAMBDA_SENTINEL_OBSERVER: "a" } });
    const env = await plain.invoke({});
    expect(env).toMatchObject({ LAMBDA_SENTINEL_OBSERVER: "a", MALLOC_ARENA_MAX: "1" });
    expect(env).not.toHaveProperty("LAMBDA_SENTINEL_PEERS");

    const other = await start(source, { env: { MALLOC_ARENA_MAX: "4" } });
    expect(await other.invoke({})).toMatchObject({ MALLOC_ARENA_MAX: "4" });
  });

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
