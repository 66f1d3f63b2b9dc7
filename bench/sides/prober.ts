import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../../lib/core/config.ts";
import { connectTo } from "./client.ts";

/** What one server does with writes, asked all the time: what is true, whoever says what about it. */
export interface Prober {
  readonly at: Address;
  /** When it first answered anything, and when it took a write first and last, by performance.now(). */
  readonly seen: {
    answeredAtMs: number | null;
    acceptedAtMs: number | null;
    lastAcceptedAtMs: number | null;
  };
  stop(): Promise<void>;
}

const betweenMs = 4;
const timeoutMs = 1_000;

/**
 * Writes a key of its own. A replica refuses it, so that nothing reaches the stream of an idle master. Both sides cut a
 * new master's clients, and a cut connection is opened anew at once: `everyMs` may be long where there are many of them.
 */
export function startProber(at: Address, everyMs: number = betweenMs): Prober {
  const seen: Prober["seen"] = { answeredAtMs: null, acceptedAtMs: null, lastAcceptedAtMs: null };
  const stopping = new AbortController();
  const note = (isAccepted: boolean): void => {
    const nowMs = performance.now();
    seen.answeredAtMs ??= nowMs;
    if (!isAccepted) return;
    seen.acceptedAtMs ??= nowMs;
    seen.lastAcceptedAtMs = nowMs;
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const redis = connectTo(at, timeoutMs);
      try {
        await redis.connect();
        const cut = new AbortController();
        redis.once("close", () => cut.abort());
        while (!stopping.signal.aborted) {
          note(await isTaken(redis.set("bench:probe", "1")));
          await sleep(everyMs, undefined, { signal: cut.signal });
        }
      } catch {
        // Cut, or not there: a role change cuts everybody.
        await sleep(betweenMs);
      } finally {
        redis.disconnect();
      }
    }
  };
  const done = run();
  return {
    at,
    seen,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** A refusal is an answer; everything else is thrown. */
async function isTaken(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return false;
    throw error;
  }
}
