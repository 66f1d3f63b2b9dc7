/** A write in the replication stream: the offset at which it ends, and what it carries. */
export interface LogEntry {
  readonly end: number;
  readonly value: number | null;
  readonly marker: number | null;
}

/** The first entry that ends beyond an offset, by bisection. */
export function indexAfter(log: readonly LogEntry[], offset: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log[middle]?.end ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Another server's values, which no client of the group ever writes: what it holds can be lost as well. */
export function strangersLog(keys: number, startedAtMs: number): readonly LogEntry[] {
  const first = -Math.round(startedAtMs) * 1_000;
  return Array.from({ length: keys }, (_, at) => ({ end: 0, value: first - at, marker: null }));
}
