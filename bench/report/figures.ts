import type { Side } from "../measurement.ts";
import type { Sample } from "../raw.ts";
import { type Spread, spreadOf } from "../statistics.ts";

/** What was measured, by measurement, side and reading. */
export class Figures {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  /** The values of one reading, where it came about. */
  values(measurement: string, side: Side, reading: string): readonly number[] {
    return this.#passed(measurement, side).flatMap(({ readings }) => readings[reading] ?? []);
  }

  spread(measurement: string, side: Side, reading: string): Spread | null {
    return spreadOf(this.values(measurement, side, reading));
  }

  median(measurement: string, side: Side, reading: string): number | null {
    return this.spread(measurement, side, reading)?.median ?? null;
  }

  /** How many runs of a side there are. */
  runs(measurement: string, side: Side): number {
    return this.#passed(measurement, side).length;
  }

  /** The readings that a side has, in the order in which they first came. */
  readingsOf(measurement: string, side: Side): readonly string[] {
    return [
      ...new Set(this.#passed(measurement, side).flatMap(({ readings }) => Object.keys(readings))),
    ];
  }

  /** The names of those that were measured and begin so. */
  named(beginning: string): readonly string[] {
    const names = this.#samples.map(({ measurement }) => measurement);
    return [...new Set(names)].filter((name) => name.startsWith(beginning));
  }

  #passed(measurement: string, side: Side): readonly Sample[] {
    return this.#samples.filter(
      (one) => one.failure === null && one.measurement === measurement && one.side === side,
    );
  }
}
