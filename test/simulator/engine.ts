/**
 * Virtual time: events in order of time, then of scheduling. After each event all promise reactions run before the next
 * one, so the real asynchronous code takes part without knowing, and every run of a seed is the same.
 */
export class Engine {
  nowMs = 0;
  events = 0;
  readonly #heap: Entry[] = [];
  #sequence = 0;
  /** Called after every event: the invariants. */
  afterEvent: () => void = () => {};
  readonly #drain: Drain | null;

  /** Without a way to drain, every event gets a turn of Node's loop. */
  constructor(drain: Drain | null = microtasks) {
    this.#drain = drain;
  }

  /** Runs `action` after `delayMs` of virtual time, unless it is cancelled before. */
  schedule(delayMs: number, action: () => void): Timer {
    return this.#add(delayMs, action, "promises");
  }

  /** The same for an action that settles no promise and calls no asynchronous function: nothing has to be run after it. */
  scheduleQuiet(delayMs: number, action: () => void): Timer {
    return this.#add(delayMs, action, "nothing");
  }

  #add(delayMs: number, action: () => void, settles: Entry["settles"]): Timer {
    this.#sequence += 1;
    const atMs = this.nowMs + (delayMs > 0 ? delayMs : 0);
    const entry: Entry = { atMs, sequence: this.#sequence, settles, action };
    push(this.#heap, entry);
    return entry;
  }

  /** Runs every event up to `endMs`; what an event or a check throws ends the run. */
  runUntil(endMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (this.#runSome(endMs)) resolve();
          else setImmediate(turn);
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(turn);
    });
  }

  /** One turn of Node's loop. True: nothing is left before `endMs`. */
  #runSome(endMs: number): boolean {
    const most = this.#drain === null ? 1 : eventsPerTurn;
    for (let count = 0; count < most; ) {
      const first = this.#heap[0];
      if (first === undefined || first.atMs > endMs) {
        this.nowMs = endMs;
        return true;
      }
      pop(this.#heap);
      if (first.action === null) continue;
      this.nowMs = first.atMs;
      this.events += 1;
      count += 1;
      first.action();
      if (first.settles === "promises") this.#drain?.();
      this.afterEvent();
    }
    return false;
  }
}

/** Something that is due; it is forgotten by `cancel`, whether it has run or not. */
export type Timer = Pick<Entry, "action">;

/** A deadline that was met in time must not cost an event. */
export function cancel(timer: Timer): void {
  timer.action = null;
}

interface Entry {
  readonly atMs: number;
  readonly sequence: number;
  readonly settles: "promises" | "nothing";
  action: (() => void) | null;
}

/**
 * Runs every microtask that is due, from a callback of Node's loop: what Node itself does after each of its callbacks,
 * by the same function, so the queue is empty when it returns, however long the chains of promises were. Node does not
 * document it; where it is missing, a turn of the loop is given to every event, with the same effect at ten times the
 * cost. Both run the same reactions in the same order, because the queue is first in, first out and nobody else fills it.
 */
const microtasks = findDrain();
const eventsPerTurn = 10_000;

type Drain = () => void;

function findDrain(): Drain | null {
  const found: unknown = Reflect.get(process, "_tickCallback");
  return typeof found === "function" ? () => found() : null;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(entry, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, left)) child += 1;
    const best = heap[child];
    if (best === undefined || !isBefore(best, last)) break;
    heap[index] = best;
    index = child;
  }
  heap[index] = last;
}

/**
 * One invocation's process. What it waits for is delivered only while it lives; a frozen process gets everything at
 * its thaw. A crash is simply never being continued: no code of ours runs any more.
 */
export class Process {
  readonly engine: Engine;
  readonly name: string;
  /** This process's clock: offset and drift against virtual time. */
  readonly clockOffsetMs: number;
  readonly clockRate: number;
  isDead = false;
  isFrozen = false;
  /** Things delivered to it so far: the crash point of "crash at the n-th await". */
  awaits = 0;
  crashAtAwait = Number.POSITIVE_INFINITY;
  onCrash: () => void = () => {};
  /** Its runtime gives up on it at this await, and it runs on (fault C3). */
  endsAtAwait = Number.POSITIVE_INFINITY;
  onEnding: () => void = () => {};
  /** What leaves this process from `lateFromAwait` on needs this much longer to arrive (fault C14). */
  lateFromAwait = Number.POSITIVE_INFINITY;
  lateMs = 0;
  /** Told of everything that is delivered to this process and of everything that leaves it. */
  onTurn: (does: "hears" | "sends", what: string) => void = () => {};
  lastThawMs = Number.NEGATIVE_INFINITY;
  #held: (() => void)[] = [];

  constructor(engine: Engine, name: string, clockOffsetMs: number, clockRate: number) {
    this.engine = engine;
    this.name = name;
    this.clockOffsetMs = clockOffsetMs;
    this.clockRate = clockRate;
  }

  now(): number {
    return this.engine.nowMs * this.clockRate + this.clockOffsetMs;
  }

  /** Delivers something to this process after a delay of virtual time. */
  deliver(delayMs: number, action: () => void, what = "time"): Timer {
    return this.engine.schedule(delayMs, () => this.#arrive(action, what));
  }

  /** How much later what leaves this process now arrives. */
  get latenessMs(): number {
    return this.awaits >= this.lateFromAwait ? this.lateMs : 0;
  }

  /** Lets something leave this process: it arrives after the delay, even if its sender is dead by then. */
  send(delayMs: number, action: () => void, what: string): void {
    this.onTurn("sends", what);
    this.engine.schedule(delayMs + this.latenessMs, action);
  }

  #arrive(action: () => void, what: string): void {
    if (this.isDead) return;
    if (this.isFrozen) {
      this.#held.push(() => this.#arrive(action, what));
      return;
    }
    this.awaits += 1;
    if (this.awaits >= this.crashAtAwait) {
      this.crash();
      return;
    }
    if (this.awaits >= this.endsAtAwait) {
      this.endsAtAwait = Number.POSITIVE_INFINITY;
      this.onEnding();
    }
    this.onTurn("hears", what);
    action();
  }

  crash(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#held = [];
    this.onCrash();
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    this.lastThawMs = this.now();
    const held = this.#held;
    this.#held = [];
    for (const arrive of held) this.engine.schedule(0, arrive);
  }
}
