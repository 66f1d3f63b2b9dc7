import type { GroupConfig } from "../../lib/core/config.ts";
import { success } from "../../lib/ports/errors.ts";
import type { GroupStatus } from "../../lib/shift/group.ts";
import { handOver, type ShiftPorts, startShift, watchGroups } from "../../lib/shift/shift.ts";
import { Violation } from "./checkers.ts";
import { type Engine, Process } from "./engine.ts";
import type { Note } from "./notes.ts";
import { type Prng, splitPrng } from "./prng.ts";
import { simClock } from "./sim-clock.ts";
import type { SimDns } from "./sim-dns.ts";
import { type SimNetwork, simNodes } from "./sim-nodes.ts";
import type { SimStore } from "./sim-store.ts";

const shiftMs = 60_000;
const invocationMs = 900_000;
/** No two regions agree on the time, nor on how fast it passes. */
const clockOffsetMaxMs = 600_000;
const clockDrift = 0.001;

/** What invocations need of the world around them. */
export interface Surroundings {
  readonly engine: Engine;
  readonly config: GroupConfig;
  readonly store: SimStore;
  readonly dns: SimDns;
  readonly network: Omit<SimNetwork, "onEffect">;
  note(who: string, note: Note): void;
  fail(violation: Violation): void;
}

export interface Cadence {
  readonly seed: number;
  readonly observers: readonly string[];
  /** Up to this long a scheduled start is late. */
  readonly jitterMs: number;
  /** Clocks without offset or drift, and first starts one after the other: what a transcript needs to stay readable. */
  readonly isOrderly: boolean;
}

/** The observers' invocations: each a process of its own that runs the real shift, one a minute for each observer. */
export class Invocations {
  readonly live = new Map<string, Set<Process>>();
  /** How often each rule has decided. */
  readonly decided = new Map<string, number>();
  readonly #around: Surroundings;
  readonly #cadence: Cadence;
  readonly #schedule: Prng;
  readonly #clocks = new Map<string, { readonly offsetMs: number; readonly rate: number }>();
  #started = 0;

  constructor(around: Surroundings, cadence: Cadence) {
    const { seed, observers, isOrderly } = cadence;
    this.#around = around;
    this.#cadence = cadence;
    this.#schedule = splitPrng(seed, "schedule");
    const clocks = splitPrng(seed, "clocks");
    for (const observer of observers) {
      const offsetMs = clocks.int(-clockOffsetMaxMs, clockOffsetMaxMs);
      const rate = 1 + (clocks.next() - 0.5) * 2 * clockDrift;
      this.#clocks.set(observer, isOrderly ? { offsetMs: 0, rate: 1 } : { offsetMs, rate });
      this.live.set(observer, new Set());
    }
  }

  start(): void {
    for (const [index, observer] of this.#cadence.observers.entries()) {
      const drawnMs = this.#schedule.int(0, 3_000);
      const firstMs = this.#cadence.isOrderly ? index * 300 : drawnMs;
      this.#around.engine.schedule(firstMs, () => this.#invokeAndRepeat(observer));
    }
  }

  #invokeAndRepeat(observer: string): void {
    this.invoke(observer);
    const jitterMs = this.#schedule.next() * this.#cadence.jitterMs;
    this.#around.engine.schedule(shiftMs + jitterMs, () => this.#invokeAndRepeat(observer));
  }

  /** One invocation: a process of its own, ended by its deadline at the latest. */
  invoke(observer: string): Process {
    const { engine } = this.#around;
    this.#started += 1;
    const number = this.#started;
    const { offsetMs, rate } = this.#clocks.get(observer) ?? { offsetMs: 0, rate: 1 };
    const process = new Process(engine, `${observer}/${number}`, offsetMs, rate);
    const live = this.live.get(observer);
    live?.add(process);
    process.onCrash = () => live?.delete(process);
    process.deliver(20, () => {
      void this.#shift(process, observer, number).then(() => {
        process.isDead = true;
        live?.delete(process);
      });
    });
    engine.schedule(invocationMs, () => process.crash());
    return process;
  }

  async #shift(process: Process, observer: string, number: number): Promise<void> {
    try {
      const shift = await startShift(this.#ports(process, observer), {
        observer,
        deployment: "sim",
        codeVersion: "sim",
        requestId: String(number).padStart(8, "0"),
        woken: null,
        shiftMs,
        remainingMs: invocationMs,
        signal: new AbortController().signal,
      });
      const statuses = new Told((status) => this.#onDecision(process, status));
      const watched = { ...shift, statuses };
      await handOver(watched, await watchGroups(watched));
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? "") : String(error);
      this.#around.fail(new Violation("crash", why));
    }
  }

  #onDecision(process: Process, { rule, why }: GroupStatus): void {
    this.decided.set(rule, (this.decided.get(rule) ?? 0) + 1);
    this.#around.note(process.name, { kind: "decision", rule, why });
  }

  #ports(process: Process, observer: string): ShiftPorts {
    const around = this.#around;
    return {
      store: around.store.portFor(process, observer),
      dns: around.dns.portFor(process),
      clock: simClock(process),
      reporter: {
        event: (event) => around.note(process.name, { kind: "event", rule: event.rule, event }),
        line: (level, text) => {
          if (level === "error") {
            around.fail(new Violation("error", `${process.name}: ${text}`));
          }
          around.note(process.name, { kind: "line", text });
        },
        flush: () => Promise.resolve(),
      },
      waker: { wake: () => Promise.resolve(success(undefined)) },
      connect: () =>
        Promise.resolve(
          success(
            simNodes(process, observer, {
              ...around.network,
              onEffect: (sender, _observer, change, node) =>
                this.#onEffect(sender, change.kind, node),
            }),
          ),
        ),
      watchFreezes: () => ({ lastThawMs: () => process.lastThawMs, stop: () => {} }),
    };
  }

  /** S4: no effect starts on a STATE that was read longer ago than fenceMs, by the sender's own clock. */
  #onEffect(sender: Process, change: string, node: string): void {
    const { store, config, note, fail } = this.#around;
    note(sender.name, { kind: "sent", change, node });
    const verifiedAtMs = store.verifiedAtMs.get(sender.name) ?? Number.NEGATIVE_INFINITY;
    const ageMs = Math.round(sender.now() - verifiedAtMs);
    if (ageMs <= config.settings.fenceMs) return;
    const what = `${sender.name} starts ${change} on ${node}, its STATE is ${ageMs} ms old`;
    fail(new Violation("S4", what));
  }
}

/** The shift's own list of what its watches last decided, which tells of every decision. */
class Told extends Map<string, GroupStatus> {
  readonly #tell: (status: GroupStatus) => void;

  constructor(tell: (status: GroupStatus) => void) {
    super();
    this.#tell = tell;
  }

  override set(group: string, status: GroupStatus): this {
    this.#tell(status);
    return super.set(group, status);
  }
}
