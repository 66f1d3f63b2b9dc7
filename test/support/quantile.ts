/** The value below or at which that share of the values lies, by nearest rank: always one that was measured. */
export function quantile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)];
}

/** The middle one, the one that few are above, and the highest; 0 where there is none. */
export function distribution(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => quantile(sorted, share) ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
