/** The value below or at which that share of the values lies, by nearest rank: always one that was measured. */
export function quantile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)];
}
