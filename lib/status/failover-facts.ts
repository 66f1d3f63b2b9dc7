import type { EpochResult } from "../core/model.ts";
import type { StoredEvent } from "../ports/store.ts";
import type { EpochStory } from "./stories.ts";

/** What `history --json` and `report --json` say of one epoch. docs/explain.md describes it for people. */
export interface FailoverFacts {
  readonly epoch: number;
  /** "adoption": the observers found the group's master. null: whoever opened it died before it told. */
  readonly kind: "failover" | "switchover" | "adoption" | null;
  readonly isAutomatic: boolean | null;
  /** "open": it goes on. */
  readonly result: "completed" | "failed" | "open";
  readonly from: string | null;
  readonly to: string | null;
  /** The shift that opened it. */
  readonly openedBy: string;
  readonly round: number | null;
  /** Wall clocks of the observers that told it, ISO 8601. */
  readonly startedAt: string;
  readonly committedAt: string | null;
  readonly endedAt: string | null;
  readonly durationsMs: Durations;
  readonly loss: Loss | null;
  /** Why it was opened; why it failed, where it did. */
  readonly reason: string;
}

/** Each measured by the monotonic clock of one observer; null: nobody has told. */
export interface Durations {
  /** From the first unanswered probe to full evidence. */
  readonly detectMs: number | null;
  /** From there to the claim. */
  readonly agreeMs: number | null;
  readonly promoteMs: number | null;
  /** From the first unanswered probe to a writable master. */
  readonly downToWritableMs: number | null;
  /** From the commit to the published record. */
  readonly publishMs: number | null;
  /** From the commit until every node that answers follows. */
  readonly settleMs: number | null;
}

export interface Loss {
  readonly bytes: number | null;
  readonly certainty: "exact" | "lower-bound" | "unknown";
}

/** `last` is what STATE says of the newest epoch that ended. */
export function factsOf(story: EpochStory, last: EpochResult | null): FailoverFacts {
  const { epoch, opening, ending, commit, round, events } = story;
  const known = last?.epoch === epoch ? last : null;
  const opened = evidenceOf(events, "+new-epoch");
  const switched = evidenceOf(events, "+switch-master");
  const isAdoption = opening.rule === "B230";
  const adopted = isAdoption
    ? (events.find(({ name }) => name === "+monitor")?.node ?? null)
    : null;
  const isFailed = ending !== null && commit === null;
  return {
    epoch,
    kind: isAdoption ? "adoption" : (kindOf(opened?.kind) ?? known?.kind ?? null),
    isAutomatic: isAdoption ? true : (booleanOf(opened?.isAutomatic) ?? known?.isAutomatic ?? null),
    result: ending === null ? "open" : isFailed ? "failed" : "completed",
    from: textOf(switched?.from) ?? textOf(opened?.from) ?? known?.from ?? round?.suspect ?? null,
    to: textOf(switched?.to) ?? textOf(opened?.to) ?? known?.to ?? adopted,
    openedBy: opening.observer,
    round: round?.number ?? null,
    startedAt: earliest(events, opening),
    committedAt: commit === null ? null : toldAt(events, "+switch-master", commit),
    endedAt: ending === null ? null : toldAt(events, "+failover-end", ending),
    durationsMs: durationsOf(events),
    loss: known?.loss ?? lossOf(events),
    reason: isFailed ? ending.message : opening.message,
  };
}

/** Whoever did it told when; a write of STATE bears the time at which it was copied, which is later. */
function toldAt(events: readonly StoredEvent[], name: string, write: StoredEvent): string {
  return events.find((event) => event.name === name)?.at ?? write.at;
}

/** By the clocks of several observers, so this is no more than about when. */
function earliest(events: readonly StoredEvent[], opening: StoredEvent): string {
  return events.reduce((at, event) => (event.at < at ? event.at : at), opening.at);
}

export function evidenceOf(events: readonly StoredEvent[], name: string) {
  return events.find((event) => event.name === name)?.evidence;
}

export function durationsOf(events: readonly StoredEvent[]): Durations {
  const ms = (name: string): number | null =>
    events.find(({ durationsMs }) => durationsMs[name] !== undefined)?.durationsMs[name] ?? null;
  return {
    detectMs: ms("detectMs"),
    agreeMs: ms("agreeMs"),
    promoteMs: ms("promoteMs"),
    downToWritableMs: ms("downToWritableMs"),
    publishMs: ms("publishMs"),
    settleMs: ms("settleMs"),
  };
}

/** At the commit a lower bound; exactly, once the old master came back as the process that it was. */
function lossOf(events: readonly StoredEvent[]): Loss | null {
  const returned = evidenceOf(events, "+loss-report");
  if (returned !== undefined) return { bytes: numberOf(returned.bytes), certainty: "exact" };
  const switched = evidenceOf(events, "+switch-master");
  switch (switched?.lossCertainty) {
    case "exact":
    case "lower-bound":
    case "unknown":
      return { bytes: numberOf(switched.lostBytes), certainty: switched.lossCertainty };
    default:
      return null;
  }
}

export function sayLoss(loss: Loss | null): string {
  if (loss === null) return "not known";
  if (loss.bytes === null || loss.certainty === "unknown") return "unknown";
  return loss.certainty === "exact" ? `${loss.bytes} bytes` : `at least ${loss.bytes} bytes`;
}

function kindOf(value: unknown): "failover" | "switchover" | null {
  return value === "failover" || value === "switchover" ? value : null;
}

function booleanOf(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
