/** How many requests may come at once, and how many a second after that. */
export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Counts requests against a rate limit. */
export interface TokenBucket {
  /** Takes a token if there is one at this instant, and says whether it did. */
  take(nowMs: number): boolean;
}

/**
 * Creates a full bucket.
 *
 * @throws Error when a number of the limit is not positive.
 */
export function createTokenBucket({ burst, perSecond }: RateLimit): TokenBucket {
  if (!(burst >= 1 && perSecond > 0)) {
    throw new Error(
      `expected a burst of 1 or more and a positive rate, got ${burst} and ${perSecond}/s`,
    );
  }
  let tokens = burst;
  let filledAtMs: number | undefined;
  return {
    take(nowMs) {
      // A clock that steps back must not take tokens away.
      const elapsedMs = Math.max(0, nowMs - (filledAtMs ?? nowMs));
      filledAtMs = nowMs;
      tokens = Math.min(burst, tokens + (elapsedMs * perSecond) / 1000);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
