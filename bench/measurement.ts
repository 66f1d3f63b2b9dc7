import type { ProcessRegistry } from "../lab/processes.ts";
import type { RedisBinary } from "../lab/redis/find.ts";
import type { PairServers } from "./pair-servers.ts";

/** Who is measured: this project, or Redis Sentinel beside it. */
export type Side = "ours" | "sentinel";

export const sides: readonly Side[] = ["ours", "sentinel"];

/** What one run of one side measured; null: it did not come about. The unit stands in the name. */
export type Readings = Readonly<Record<string, number | null>>;

/** What a run gets; whatever it registers is ended after it. */
export interface Stage {
  readonly processes: ProcessRegistry;
  readonly binary: RedisBinary;
  readonly pair: number;
  readonly pairServers: Pick<PairServers, "start">;
}

export interface Measurement {
  readonly name: string;
  /** One sentence for the page of results. */
  readonly says: string;
  /** So many pairs are enough where hardly anything varies, or a run takes minutes; no limit where it is absent. */
  readonly pairsMax?: number;
  readonly limitMs: number;
  readonly run: Partial<Record<Side, (stage: Stage) => Promise<Readings>>>;
}

export interface Turn {
  readonly measurement: Measurement;
  readonly side: Side;
  readonly pair: number;
}

/** The runs in their order: one pair of everything, then the next; who begins takes turns, so that a drift favours nobody. */
export function turnsOf(chosen: readonly Measurement[], pairs: number): readonly Turn[] {
  return Array.from({ length: pairs }, (_, pair) => pair).flatMap((pair) =>
    chosen
      .filter(({ pairsMax = pairs }) => pair < pairsMax)
      .flatMap((measurement) => {
        const order = pair % 2 === 0 ? sides : sides.toReversed();
        return order
          .filter((side) => measurement.run[side] !== undefined)
          .map((side) => ({ measurement, side, pair }));
      }),
  );
}
