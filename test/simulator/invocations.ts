import type { Pulse } from "../../lib/core/cadence.ts";
import { formatAddress, type GroupConfig } from "../../lib/core/config.ts";
import { success } from "../../lib/ports/errors.ts";
import type { WakeCall } from "../../lib/ports/waker.ts";
import type { GroupStatus } from "../../lib/shift/group.ts";
import type { Keeping } from "../../lib/shift/recall.ts";
import { handOver, type ShiftPorts, startShift, watchGroups } from "../../lib/shift/shift.ts";
import { unmetered } from "../support/unmetered.ts";
import { Decisions, Told } from "./decisions.ts";
import type { Engine, Process } from "./engine.ts";
import type { Leaving } from "./leaving.ts";
import { Machines } from "./machines.ts";
import type { Note } from "./notes.ts";
import { type Prng, splitPrng } from "./prng.ts";
import { Pulses } from "./pulses.ts";
import { Sandboxes } from "./sandboxes.ts";
import { simClock } from "./sim-clock.ts";
import type { SimDns } from "./sim-dns.ts";
import { simNodes } from "./sim-nodes.ts";
import type { CodeVersion, SimStore } from "./sim-store.ts";
import type { SimNetwork } from "./sim-vantage.ts";
import { Violation } from "./violation.ts";
import { Wakes, type Woken } from "./wakes.ts";
import { gapMsOf, type Watching } from "./watching.ts";

const shiftMs = 60_000;
const invocationMs = 900_000;
/** What invocations need of the world around them. */
export interface Surroundings {
  readonly engine: Engine;
  readonly config: GroupConfig;
  readonly store: SimStore;
  readonly dns: SimDns;
  readonly network: Omit<SimNetwork, "onEffect">;
  note(who: string, note: Note): void;
  /** An effect leaves a process. */
  onEffect(process: Process, observer: string, leaving: Leaving): void;
  /** A shift begins, of its own accord or woken for a round. */
  onStart(process: Process, woken: Woken | null): void;
  fail(violation: Violation): void;
}

export interface Schedule {
  readonly watching: Watching;
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
  readonly decisions = new Decisions();
  readonly #around: Surroundings;
  readonly #cadence: Schedule;
  readonly pulses: Pulses;
  readonly #schedule: Prng;
  /** How likely a scheduled start doesn't come, and how long a cold one takes at most. */
  skippedStarts = 0;
  coldStartMs = 0;
  readonly wakes: Wakes;
  readonly machines: Machines;
  readonly #sandboxes = new Sandboxes();
  /** What the runtime has given up on, and runs on. */
  readonly #ended = new WeakSet<Process>();
  /** When an observer's last pass ended by itself. */
  readonly #passedAtMs = new Map<string, number>();
  #started = 0;

  constructor(around: Surroundings, cadence: Schedule) {
    const { seed, observers, isOrderly } = cadence;
    this.#around = around;
    this.#cadence = cadence;
    this.#schedule = splitPrng(seed, "schedule");
    this.pulses = new Pulses(around.engine, splitPrng(seed, "pulses"));
    this.wakes = new Wakes(
      splitPrng(seed, "wakes"),
      (call) => this.#onWake(call),
      (violation) => around.fail(violation),
    );
    this.machines = new Machines(seed, observers, isOrderly);
    for (const observer of observers) this.live.set(observer, new Set());
  }

  start(): void {
    for (const [index, observer] of this.#cadence.observers.entries()) {
      const drawnMs = this.#schedule.int(0, 3_000);
      const firstMs = this.#cadence.isOrderly ? index * 300 : drawnMs;
      this.#around.engine.schedule(firstMs, () => this.#invokeAndRepeat(observer));
    }
  }

