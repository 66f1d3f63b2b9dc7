import type { TimedFault } from "./faults.ts";
import { calmMs, runSeed, type SeedResult, type Setup } from "./run-seed.ts";

/** A run that can be repeated without the families that drew its faults. */
export interface Trial {
  readonly seed: number;
  readonly setup: Setup;
  readonly safetyMs: number;
  readonly schedule: readonly TimedFault[];
}

export interface Shrunk extends Trial {
  readonly invariant: string;
  readonly message: string;
  readonly runs: number;
  /** The last events of the smallest run that still fails. */
  readonly lines: readonly string[];
}

/** What a candidate's run came to. */
export type TrialResult = Pick<SeedResult, "violation" | "lines">;

export interface ShrinkOptions {
  /** Candidates tried at most. */
  readonly runsMax: number;
  readonly progress: (line: string) => void;
  readonly run?: (trial: Trial) => Promise<TrialResult>;
}

/**
 * Makes a failing run smaller: whole families of faults are dropped, then single faults (delta debugging), then time.
 * Each candidate must violate the same invariant. Null: the recorded schedule did not repeat the violation.
 */
export async function shrink(found: SeedResult, options: ShrinkOptions): Promise<Shrunk | null> {
  if (found.violation === null) return null;
  const { seed, setup, safetyMs, schedule, isOfLiveness } = found;
  const search = new Search(found.violation.invariant, options);
  // What comes after the violation has nothing to do with it.
  const endMs = isOfLiveness ? calmMs + safetyMs : found.record.virtualMs;
  const before = schedule.filter((one) => one.atMs <= endMs);
  const whole: Trial = { seed, setup, safetyMs: Math.ceil(endMs - calmMs), schedule: before };
  if (!(await search.fails(whole)) && !(await search.fails({ ...whole, safetyMs, schedule }))) {
    return null;
  }
  await search.dropFamilies();
  await search.dropFaults();
  await search.shortenTime();
  return search.smallest();
}

class Search {
  readonly #invariant: string;
  readonly #options: ShrinkOptions;
  #runs = 0;
  #best: { readonly trial: Trial; readonly result: TrialResult } | null = null;

  constructor(invariant: string, options: ShrinkOptions) {
    this.#invariant = invariant;
    this.#options = options;
  }

  /** Runs a candidate; one that fails in the same way becomes the best so far. */
  async fails(trial: Trial): Promise<boolean> {
    if (this.#runs >= this.#options.runsMax) return false;
    this.#runs += 1;
    const result = await (this.#options.run ?? runSeed)(trial);
    if (result.violation?.invariant !== this.#invariant) return false;
    this.#best = { trial, result };
    const seconds = Math.round(trial.safetyMs / 1_000);
    this.#options.progress(
      `run ${this.#runs}: ${this.#invariant} with ${trial.schedule.length} faults in ${seconds} s`,
    );
    return true;
  }

  get #trial(): Trial {
    if (this.#best === null) throw new Error("expected a failing run before it is made smaller");
    return this.#best.trial;
  }

  #with(schedule: readonly TimedFault[]): Promise<boolean> {
    return this.fails({ ...this.#trial, schedule });
  }

  async dropFamilies(): Promise<void> {
    for (const family of new Set(this.#trial.schedule.map((one) => one.by))) {
      await this.#with(this.#trial.schedule.filter((one) => one.by !== family));
    }
  }

  /** Zeller's ddmin over the list of faults: ever finer parts are left out. */
  async dropFaults(): Promise<void> {
    for (let parts = 2; this.#trial.schedule.length > 0; ) {
      const { schedule } = this.#trial;
      const size = Math.ceil(schedule.length / parts);
      let hasShrunk = false;
      for (let from = 0; from < schedule.length && !hasShrunk; from += size) {
        hasShrunk = await this.#with(schedule.toSpliced(from, size));
      }
      if (this.#runs >= this.#options.runsMax) return;
      if (hasShrunk) parts = Math.max(parts - 1, 2);
      else if (size === 1) return;
      else parts = Math.min(parts * 2, schedule.length);
    }
  }

  /** The safety phase ends soon after its last fault, or earlier; whatever comes later is healed anyway. */
  async shortenTime(): Promise<void> {
    const lastMs = Math.max(calmMs, ...this.#trial.schedule.map((one) => one.atMs));
    await this.fails({ ...this.#trial, safetyMs: Math.ceil(lastMs - calmMs) + 1_000 });
    let enoughMs = this.#trial.safetyMs;
    let littleMs = 0;
    while (enoughMs - littleMs > 1_000) {
      const safetyMs = Math.ceil((littleMs + enoughMs) / 2);
      const schedule = this.#trial.schedule.filter((one) => one.atMs <= calmMs + safetyMs);
      if (await this.fails({ ...this.#trial, safetyMs, schedule })) enoughMs = safetyMs;
      else littleMs = safetyMs;
    }
  }

  smallest(): Shrunk | null {
    const { violation, lines } = this.#best?.result ?? { violation: null, lines: [] };
    if (violation === null) return null;
    const { invariant, message } = violation;
    return { ...this.#trial, invariant, message, runs: this.#runs, lines };
  }
}
