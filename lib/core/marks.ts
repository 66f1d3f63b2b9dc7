/** Instants of the failover under way, for the durations in its events. */
export interface Marks {
  readonly firstMissAtMs: number | null;
  readonly evidenceAtMs: number | null;
  readonly votedAtMs: number | null;
  readonly claimedAtMs: number | null;
  readonly promotedAtMs: number | null;
  readonly committedAtMs: number | null;
  readonly publishedAtMs: number | null;
}

export const noMarks: Marks = {
  firstMissAtMs: null,
  evidenceAtMs: null,
  votedAtMs: null,
  claimedAtMs: null,
  promotedAtMs: null,
  committedAtMs: null,
  publishedAtMs: null,
};
