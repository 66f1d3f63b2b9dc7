import type { GroupConfig } from "../../lib/core/config.ts";
import type { Sight } from "./sight.ts";
import type { SimWorld } from "./world.ts";

/** What a judge sees of a world in which nothing stands in anybody's way; `acknowledged`: which node promised each write. */
export function plainSight(
  world: SimWorld,
  config: GroupConfig,
  acknowledged: Sight["acknowledged"],
): Sight {
  return {
    nodes: world.nodes,
    acknowledged,
    troubles: world.troubles,
    rank: () => 1,
    now: () => world.engine.nowMs,
    config: () => config,
    votes: () => [],
    isCut: () => false,
    isReachable: () => true,
    isNetworkPoor: () => false,
    live: () => [],
  };
}
