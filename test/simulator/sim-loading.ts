import type { Settings } from "../../lib/core/config.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import type { RedisWorld } from "./redis-world.ts";
import type { SimRedis } from "./sim-redis.ts";
import { noticedMs } from "./troubles.ts";

/** While a server loads, INFO says less than there is. */
type Veil = Pick<NodeFacts, "replid" | "replid2" | "secondOffset" | "offset">;

/** A server loads what is on disk: nobody is served meanwhile, and a kill leaves things as they were. */
export class Loading {
  /** null: it does not load. */
  veil: Veil | null = null;
  /** When it last began, and when it was last through. */
  beganAtMs = 0;
  endedAtMs = 0;
  readonly #server: SimRedis;
  readonly #world: RedisWorld;

  constructor(server: SimRedis, world: RedisWorld) {
    this.#server = server;
    this.#world = world;
  }

  begin(veil: Veil, end: () => void): void {
    const { loadMs } = this.#world.timings;
    if (loadMs <= 0) {
      end();
      return;
    }
    const server = this.#server;
    const { runId } = server;
    this.veil = veil;
    this.beganAtMs = this.#world.engine.nowMs;
    const finish = (): void => {
      if (server.runId !== runId || !server.isUp) return;
      if (server.isHung) {
        server.arrive(finish);
        return;
      }
      this.veil = null;
      this.endedAtMs = this.#world.engine.nowMs;
      end();
    };
    this.#world.engine.schedule(loadMs, finish);
  }

  forget(): void {
    this.veil = null;
  }

  /** Whether it has been loading, until just now at the least, for so long that people may want another master. */
  isTooLong({ rebootDownAfterMs }: Settings): boolean {
    const { nowMs } = this.#world.engine;
    if (rebootDownAfterMs === 0) return false;
    const isRecent = this.veil !== null || nowMs - this.endedAtMs < noticedMs;
    const untilMs = this.veil !== null ? nowMs : this.endedAtMs;
    return isRecent && untilMs - this.beganAtMs >= rebootDownAfterMs;
  }
}
