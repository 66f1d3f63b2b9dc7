import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

/** `scripts/test-all.sh` with suites that only say that they ran. */

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const inTurn = [
  "test",
  "test:simulated",
  "test:infra",
  "test:browser",
  "test:valkey",
  "test:parity",
];

let stage: string;

beforeEach(async () => {
  stage = mkdtempSync(join(tmpdir(), "test-all-"));
  for (const folder of ["scripts", "bin", "tmp"]) mkdirSync(join(stage, folder));
  await copyFile(pathOf("../../scripts/test-all.sh"), join(stage, "scripts/test-all.sh"));
  await copyFile(pathOf("stub-npm.sh"), join(stage, "bin/npm"));
});

afterEach(() => rmSync(stage, { recursive: true, force: true }));

/** What a suite does, by its file's ending: see stub-npm.sh. */
function plan(suite: string, what: "code" | "hangs" | "after", words = ""): Promise<void> {
  return writeFile(join(stage, `${suite}.${what}`), words);
}

interface Run {
  readonly child: ChildProcess;
  readonly end: Promise<{ readonly code: number | null; readonly said: string }>;
}

/** In a process group of its own, as a shell or a CI runner starts it. */
function start(): Run {
  const env = {
    ...process.env,
    PATH: `${join(stage, "bin")}:${process.env.PATH}`,
    STUB_STAGE: stage,
    TMPDIR: join(stage, "tmp"),
  };
  const script = join(stage, "scripts/test-all.sh");
  const child = spawn("bash", [script], { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const end = once(child, "close").then(([code]) => ({ code, said }));
  return { child, end };
}

function lines(file: string): readonly string[] {
  const path = join(stage, file);
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

const started = () => lines("started").map((line) => line.split(" ")[0] ?? "");

function isRunning(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

async function expectNothingLeft(): Promise<void> {
  // What a suite started is told to end with it, and is nobody's child by then.
  const patientUntilMs = performance.now() + 2_000;
  while (lines("pids").some(isRunning) && performance.now() < patientUntilMs) await sleep(20);
  expect(lines("pids").filter(isRunning)).toEqual([]);
  expect(readdirSync(join(stage, "tmp"))).toEqual([]);
}

describe("npm run test:all", () => {
  it("runs every suite, those beside it at the lowest priority, and prints what they say", async () => {
    const { code, said } = await start().end;

    expect(code).toBe(0);
    expect([...started()].sort()).toEqual([...inTurn].sort());
    expect(lines("started")).toEqual(
      expect.arrayContaining(["test:simulated 19", "test:browser 19"]),
    );
    for (const suite of inTurn) expect(said.split(`${suite} speaks\n`)).toHaveLength(2);
    await expectNothingLeft();
  });

  it.each(inTurn)("ends at a failure of %s with its exit code", async (suite) => {
    await plan(suite, "code", "3");
    if (suite !== "test:simulated") await plan("test:simulated", "hangs");

    const { code, said } = await start().end;

    expect(code).toBe(3);
    expect(said).toContain(`${suite} speaks\n`);
    await expectNothingLeft();
  });

  it("hears of a failure beside a suite when that suite ends", async () => {
    await plan("test:simulated", "code", "4");
    await plan("test:infra", "after", "test:simulated");

    const { code, said } = await start().end;

    expect(code).toBe(4);
    expect(said).toContain(
      "=== npm run test:simulated, which ran beside it\ntest:simulated speaks",
    );
    expect(started()).toEqual(expect.arrayContaining(["test", "test:simulated", "test:infra"]));
    expect(started()).toHaveLength(3);
    await expectNothingLeft();
  });

  it.each([
    ["SIGINT", "itself"],
    ["SIGTERM", "itself"],
    ["SIGINT", "its process group"],
    ["SIGTERM", "its process group"],
  ] as const)("ends at once at %s to %s, with all that it started", async (signal, to) => {
    await plan("test:simulated", "hangs");
    await plan("test:infra", "hangs");
    const { child, end } = start();
    // Two suites, each with a process of its own beside it.
    while (lines("pids").length < 5) await sleep(20);

    process.kill(to === "itself" ? Number(child.pid) : -Number(child.pid), signal);
    const { code } = await end;

    expect(code).toBe(130);
    await expectNothingLeft();
  });
});
