import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { guard, release } from "./reaper.ts";

/**
 * Starts a program in a process group of its own, so that a Ctrl-C at the terminal does not reach
 * it before the lab has decided on the order. The group is killed if this process vanishes.
 */
export async function spawnChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<ChildProcess> {
  const child = spawn(command, args, { ...options, detached: true });
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw new Error(
      `Expected to start ${command}, got "${String(cause)}": ` +
        "check that it is there and may be run.",
      { cause },
    );
  }
  const { pid } = child;
  if (pid !== undefined) {
    guard(pid);
    child.once("exit", () => release(pid));
  }
  return child;
}

/** True when the child's exit has been seen. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Sends a signal to the child and whatever it started; nothing happens when it has ended. */
export function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined || hasEnded(child)) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // No such group any more: the child ended and its exit has not been reported yet.
    child.kill(signal);
  }
}

const killWaitMs = 10_000;

/**
 * Ends the child: SIGTERM, and SIGKILL when it is still there after the grace. A stopped child is
 * continued after the SIGTERM is pending, so that it does not run its old work first.
 */
export async function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  signalChild(child, "SIGTERM");
  signalChild(child, "SIGCONT");
  if (await settlesWithin(exited, graceMs)) return;
  await killChild(child);
}

/** Ends the child with SIGKILL and waits until it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  signalChild(child, "SIGKILL");
  if (await settlesWithin(exited, killWaitMs)) return;
  throw new Error(
    `Expected process ${child.pid} to end after SIGKILL, got no exit within ${killWaitMs} ms: ` +
      "the system holds it in a call; end it by hand.",
  );
}

/** Waits for the promise, at most so long; tells whether it settled. */
export async function settlesWithin(promise: Promise<unknown>, waitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), waitMs);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Hands each line of a child's output to the callback. */
export function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
}
