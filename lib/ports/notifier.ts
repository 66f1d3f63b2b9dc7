import type { EventLevel, EventName, Evidence } from "../core/events.ts";
import type { Result } from "./errors.ts";

/** Somebody outside who is told of events: a topic, or an event bus. Told late, twice, or not at all: nothing rests on it. */
export interface Notifier {
  /** For people: "topic" or "event bus". */
  readonly target: string;
  /** One attempt; ends at the signal at the latest. */
  notify(notification: Notification, signal: AbortSignal): Promise<Result<void>>;
}

export const NOTIFICATION_SCHEMA = 1;

/** What is sent, as JSON. Fields are added and keep their meaning; `schema` is raised when one has to go. */
export interface Notification {
  readonly schema: typeof NOTIFICATION_SCHEMA;
  /** The same for all observers that tell the same, and for repetitions: what a receiver de-duplicates by. */
  readonly key: string;
  readonly deployment: string;
  readonly group: string;
  readonly observer: string;
  /** Wall clock of the observer, ISO 8601, for people. */
  readonly at: string;
  readonly event: EventName;
  readonly level: EventLevel;
  readonly rule: string;
  readonly epoch: number;
  readonly round: number;
  readonly rev: number;
  readonly node: string | null;
  readonly message: string;
  readonly evidence: Evidence;
  readonly durationsMs: Readonly<Record<string, number>>;
}
