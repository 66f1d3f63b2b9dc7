import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eachLine, killChild, signalChild, spawnChild } from "../../lab/child.ts";
import { ProcessRegistry } from "../../lab/processes.ts";

let registry: ProcessRegistry;
let dir: string;
let children: ChildProcess[];

beforeEach(async () => {
  registry = new ProcessRegistry();
  children = [];
  dir = await mkdtemp(join(tmpdir(), "processes-test-"));
});

afterEach(async () => {
  for (const child of children) await killChild(child);
  await rm(dir, { recursive: true, force: true });
});

/** Starts a script that says `ready` when its signal handlers are in place. */
async function script(source: string): Promise<{ child: ChildProcess; lines: string[] }> {
  const path = join(dir, `script-${children.length}.ts`);
  await writeFile(path, source);
  const child = await spawnChild(process.execPath, [path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const lines: string[] = [];
  const ready = new Promise<void>((resolve) => {
    eachLine(child.stdout, (line) => {
      if (line === "ready") resolve();
      else lines.push(line);
    });
  });
  await ready;
  return { child, lines };
}

const idle = "setInterval(() => {}, 60_000); console.log('ready');";
const deaf = `process.on("SIGTERM", () => {}); ${idle}`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 400 && isAlive(pid); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(isAlive(pid)).toBe(false);
}

describe("ProcessRegistry", () => {
  test("stops everything in reverse order, once", async () => {
    const stopped: string[] = [];
    for (const name of ["first", "second", "third"]) {
      registry.add({ name, stop: async () => void stopped.push(name), killNow: () => {} });
    }
    const forget = registry.add({
      name: "fourth",
      stop: async () => void stopped.push("fourth"),
      killNow: () => {},
    });
    forget();

    await Promise.all([registry.stopAll(), registry.stopAll()]);
    await registry.stopAll();

    expect(stopped).toEqual(["third", "second", "first"]);
    expect(registry.names()).toEqual([]);
  });

  test("one failure does not keep the others from being stopped", async () => {
    const killed: string[] = [];
    let isFirstStopped = false;
    registry.add({
      name: "first",
      stop: async () => {
        isFirstStopped = true;
      },
      killNow: () => {},
    });
    registry.add({
      name: "second",
      stop: () => Promise.reject(new Error("no")),
      killNow: () => void killed.push("second"),
    });

    await expect(registry.stopAll()).rejects.toThrow(/Expected second to stop, got "Error: no"/);

    expect(isFirstStopped).toBe(true);
    expect(killed).toEqual(["second"]);
  });

  test("ends a part with the rest or before it, whatever fails elsewhere", async () => {
    const [ended, killed]: [string[], string[]] = [[], []];
    const [one, other] = [registry.part(), registry.part()];
    const begin = (
      where: ProcessRegistry,
      name: string,
      stop = async () => void ended.push(name),
    ) => where.add({ name, stop, killNow: () => void killed.push(name) });
    begin(one, "early");
    await one.stopAll();

    begin(registry, "own", () => Promise.reject(new Error("no")));
    begin(one, "late");
    begin(other, "other");
    expect(registry.names()).toEqual(["own", "late", "other"]);
    await expect(registry.stopAll()).rejects.toThrow(/Expected own to stop/);
    expect(ended).toEqual(["early", "late", "other"]);

    begin(one, "last");
    registry.killAll();
    expect(killed).toEqual(["own", "last"]);
    expect(registry.names()).toEqual([]);
  });

  test("ends a child by SIGTERM, a stopped one too, and forgets one that ended", async () => {
    const [running, paused, ended] = [await script(idle), await script(idle), await script(idle)];
    for (const { child } of [running, paused, ended]) registry.addChild(`${child.pid}`, child);
    signalChild(paused.child, "SIGSTOP");
    await killChild(ended.child);

    expect(registry.names()).toEqual([`${running.child.pid}`, `${paused.child.pid}`]);
    await registry.stopAll();

    expect(running.child.signalCode).toBe("SIGTERM");
    expect(paused.child.signalCode).toBe("SIGTERM");
    expect(isAlive(running.child.pid ?? 0)).toBe(false);
  });

  test("kills a child that ignores SIGTERM", async () => {
    const { child } = await script(deaf);
    registry.addChild("deaf", child, 100);

    await registry.stopAll();

    expect(child.signalCode).toBe("SIGKILL");
  });
});

describe("spawnChild", () => {
  test("says which program could not be started", async () => {
    await expect(spawnChild(join(dir, "nothing"), [], {})).rejects.toThrow(
      /Expected to start .*nothing, got .*ENOENT/,
    );
  });
});

/** A small lab with one deaf child, to be ended from outside. */
function labSource(stop: string): string {
  const lab = new URL("../../lab/", import.meta.url).href;
  return `
    import { spawnChild } from "${lab}child.ts";
    import { ProcessRegistry } from "${lab}processes.ts";
    const registry = new ProcessRegistry();
    const child = await spawnChild(process.execPath, ["-e", ${JSON.stringify(deaf)}], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    registry.addChild("deaf", child, 200);
    registry.onSignals(${stop});
    console.log(String(child.pid));
    console.log("ready");
  `;
}

async function lab(stop: string): Promise<{ child: ChildProcess; grandchildPid: number }> {
  const { child, lines } = await script(labSource(stop));
  return { child, grandchildPid: Number(lines[0]) };
}

describe("signals", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s stops in order and exits with %i", async (signal, code) => {
    const { child, grandchildPid } = await lab("() => registry.stopAll()");

    process.kill(child.pid ?? 0, signal);

    expect((await once(child, "exit"))[0]).toBe(code);
    expect(isAlive(grandchildPid)).toBe(false);
  });

  test("a second signal kills at once", async () => {
    const { child, grandchildPid } = await lab(
      "() => { console.log('stopping'); return new Promise(() => {}); }",
    );
    const exited = once(child, "exit");
    const stopping = new Promise((resolve) => child.stdout?.once("data", resolve));

    process.kill(child.pid ?? 0, "SIGINT");
    await stopping;
    process.kill(child.pid ?? 0, "SIGTERM");

    expect((await exited)[0]).toBe(143);
    await untilGone(grandchildPid);
  });

  test("children do not outlive a lab that was killed with SIGKILL", async () => {
    const { child, grandchildPid } = await lab("() => registry.stopAll()");
    expect(isAlive(grandchildPid)).toBe(true);

    await killChild(child);

    await untilGone(grandchildPid);
  });
});
