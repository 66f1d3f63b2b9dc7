/**
 * A stop of its own that comes with each of these at the latest. AbortSignal.any would keep what waits for it alive for as
 * long as none of its sources is aborted, for ever if need be.
 */
export function stopWith(sources: readonly AbortSignal[]): AbortController {
  const stop = new AbortController();
  for (const source of sources) {
    if (source.aborted) stop.abort(source.reason);
    source.addEventListener("abort", () => stop.abort(source.reason), { once: true });
  }
  return stop;
}