  #invokeAndRepeat(observer: string): void {
    // What never happens draws no number, so that seeds without it stay as they are.
    const isSkipped = this.skippedStarts > 0 && this.#schedule.chance(this.skippedStarts);
    if (!isSkipped) {
      this.invoke(observer);
      this.#sendPulses(observer);
    }
    const jitterMs = this.#schedule.next() * this.#cadence.jitterMs;
    this.#around.engine.schedule(shiftMs + jitterMs, () => this.#invokeAndRepeat(observer));
  }

  /** The schedule sends a minute's pulses, whatever becomes of the shift that it starts. */
  #sendPulses(observer: string): void {
    const { cadence, pulseMs } = this.#cadence.watching;
    if (cadence !== "pulse") return;
    this.pulses.send({ pulseMs, untilMs: shiftMs }, (pulse) => this.invoke(observer, null, pulse));
  }

  /** When the observer last watched: now, as long as a shift of it is alive, or when its last pass ended by itself. */
  watchedAtMs(observer: string): number {
    const { engine } = this.#around;
    const live = [...(this.live.get(observer) ?? [])].some((one) => !one.isFrozen);
    return live ? engine.nowMs : (this.#passedAtMs.get(observer) ?? Number.NEGATIVE_INFINITY);
  }

  get gapMs(): number {
    const { watching, jitterMs } = this.#cadence;
    return gapMsOf(watching, { shiftMs, jitterMs });
  }

  /** An observer that never starts a shift isn't woken either. */
  #onWake({ observer, ...woken }: WakeCall): void {
    if (this.live.has(observer)) this.invoke(observer, woken);
  }

  /** One invocation: a process of its own, ended by its deadline at the latest. */
  invoke(observer: string, woken: Woken | null = null, pulse: Pulse | null = null): Process {
    const { engine } = this.#around;
    this.#started += 1;
    const number = this.#started;
    const process = this.machines.newProcess(engine, observer, number);
    const live = this.live.get(observer);
    live?.add(process);
    process.onCrash = () => live?.delete(process);
    const ending = new AbortController();
    process.onEnding = () => {
      this.#ended.add(process);
      ending.abort();
    };
    const code = this.machines.codeOf(observer);
    process.deliver(this.#startMs(), () => {
      if (this.machines.takeFailure(observer)) {
        process.crash();
        return;
      }
      const keeping = this.#sandboxes.take(observer, code);
      const about = { process, observer, number, code, woken, pulse, keeping } as const;
      void this.#shift({ ...about, signal: ending.signal }).then(() => {
        if (live?.has(process)) this.#passedAtMs.set(observer, engine.nowMs);
        if (!process.isDead) this.#sandboxes.giveBack(observer, code, keeping);
        process.isDead = true;
        live?.delete(process);
      });
    });
    engine.schedule(invocationMs, () => process.crash());
    return process;
  }

  #startMs(): number {
    if (this.coldStartMs === 0) return 20;
    return this.coldStartMs * (0.4 + 0.6 * this.#schedule.next());
  }

  /** Starts come again as they should. */
  heal(): void {
    this.skippedStarts = 0;
    this.coldStartMs = 0;
    this.wakes.heal();
    this.pulses.heal();
    this.machines.heal();
  }

  async #shift({
    process,
    observer,
    number,
    code,
    woken,
    pulse,
    keeping,
    signal,
  }: Start): Promise<void> {
    this.#around.onStart(process, woken);
    try {
      const shift = await startShift(this.#ports({ process, observer, code, woken, keeping }), {
        observer,
        deployment: "sim",
        codeVersion: code === "this" ? "sim" : "sim-next",
        requestId: String(number).padStart(8, "0"),
        woken,
        pulse,
        ...this.#cadence.watching,
        shiftMs,
        remainingMs: invocationMs,
        signal,
      });
      const statuses = new Told((status) => this.#onDecision(process, observer, status));
      const watched = { ...shift, statuses };
      await handOver(watched, await watchGroups(watched));
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? "") : String(error);
      this.#around.fail(new Violation("crash", why));
    }
  }

  #onDecision(process: Process, observer: string, { rule, why }: GroupStatus): void {
    this.decisions.add(observer, rule, this.#around.engine.nowMs);
    this.#around.note(process.name, { kind: "decision", rule, why });
  }

  #ports({
    process,
    observer,
    code,
    woken,
    keeping,
  }: Omit<Start, "number" | "pulse" | "signal">): ShiftPorts {
    const around = this.#around;
    const records = { what: "a change of records", change: null } as const;
    const onSend = () => this.#onStart(process, observer, records);
    return {
      store: around.store.portFor(process, observer, code),
      dns: around.dns.portFor(process, around.dns.faults, onSend),
      clock: simClock(process, () => this.machines.wallStepMs(observer)),
      reporter: {
        event: (event) => around.note(process.name, { kind: "event", rule: event.rule, event }),
        line: (level, text) => {
          if (level === "error") {
            around.fail(new Violation("error", `${process.name}: ${text}`));
          }
          around.note(process.name, { kind: "line", text, level });
        },
        flush: () => Promise.resolve(),
      },
      meter: unmetered,
      waker: this.wakes.portFor(process, woken),
      connect: () =>
        Promise.resolve(
          success(
            simNodes(process, observer, {
              ...around.network,
              onEffect: (sender, who, change, node, seen) => {
                if (change.kind !== "mark") {
                  around.note(sender.name, { kind: "sent", change: change.kind, node });
                }
                const what = `${change.kind} on ${node}`;
                const to = change.kind === "attach" ? formatAddress(change.master) : undefined;
                const leaving = { what, change: change.kind, node, seen };
                this.#onEffect(sender, who, to === undefined ? leaving : { ...leaving, to });
              },
            }),
          ),
        ),
      whyTableIsUnsafe: () => Promise.resolve(success(null)),
      keeping,
      watchFreezes: () => ({ lastThawMs: () => process.lastThawMs, stop: () => {} }),
    };
  }

  /** S4: no effect starts on a STATE that was read longer ago than fenceMs, by the sender's own clock. */
  #onEffect(sender: Process, observer: string, leaving: Leaving): void {
    const { what } = leaving;
    this.#onStart(sender, observer, leaving);
    const { store, config, fail } = this.#around;
    const verifiedAtMs = store.verifiedAtMs.get(sender.name) ?? Number.NEGATIVE_INFINITY;
    const ageMs = Math.round(sender.now() - verifiedAtMs);
    if (ageMs <= config.settings.fenceMs) return;
    fail(new Violation("S4", `${sender.name} starts ${what}, its STATE is ${ageMs} ms old`));
  }

  /**
   * S4: no effect starts after the end. A batch of records has no age of its own: a publication starts with its reading,
   * and what it sends is a compare-and-swap by epoch, however old its STATE is by then (DESIGN 5, fault R5).
   */
  #onStart(sender: Process, observer: string, leaving: Leaving): void {
    this.#around.onEffect(sender, observer, leaving);
    if (!this.#ended.has(sender)) return;
    const why = `${sender.name} starts ${leaving.what} after it was told to end`;
    this.#around.fail(new Violation("S4", why));
  }
}

/** One process's beginning. */
interface Start {
  readonly process: Process;
  readonly observer: string;
  readonly number: number;
  readonly code: CodeVersion;
  readonly woken: Woken | null;
  readonly pulse: Pulse | null;
  readonly keeping: Keeping;
  readonly signal: AbortSignal;
}
