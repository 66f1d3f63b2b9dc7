import { setTimeout as delay } from "node:timers/promises";
import type { RedisServer } from "../../lab/redis/server.ts";
import { idOf } from "./rig.ts";
import { connectOnce } from "./writer.ts";

interface Ack {
  readonly node: string;
  readonly atMs: number;
}

/** Writers that know every node, so that no name and no client's habit is in what they measure. */
export interface GapWatch {
  /** From the last write that the old master acknowledged to the first one that the new one did; null: it did none yet. */
  gapMs(oldMaster: string, newMaster: string, sinceMs: number): number | null;
  stop(): Promise<void>;
}

const betweenWritesMs = 1;

export function watchGap(nodes: readonly RedisServer[]): GapWatch {
  const acks: Ack[] = [];
  const ending = new AbortController();

  const writeTo = async (node: RedisServer): Promise<void> => {
    const id = idOf(node);
    while (!ending.signal.aborted) {
      const redis = connectOnce(node.host, node.port, null);
      const end = () => redis.disconnect();
      ending.signal.addEventListener("abort", end, { once: true });
      try {
        await redis.connect();
        while (!ending.signal.aborted) {
          const isWritten = await redis.set("gap", id).then(
            () => true,
            (error: Error) => {
              if (error.message.startsWith("READONLY")) return false;
              throw error;
            },
          );
          if (isWritten) acks.push({ node: id, atMs: performance.now() });
          await delay(betweenWritesMs);
        }
      } catch {
        // Cut, or not there: asked again at once.
        await delay(betweenWritesMs);
      } finally {
        ending.signal.removeEventListener("abort", end);
        redis.disconnect();
      }
    }
  };

  const running = nodes.map(writeTo);
  return {
    gapMs: (oldMaster, newMaster, sinceMs) => {
      const first = acks.find((one) => one.node === newMaster && one.atMs >= sinceMs);
      if (first === undefined) return null;
      const last = acks.findLast((one) => one.node === oldMaster && one.atMs < first.atMs);
      return last === undefined ? null : first.atMs - last.atMs;
    },
    stop: async () => {
      ending.abort();
      await Promise.all(running);
    },
  };
}
