import type { GroupConfig } from "../../lib/core/config.ts";
import type { Vote } from "../../lib/core/model.ts";
import type { Process } from "./engine.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { Troubles } from "./troubles.ts";

/** What those who judge a world may know of it, and no observer does. */
export interface Sight {
  readonly nodes: ReadonlyMap<string, SimRedis>;
  /** What clients were told is written, and by which node. */
  readonly acknowledged: ReadonlyMap<number, string>;
  readonly troubles: Troubles;
  /** How much a node is wanted as master; 0: never. */
  rank(node: SimRedis): number;
  now(): number;
  /** The version that STATE names. */
  config(): GroupConfig;
  /** Those that stand, and those that a restored table has lost. */
  votes(): readonly Vote[];
  isCut(one: string, other: string): boolean;
  /** Whether every observer reaches the node now. */
  isReachable(node: string): boolean;
  /** Whether messages take long or get lost: an answer that came too late is nobody's mistake. */
  isNetworkPoor(): boolean;
  live(observer: string): Iterable<Process>;
}
