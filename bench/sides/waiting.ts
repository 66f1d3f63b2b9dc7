import { setTimeout as sleep } from "node:timers/promises";

/** Asks again until the answer is yes; whether it was in time. A question that fails was not answered yes. */
export async function waitUntil(
  asks: () => Promise<boolean> | boolean,
  limitMs: number,
  pauseMs = 20,
): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const isSo = await Promise.resolve()
      .then(asks)
      .catch(() => false);
    if (isSo) return true;
    if (performance.now() >= endMs) return false;
    await sleep(pauseMs);
  }
}

/** The same where there is nothing to measure without it. */
export async function need(
  what: string,
  asks: () => Promise<boolean> | boolean,
  limitMs: number,
): Promise<void> {
  if (await waitUntil(asks, limitMs, 50)) return;
  throw new Error(`Expected ${what} within ${limitMs} ms, got none: is the machine that busy?`);
}
