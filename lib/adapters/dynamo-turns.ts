import pLimit from "p-limit";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "./system-clock.ts";

/**
 * Requests to the table under way at once. At the 5 to 25 ms that a table takes this is more than one process can make.
 */
const requestsAtOnce = 16;
/** A table that hangs must not hold those up that wait for a turn longer than one request would. */
const waitMaxMs = 1_000;

/** It had no turn in time: nothing was sent. awsFailure knows it by its name. */
class NoTurnError extends Error {
  override readonly name = "NoTurnError";
}

/**
 * Hundreds of groups that lose their masters together make hundreds of requests in one moment. All under way at once, each
 * waits for the others with its time limit running, and what is late is sent again: more than five hundred ran out of it
 * where two hundred groups failed over. Here they wait before it runs.
 *
 * @throws NoTurnError, by its promise, when a call waited longer than one request may take; it was not made.
 */
export function createTurns({ nowMs }: Pick<Clock, "nowMs"> = systemClock) {
  const limit = pLimit(requestsAtOnce);
  return <T>(call: () => Promise<T>): Promise<T> => {
    const sinceMs = nowMs();
    return limit(() => {
      const waitedMs = Math.round(nowMs() - sinceMs);
      if (waitedMs <= waitMaxMs) return call();
      throw new NoTurnError(
        `expected a turn within ${waitMaxMs} ms, waited ${waitedMs} behind other requests; nothing was sent`,
      );
    });
  };
}
