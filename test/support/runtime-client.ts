import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import {
  eachLine,
  endChild,
  hasEnded,
  killChild,
  signalChild,
  spawnChild,
} from "../../lab/child.ts";
import {
  type Identity,
  identityOf,
  lambdaEnvironment,
  nodeArguments,
} from "../../lab/lambda/identity.ts";
import { exited, InvocationError, stopped, timedOut } from "../../lab/lambda/invocation-error.ts";
import type { Sandbox, SandboxOptions } from "../../lab/lambda/sandbox.ts";
import { properties, readZip, root, type Template } from "./packaged.ts";
import { type RuntimeApi, startRuntimeApi } from "./runtime-api.ts";

/** Packaged functions as Lambda runs them: unzipped, and loaded by the client that its Node.js runtime is made of. */

const client = join(root, ".cache/lambda-client/node_modules/aws-lambda-ric");

/** Whether `bash scripts/fetch-lambda-client.sh` brought the client. */
export const isClientThere = existsSync(join(client, "rapid-client.node"));

/** A packaged function: its code, unzipped, and what its template says of it. */
export interface PackagedFunction {
  readonly taskRoot: string;
  readonly functionName: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly env: Readonly<Record<string, string>>;
}

const functionProperties = z.object({
  FunctionName: z.string(),
  Handler: z.string(),
  MemorySize: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
});

/** Unzips the watch function of a stack into a folder. */
export async function unpack(
  template: Template,
  zip: string,
  taskRoot: string,
): Promise<PackagedFunction> {
  for (const { name, content } of readZip(await readFile(zip))) {
    const file = join(taskRoot, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const said = functionProperties.parse(properties(template, "WatchLambdaFunction"));
  return {
    taskRoot,
    functionName: said.FunctionName,
    handler: said.Handler,
    memoryMb: said.MemorySize,
    env: said.Environment.Variables,
  };
}

/** Whether the process is stopped, as Linux tells it; the client is built for Linux alone. */
export function isFrozen({ pid }: Pick<Sandbox, "pid">): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

/** An execution environment that Lambda's own client serves. */
export interface ClientSandbox extends Sandbox {
  /** From the start of the process to its first question for an invocation. */
  readonly initMs: Promise<number>;
}

/** Starts the packaged function; what `options` say of the environment goes before what its template says. */
export async function startClientSandbox(
  packaged: PackagedFunction,
  options: Pick<SandboxOptions, "env" | "region" | "onLine">,
): Promise<ClientSandbox> {
  const { region = "us-east-1" } = options;
  const { taskRoot, handler, functionName, memoryMb } = packaged;
  const identity = identityOf({ functionName, memoryLimitMb: memoryMb }, region);
  const holder: { freeze: () => void } = { freeze: () => {} };
  const api = await startRuntimeApi(() => holder.freeze());
  const startedAtMs = performance.now();
  const argv = [...nodeArguments(identity), join(client, "index.mjs"), handler];
  const child = await spawnChild(process.execPath, argv, {
    cwd: taskRoot,
    env: {
      ...lambdaEnvironment(identity, { region, taskRoot, handler }),
      AWS_LAMBDA_RUNTIME_API: api.address,
      ...packaged.env,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, options.onLine ?? (() => {}));
  // Lambda freezes whatever asks for its next invocation, the first one included.
  holder.freeze = () => signalChild(child, "SIGSTOP");
  const initMs = api.ready.then(() => performance.now() - startedAtMs);
  initMs.catch(() => {});
  return new ClientProcess(child, api, identity, initMs);
}

const stopGraceMs = 3_000;

class ClientProcess implements ClientSandbox {
  readonly pid: number;
  readonly initMs: Promise<number>;
  readonly #child: ChildProcess;
  readonly #api: RuntimeApi;
  readonly #identity: Identity;
  #isBusy = false;
  #isStopped = false;

  constructor(child: ChildProcess, api: RuntimeApi, identity: Identity, initMs: Promise<number>) {
    this.pid = child.pid ?? 0;
    this.initMs = initMs;
    this.#child = child;
    this.#api = api;
    this.#identity = identity;
    child.once("close", (code, signal) => {
      api.abandon(exited(code, signal));
      void api.close();
    });
  }

  get busy(): boolean {
    return this.#isBusy;
  }

  get isAlive(): boolean {
    return !hasEnded(this.#child) && !this.#isStopped;
  }

  async invoke(
    event: unknown,
    { timeoutMs, requestId = randomUUID() }: Readonly<{ timeoutMs: number; requestId?: string }>,
  ): Promise<unknown> {
    if (this.#isBusy) throw new Error(`expected a free sandbox, got ${this.pid}, which is busy`);
    this.#isBusy = true;
    try {
      await this.#api.ready;
      if (!this.isAlive) throw stopped(`the sandbox ${this.pid}`);
      return await this.#run(event, timeoutMs, requestId);
    } finally {
      this.#isBusy = false;
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

  async #run(event: unknown, timeoutMs: number, requestId: string): Promise<unknown> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(timedOut(timeoutMs)), timeoutMs);
    signalChild(this.#child, "SIGCONT");
    const invocation = this.#api.invoke({
      requestId,
      event,
      deadlineAtMs: Date.now() + timeoutMs,
      functionArn: this.#identity.invokedFunctionArn,
    });
    invocation.catch(() => {});
    try {
      return JSON.parse(await Promise.race([invocation, late.promise]));
    } catch (error) {
      if (error instanceof InvocationError && error.kind === "timeout") await this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
