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
