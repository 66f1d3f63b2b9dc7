import { stopped, throttled } from "./invocation-error.ts";
import { type Sandbox, type SandboxOptions, type StartSandbox, startSandbox } from "./sandbox.ts";

export type PoolOptions = SandboxOptions &
  Readonly<{
    functionName: string;
    /** How long one invocation may run. */
    timeoutMs: number;
    /** How many invocations may run at once. */
    sandboxesMax: number;
    /** The lab's own by default. */
    startSandbox?: StartSandbox;
  }>;

type Slot = { sandbox: Sandbox | null; isBusy: boolean };

/** The sandboxes of one function: as many as run at once, started when they are first needed. */
export class SandboxPool {
  readonly #options: PoolOptions;
  /** The most recently used first, as Lambda prefers a warm sandbox. */
  readonly #slots: Slot[];
  #isStopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.sandboxesMax }, () => ({
      sandbox: null,
      isBusy: false,
    }));
  }

  /** The sandboxes whose process is there, the most recently used first. */
  alive(): Sandbox[] {
    return this.#slots.flatMap(({ sandbox }) => (sandbox?.isAlive === true ? [sandbox] : []));
  }

  /** Runs one invocation in a free sandbox, a new one where the free ones have ended. */
  async run(event: unknown, requestId: string): Promise<unknown> {
    if (this.#isStopped) throw stopped(this.#options.functionName);
    const slot = this.#takeSlot();
    try {
      const sandbox = slot.sandbox?.isAlive === true ? slot.sandbox : await this.#startIn(slot);
      return await sandbox.invoke(event, { timeoutMs: this.#options.timeoutMs, requestId });
    } finally {
      slot.isBusy = false;
    }
  }

  /** Ends every sandbox; `isGraceful` sends SIGTERM first. Nothing is started afterwards. */
  async stop(isGraceful: boolean): Promise<void> {
    this.#isStopped = true;
    const sandboxes = this.alive();
    await Promise.all(sandboxes.map((each) => (isGraceful ? each.stop() : each.kill())));
  }

  #takeSlot(): Slot {
    const free = this.#slots.filter(({ isBusy }) => !isBusy);
    const slot = free.find(({ sandbox }) => sandbox?.isAlive === true) ?? free[0];
    if (slot === undefined) {
      throw throttled(this.#options.functionName, this.#options.sandboxesMax);
    }
    slot.isBusy = true;
    this.#slots.splice(this.#slots.indexOf(slot), 1);
    this.#slots.unshift(slot);
    return slot;
  }

  async #startIn(slot: Slot): Promise<Sandbox> {
    const start = this.#options.startSandbox ?? startSandbox;
    const sandbox = await start(this.#options);
    // stop() could not see this one while it started.
    if (this.#isStopped) {
      await sandbox.kill();
      throw stopped(this.#options.functionName);
    }
    slot.sandbox = sandbox;
    return sandbox;
  }
}
