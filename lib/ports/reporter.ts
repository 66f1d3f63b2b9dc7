import type { SentinelEvent } from "../core/events.ts";

/** Where decisions become visible: one JSON line per event, metrics for the phases, and copies in the table. */
export interface Reporter {
  event(event: ReportedEvent): void;
  /** A line for what is no event: a shift's end, a failing dependency. Nobody pays for "debug", unless it is asked for. */
  line(
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ): void;
  /** Waits, within its own deadline, until the copies are stored. */
  flush(): Promise<void>;
}

/** An event with the context in which its rule fired. */
export interface ReportedEvent extends SentinelEvent {
  readonly group: string;
  readonly rule: string;
  readonly epoch: number;
  readonly round: number;
  readonly rev: number;
}
