/** Instants that people plan (ADR 0008), ISO 8601. Nothing else may be decided by a wall clock. */

/** Milliseconds since 1970. */
export function wallMsOf(instant: string): number {
  return Date.parse(instant);
}

export function hasCome(instant: string, wallMs: number): boolean {
  return wallMsOf(instant) <= wallMs;
}
