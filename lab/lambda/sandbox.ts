import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { basename, dirname, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { eachLine, endChild, hasEnded, killChild, signalChild, spawnChild } from "../child.ts";
import type { ProcessRegistry } from "../processes.ts";
import { type Identity, identityOf, lambdaEnvironment, nodeArguments } from "./identity.ts";
import { exited, InvocationError, stopped, threw, timedOut } from "./invocation-error.ts";
import type { InvokeMessage, SandboxMessage } from "./protocol.ts";

export type SandboxOptions = Readonly<{
  /** The path of the ES module that exports `handler`. */
  bundle: string;
  /**
   * The whole environment beside what Lambda itself sets; nothing of this process's is inherited.
   */
  env: Readonly<Record<string, string>>;
  functionName?: string;
  region?: string;
  memoryLimitMb?: number;
  /** Stops the process between invocations, as Lambda does; true by default. */
  freeze?: boolean;
  /** Gets each line that the handler prints. */
  onLine?: (line: string) => void;
  processes?: ProcessRegistry;
}>;

/** One execution environment of a function: a process that serves one invocation at a time. */
export type Sandbox = Readonly<{
  pid: number;
  busy: boolean;
  /** False once the process has ended; start another sandbox then. */
  isAlive: boolean;
  /** Runs the handler and returns its result, or throws an InvocationError. */
  invoke(
    event: unknown,
    options: Readonly<{ timeoutMs: number; requestId?: string }>,
  ): Promise<unknown>;
  /** SIGKILL; an invocation that runs fails with `exit`. */
  kill(): Promise<void>;
  /** SIGTERM, which ends the process at once unless the bundle handles it; then SIGKILL. */
  stop(graceMs?: number): Promise<void>;
}>;

/** What starts an execution environment: the lab's own below, or another client of Lambda's interface. */
export type StartSandbox = (options: SandboxOptions) => Promise<Sandbox>;

/**
 * Starts a process that loads the bundle and runs its handler as Lambda does: JSON in and out, a
 * deadline that kills, frozen between invocations. A bundle that cannot be loaded fails the first
 * invocation, not the start.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { region = "us-east-1" } = options;
  const identity = identityOf(options, region);
  const bundle = resolve(options.bundle);
  const argv = [...nodeArguments(identity), childPath, bundle];
  const child = await spawnChild(process.execPath, argv, {
    cwd: dirname(bundle),
    env: {
      ...lambdaEnvironment(identity, {
        region,
        taskRoot: dirname(bundle),
        handler: `${basename(bundle, extname(bundle))}.handler`,
      }),
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  eachLine(child.stdout, options.onLine ?? ignoreLine);
  eachLine(child.stderr, options.onLine ?? ignoreLine);
  options.processes?.addChild(`sandbox of ${identity.functionName}`, child);
  return new ProcessSandbox(child, identity, options.freeze ?? true);
}

const childPath = fileURLToPath(new URL("./sandbox-child.mjs", import.meta.url));
const ignoreLine = () => {};
const initTimeoutMs = 10_000;
const stopGraceMs = 3_000;

class ProcessSandbox implements Sandbox {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #identity: Identity;
  readonly #isFreezing: boolean;
  readonly #ready = Promise.withResolvers<void>();
  #pending: PromiseWithResolvers<unknown> | null = null;
  #isStopped = false;

  constructor(child: ChildProcess, identity: Identity, isFreezing: boolean) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#identity = identity;
    this.#isFreezing = isFreezing;
    // Whoever invokes awaits it too; without an invocation a failure to load is no one's concern.
    this.#ready.promise.catch(() => {});
    const initTimer = setTimeout(() => this.#failInit(), initTimeoutMs);
    this.#ready.promise.finally(() => clearTimeout(initTimer)).catch(() => {});
    child.on("message", (message) => this.#receive(message));
    // Not `exit`: `close` comes when the last message and the last line have been read.
    child.once("close", (code, signal) => this.#end(code, signal));
  }

  get busy(): boolean {
    return this.#pending !== null;
  }

  get isAlive(): boolean {
    return !hasEnded(this.#child) && !this.#isStopped;
  }

  async invoke(
    event: unknown,
    options: Readonly<{ timeoutMs: number; requestId?: string }>,
  ): Promise<unknown> {
    if (this.#pending !== null) {
      throw new Error(
        `Expected a free sandbox, got ${this.pid}, which is busy: await the invocation before.`,
      );
    }
    const pending = Promise.withResolvers<unknown>();
    // A process that ends while it loads fails both promises, and only the first is awaited by
    // then.
    pending.promise.catch(() => {});
    this.#pending = pending;
    try {
      await this.#ready.promise;
      if (!this.isAlive) throw stopped(`the sandbox ${this.pid}`);
      return await this.#run(pending, event, options);
    } finally {
      this.#pending = null;
    }
  }

  async kill(): Promise<void> {
    this.#isStopped = true;
    await killChild(this.#child);
  }

  async stop(graceMs: number = stopGraceMs): Promise<void> {
    this.#isStopped = true;
    await endChild(this.#child, graceMs);
  }

  async #run(
    pending: PromiseWithResolvers<unknown>,
    event: unknown,
    options: Readonly<{ timeoutMs: number; requestId?: string }>,
  ): Promise<unknown> {
    const { timeoutMs, requestId = randomUUID() } = options;
    const timer = setTimeout(() => {
      pending.reject(timedOut(timeoutMs));
    }, timeoutMs);
    const message: InvokeMessage = {
      kind: "invoke",
      event,
      context: { ...this.#identity, awsRequestId: requestId },
      deadlineAtMs: Date.now() + timeoutMs,
    };
    signalChild(this.#child, "SIGCONT");
    // A channel that is closed belongs to a process that ends; `close` then fails the invocation.
    this.#child.send(message, () => {});
    try {
      return await pending.promise;
    } catch (error) {
      // Lambda gives a sandbox that timed out no chance to finish what it was at.
      if (error instanceof InvocationError && error.kind === "timeout") await this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(received: unknown): void {
    const message = parseMessage(received);
    if (message === null) return;
    switch (message.kind) {
      case "ready":
        this.#ready.resolve();
        return;
      case "init-failed":
        this.#ready.reject(threw("init", message.error));
        return;
      case "returned":
        this.#endInvocation();
        this.#pending?.resolve(JSON.parse(message.resultJson));
        return;
      case "threw":
        this.#endInvocation();
        this.#pending?.reject(threw("threw", message.error));
        return;
    }
  }

  /** The reply is the end of the invocation: whatever the handler left running stops here. */
  #endInvocation(): void {
    if (this.#isFreezing) signalChild(this.#child, "SIGSTOP");
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    const error = exited(code, signal);
    this.#ready.reject(error);
    this.#pending?.reject(error);
  }

  #failInit(): void {
    this.#ready.reject(
      new InvocationError("init", {
        errorType: "Sandbox.Timedout",
        message:
          `Expected the bundle to load within ${initTimeoutMs} ms, got no end: ` +
          "look for work at its top level.",
      }),
    );
    this.kill().catch((error: unknown) => console.error(String(error)));
  }
}

const thrownError = z.object({ name: z.string(), message: z.string(), stack: z.string() });
const sandboxMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("init-failed"), error: thrownError }),
  z.object({ kind: z.literal("returned"), resultJson: z.string() }),
  z.object({ kind: z.literal("threw"), error: thrownError }),
]);

/** A bundle may use process.send() for itself; what is not ours is left alone. */
function parseMessage(received: unknown): SandboxMessage | null {
  const parsed = sandboxMessage.safeParse(received);
  return parsed.success ? parsed.data : null;
}
