import { randomUUID } from "node:crypto";
import type { ProcessRegistry } from "../processes.ts";
import { deployedEnvironment } from "./deployed-environment.ts";
import { asInvocationError, type InvocationError } from "./invocation-error.ts";
import { type InvocableFunction, startInvokeApi } from "./invoke-api.ts";
import { pulseEvent } from "./pulse-event.ts";
import type { Sandbox, StartSandbox } from "./sandbox.ts";
import { SandboxPool } from "./sandbox-pool.ts";

/** What became of an invocation that nobody waits for. */
export type RunnerReport = Readonly<{ observer: string; requestId: string }> &
  (
    | Readonly<{ kind: "succeeded"; result: unknown }>
    | Readonly<{ kind: "throttled" | "failed"; error: InvocationError }>
  );

export type ObserverRunnerOptions = Readonly<{
  /** The path of the built function, an ES module that exports `handler`. */
  bundle: string;
  observer: string;
  region: string;
  /** The environment of the function, beside what Lambda sets and what every stack deploys. */
  env: Readonly<Record<string, string>>;
  /** The function's timeout: how long one shift may run before it is killed. */
  shiftTimeoutMs: number;
  /** The schedule's period; `off` leaves only the Invoke API. 60000 by default. */
  scheduleMs?: number | "off";
  /** The time between two pulses; none by default. Those of a period are sent with its start, as by the schedule. */
  pulseMs?: number;
  /** `watch-` and the observer's name by default. */
  functionName?: string;
  /** How many shifts may run at once; 3 by default: one, its successor, and one that was woken. */
  sandboxesMax?: number;
  memoryLimitMb?: number;
  freeze?: boolean;
  /** Where the Invoke API listens; a free port of 127.0.0.1 by default. */
  host?: string;
  port?: number;
  onLine?: (line: string) => void;
  /** Told of each scheduled or asynchronous invocation's end, until the runner is stopped. */
  onReport?: (report: RunnerReport) => void;
  processes?: ProcessRegistry;
  /** What serves the invocations; the lab's own sandboxes by default. */
  startSandbox?: StartSandbox;
}>;

export type ObserverRunner = InvocableFunction &
  Readonly<{
    observer: string;
    /** The value for AWS_ENDPOINT_URL_LAMBDA of whoever invokes this observer alone. */
    endpoint: string;
    /** The sandboxes whose process is there, the most recently used first. */
    sandboxes: readonly Pick<Sandbox, "pid" | "busy">[];
    /** Ends the schedule, the API and the sandboxes. `graceful` sends SIGTERM before SIGKILL. */
    stop(options: Readonly<{ graceful: boolean }>): Promise<void>;
  }>;

const scheduleMsDefault = 60_000;
const sandboxesMaxDefault = 3;

/**
 * Runs the watch function of one observer as EventBridge Scheduler and Lambda do: at once and then
 * in every period, each time in a sandbox that is free, so that a shift and its successor overlap.
 * An invocation that fails is reported and not repeated.
 */
export async function startObserverRunner(options: ObserverRunnerOptions): Promise<ObserverRunner> {
  const runner = new LabObserverRunner(options);
  await runner.start();
  return runner;
}

class LabObserverRunner implements ObserverRunner {
  readonly observer: string;
  readonly region: string;
  readonly functionName: string;
  endpoint = "";
  readonly #options: ObserverRunnerOptions;
  readonly #pool: SandboxPool;
  #closeApi: () => Promise<void> = async () => {};
  #unregister: () => void = () => {};
  #timer: NodeJS.Timeout | null = null;
  readonly #pulses = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(options: ObserverRunnerOptions) {
    this.observer = options.observer;
    this.region = options.region;
    this.functionName = options.functionName ?? `watch-${options.observer}`;
    this.#options = options;
    // The registry knows the runner, which ends its sandboxes: they are not registered once more.
    const { processes: _processes, ...sandboxOptions } = options;
    this.#pool = new SandboxPool({
      ...sandboxOptions,
      env: { ...deployedEnvironment(), ...options.env },
      functionName: this.functionName,
      timeoutMs: options.shiftTimeoutMs,
      sandboxesMax: options.sandboxesMax ?? sandboxesMaxDefault,
    });
  }

  get sandboxes(): readonly Pick<Sandbox, "pid" | "busy">[] {
    return this.#pool.alive();
  }

  async start(): Promise<void> {
    const { host = "127.0.0.1", port = 0, scheduleMs = scheduleMsDefault } = this.#options;
    const api = await startInvokeApi({ functions: () => [this], host, port });
    this.endpoint = api.endpoint;
    this.#closeApi = api.close;
    const unregister = this.#options.processes?.add({
      name: `observer ${this.observer}`,
      stop: () => this.stop({ graceful: true }),
      killNow: () => void this.stop({ graceful: false }),
    });
    this.#unregister = unregister ?? (() => {});
    if (scheduleMs === "off") return;
    const begin = () => {
      this.#invokeScheduled();
      this.#sendPulses(scheduleMs);
    };
    begin();
    this.#timer = setInterval(begin, scheduleMs);
  }

  async invoke(event: unknown, requestId: string = randomUUID()): Promise<unknown> {
    return await this.#pool.run(event, requestId);
  }

  invokeAsync(event: unknown, requestId: string = randomUUID()): void {
    const { observer } = this;
    this.#pool.run(event, requestId).then(
      (result) => this.#report({ kind: "succeeded", observer, requestId, result }),
      (thrown: unknown) => {
        const error = asInvocationError(thrown);
        const kind = error.kind === "throttled" ? "throttled" : "failed";
        this.#report({ kind, observer, requestId, error });
      },
    );
  }

  async stop({ graceful }: Readonly<{ graceful: boolean }>): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const pulse of this.#pulses) clearTimeout(pulse);
    await Promise.all([this.#pool.stop(graceful), this.#closeApi()]);
    this.#unregister();
  }

  #invokeScheduled(): void {
    // EventBridge Scheduler's time has no fraction of a second.
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    this.invokeAsync({ source: "aws.scheduler", time });
  }

  #sendPulses(periodMs: number): void {
    const { pulseMs } = this.#options;
    if (pulseMs === undefined) return;
    const sentAtMs = Date.now();
    for (let delayMs = pulseMs; delayMs < periodMs; delayMs += pulseMs) {
      const timer = setTimeout(() => {
        this.#pulses.delete(timer);
        this.invokeAsync(pulseEvent({ delayMs, sentAtMs }));
      }, delayMs);
      this.#pulses.add(timer);
    }
  }

  /** What ends because the runner was told to stop is nobody's news. */
  #report(report: RunnerReport): void {
    if (!this.#isStopped) this.#options.onReport?.(report);
  }
}
