import type { Store } from "../../lib/ports/store.ts";
import type { Play, Stage } from "./stage.ts";

/** What stands between one client and the table, which itself is sound. */
export type StoreTrouble =
  | "nobody listens"
  | "never answers"
  | "throttles"
  | "denies"
  /** The next write is applied, and its answer lost. */
  | "loses the next answer"
  /** The next write never arrives. */
  | "loses the next request"
  /** Every write arrives, long after its sender gave up. */
  | "delays every write";

/** A table of its own for a test, and the stores through which processes reach it. */
export interface StoreStage extends Stage {
  /** The store of one more process with every right. */
  store(deployment?: string): Store;
  /** A store that is given up on quickly, because this stands in its way. */
  troubled(by: StoreTrouble): Promise<Store>;
  /** Lets arrive what was delayed. */
  release(): void;
}

export type StorePlay = Play<StoreStage>;
