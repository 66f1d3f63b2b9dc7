import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { endChild, settlesWithin, signalChild } from "./child.ts";

/** Something the lab started and has to end. */
export type LabResource = Readonly<{
  /** As it is named in an error when it does not end. */
  name: string;
  stop(): Promise<void>;
  /** Ends it at once, without waiting; called when there is no time for more. */
  killNow(): void;
}>;

const childGraceMs = 3_000;
const stopWaitMs = 20_000;
const handledSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What the lab has running, ended in the reverse of the order in which it was started. */
export class ProcessRegistry {
  readonly #resources = new Set<LabResource>();
  readonly #parts: ProcessRegistry[] = [];
  #stopping: Promise<void> | null = null;

  /** Registers a resource; the function returned forgets it, for one that ended in another way. */
  add(resource: LabResource): () => void {
    this.#resources.add(resource);
    return () => {
      this.#resources.delete(resource);
    };
  }

  /** Registers a child process, one that spawnChild() has started, until it exits. */
  addChild(name: string, child: ChildProcess, graceMs: number = childGraceMs): void {
    const forget = this.add({
      name,
      stop: () => endChild(child, graceMs),
      killNow: () => signalChild(child, "SIGKILL"),
    });
    child.once("exit", forget);
  }

  /** A registry of its own for what may have to end earlier than the rest; it ends with the rest at the latest. */
  part(): ProcessRegistry {
    const part = new ProcessRegistry();
    this.#parts.push(part);
    return part;
  }

  /** The names of what is running, in the order in which it was started; what is in parts stands behind. */
  names(): string[] {
    const own = [...this.#resources].map(({ name }) => name);
    return [...own, ...this.#parts.flatMap((part) => part.names())];
  }

  /**
   * Ends everything, the last started first. A resource that does not end in time is killed, and
   * the others are ended all the same; the failures are thrown together. Safe to call twice.
   */
  stopAll(): Promise<void> {
    this.#stopping ??= this.#stopEach().finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  /** Kills everything at once, without waiting. */
  killAll(): void {
    for (const resource of this.#resources) resource.killNow();
    this.#resources.clear();
    for (const part of this.#parts) part.killAll();
  }

  /**
   * Ends the program on SIGINT, SIGTERM and SIGHUP with the exit code a shell expects (130, 143,
   * 129). The first signal stops in order; a second one, from whoever does not want to wait, kills
   * at once. The function returned takes the handlers away.
   */
  onSignals(stop: () => Promise<void> = () => this.stopAll()): () => void {
    let isStopping = false;
    const end = (code: number) => {
      this.killAll();
      process.exit(code);
    };
    const handle = (signal: (typeof handledSignals)[number]) => {
      const code = 128 + constants.signals[signal];
      if (isStopping) return end(code);
      isStopping = true;
      stop()
        .catch((error: unknown) => console.error(String(error)))
        .finally(() => end(code));
    };
    for (const signal of handledSignals) process.on(signal, handle);
    return () => {
      for (const signal of handledSignals) process.off(signal, handle);
    };
  }

  async #stopEach(): Promise<void> {
    const failures: unknown[] = [];
    // What is registered while we stop is stopped too: the last one is looked up again each time.
    for (;;) {
      const resource = [...this.#resources].at(-1);
      if (resource === undefined) break;
      await stopOne(resource).catch((error: unknown) => failures.push(error));
      this.#resources.delete(resource);
    }
    for (const part of this.#parts) {
      await part.stopAll().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, failures.map(String).join("\n"));
    }
  }
}

async function stopOne(resource: LabResource): Promise<void> {
  const stopping = resource.stop();
  if (!(await settlesWithin(stopping, stopWaitMs))) {
    resource.killNow();
    throw new Error(
      `Expected ${resource.name} to stop within ${stopWaitMs} ms, got no end: it was killed.`,
    );
  }
  try {
    await stopping;
  } catch (cause) {
    resource.killNow();
    throw new Error(`Expected ${resource.name} to stop, got "${String(cause)}": it was killed.`, {
      cause,
    });
  }
}
