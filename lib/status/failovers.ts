import type { StoredEvent } from "../ports/store.ts";

/** The failovers of a group, told from the events that the table keeps of it. */

export type FailoverResult =
  /** A new master was committed, and everything was brought in line with it. */
  | "completed"
  /** The epoch ended without a new master. */
  | "failed"
  /** It goes on, or its end is not among the events that were read. */
  | "open";

/** The stretches of a failover, in their order. Each was measured by the clock of one observer. */
export interface FailoverTimes {
  /** From the last answer that came to full evidence. */
  readonly detectMs: number | null;
  /** From there to the claim, with the votes. */
  readonly agreeMs: number | null;
  readonly promoteMs: number | null;
  /** From the last answer that came to a writable master. */
  readonly downToWritableMs: number | null;
  /** From the commit to the published name. */
  readonly publishMs: number | null;
  /** From the commit until everything that answers follows. */
  readonly settleMs: number | null;
}

export interface FailoverLoss {
  /** null: it could not be told. */
  readonly bytes: number | null;
  /** By the old master itself; otherwise it may have been more. */
  readonly isExact: boolean;
}

export interface FailoverStep {
  /** Wall clock of the observer that told it, ISO 8601; clocks of two observers may differ. */
  readonly at: string;
  readonly observer: string;
  readonly name: string;
  readonly rule: string;
  readonly message: string;
}

export interface Failover {
  readonly epoch: number;
  readonly result: FailoverResult;
  readonly startedAt: string;
  /** By the commit; null where there was none. */
  readonly from: string | null;
  readonly to: string | null;
  /** null: nobody has said. */
  readonly loss: FailoverLoss | null;
  readonly times: FailoverTimes;
  readonly steps: readonly FailoverStep[];
}

/**
 * Newest first. `events` as `readEvents` gives them, newest first too. An epoch whose claim is no longer among the events is
 * left out: half of a story misleads. The adoption of a group is no failover.
 */
export function failoversOf(events: readonly StoredEvent[]): readonly Failover[] {
  const told = events.toReversed();
  const claims = claimsOf(told);
  const stories = claims.map((claim, index) => {
    const previous = claims[index - 1];
    return storyOf(claim, told, previous === undefined ? null : previous.epoch);
  });
  return stories.toReversed();
}

/**
 * The writes that opened the epochs, oldest first. STATE's own log has them for certain: whoever made one may have died
 * before it told anything else. A takeover writes the phase once more.
 */
function claimsOf(told: readonly StoredEvent[]): readonly StoredEvent[] {
  const first = new Map<number, StoredEvent>();
  for (const event of told) {
    const isOpening = isTransition(event) && event.evidence.phase === "promoting";
    if (isOpening && !first.has(event.epoch)) first.set(event.epoch, event);
  }
  return [...first.values()].toSorted((a, b) => a.epoch - b.epoch);
}

function isTransition({ name }: StoredEvent): boolean {
  return name === "+transition";
}

/** What leads to a claim bears the epoch before it. */
const leading: ReadonlySet<string> = new Set([
  "+sdown",
  "+round",
  "+odown",
  "+try-failover",
  "+new-epoch",
  "+elected-leader",
  "+selected-slave",
]);

function storyOf(
  claim: StoredEvent,
  told: readonly StoredEvent[],
  previousEpoch: number | null,
): Failover {
  const { epoch, round } = claim;
  // A request opens no round of its own, so the end of the last story bounds this one too.
  const begin = previousEpoch === null ? "" : (endOf(told, previousEpoch)?.id ?? "");
  const before = told.filter(
    (event) =>
      event.epoch === epoch - 1 &&
      event.id > begin &&
      leading.has(event.name) &&
      // Silence is noticed before the round is opened.
      event.round >= round - 1,
  );
  const end = endOf(told, epoch);
  const own = told.filter((event) => event.epoch === epoch && isOf(event, end));
  const all = [...before, ...own];
  const commit = all.find((event) => event.name === "+switch-master");
  return {
    epoch,
    result: resultOf(own, end),
    startedAt: (before[0] ?? claim).at,
    from: textOf(commit?.evidence.from),
    to: textOf(commit?.evidence.to),
    loss: lossOf(all),
    times: timesOf(all),
    steps: all.filter((event) => !isToldInMoreWords(event, all)).map(stepOf),
  };
}

/** What bears an epoch and came after its end leads to the next one, or has nothing to do with it; but for what was lost. */
function isOf(event: StoredEvent, end: StoredEvent | null): boolean {
  return end === null || event.id <= end.id || event.name === "+loss-report";
}

function endOf(told: readonly StoredEvent[], epoch: number): StoredEvent | null {
  const isEnd = (event: StoredEvent): boolean =>
    event.epoch === epoch && isTransition(event) && event.evidence.phase === "steady";
  return told.find(isEnd) ?? null;
}

/** A write of STATE is a step of its own only where nobody lived to tell the same. */
function isToldInMoreWords(event: StoredEvent, all: readonly StoredEvent[]): boolean {
  return isTransition(event) && all.some((one) => !isTransition(one) && one.rule === event.rule);
}

function stepOf({ at, observer, name, rule, message }: StoredEvent): FailoverStep {
  return { at, observer, name, rule, message };
}

function resultOf(own: readonly StoredEvent[], end: StoredEvent | null): FailoverResult {
  if (end === null) return "open";
  const isCommitted = own.some(
    (event) => isTransition(event) && event.evidence.phase === "settling",
  );
  return isCommitted ? "completed" : "failed";
}

/** At the commit as a lower bound, and exactly where the old master came back as the process that it was. */
function lossOf(all: readonly StoredEvent[]): FailoverLoss | null {
  const told = all.find((event) => event.name === "+loss-report");
  if (told !== undefined) return { bytes: numberOf(told.evidence.bytes), isExact: true };
  const evidence = all.find((event) => event.evidence.lossCertainty !== undefined)?.evidence;
  if (evidence === undefined) return null;
  const bytes = evidence.lossCertainty === "unknown" ? null : numberOf(evidence.lostBytes);
  return { bytes, isExact: evidence.lossCertainty === "exact" };
}

function timesOf(all: readonly StoredEvent[]): FailoverTimes {
  const measured = (name: string): number | null =>
    all.find((event) => event.durationsMs[name] !== undefined)?.durationsMs[name] ?? null;
  return {
    detectMs: measured("detectMs"),
    agreeMs: measured("agreeMs"),
    promoteMs: measured("promoteMs"),
    downToWritableMs: measured("downToWritableMs"),
    publishMs: measured("publishMs"),
    settleMs: measured("settleMs"),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
