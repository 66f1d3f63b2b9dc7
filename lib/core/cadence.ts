import { assertNever } from "./assert-never.ts";

/** How an observer watches: all the time, or in passes that end when everything was seen to be well (DESIGN 6). */
export const cadences = ["loop", "pulse", "tick"] as const;
export type Cadence = (typeof cadences)[number];

/** The delayed message that woke a pass. */
export interface Pulse {
  /** When in its minute it was due. */
  readonly delayMs: number;
  /** How long it was in the queue, by the queue's own clock. */
  readonly waitedMs: number;
}

/** What the shift's own start says of it. */
export interface Start {
  readonly cadence: Cadence;
  /** The time between two pulses; of no meaning in another cadence. */
  readonly pulseMs: number;
  /** null: the schedule or another observer started this shift. */
  readonly pulse: Pulse | null;
}

/** The schedule's period. A tick, and the first pass of each minute of pulses, is its own. */
const minuteMs = 60_000;

/**
 * Why a pulse is not worth a pass: its successor is due already, so that a queue which was held up empties itself at once;
 * or it is left over from before the stage was given another cadence.
 */
export function whyIdle({ cadence, pulseMs, pulse }: Start): string | null {
  if (pulse === null) return null;
  if (cadence !== "pulse") return `a pulse came, and the cadence is ${cadence}`;
  const lateMs = pulse.waitedMs - pulse.delayMs;
  return lateMs > pulseMs ? `the pulse came ${lateMs} ms late, and its successor is due` : null;
}

/**
 * Whether a pass is to report: look as a whole shift does, and send a heartbeat though nothing has changed. Its place in the
 * minute tells, so that no pass has to know when another one spoke.
 */
export function isReporting({ pulseMs, pulse }: Start, heartbeatMs: number): boolean {
  if (pulse === null) return true;
  const before = Math.floor((pulse.delayMs - pulseMs) / heartbeatMs);
  return Math.floor(pulse.delayMs / heartbeatMs) > before;
}

/** An observer whose groups ask for less speaks this often. */
const quietMaxMs = 15_000;

/** As often as the most impatient of the groups asks for; `asked`: their `heartbeatMs`. */
export function mostImpatientMs(asked: Iterable<number>): number {
  return Math.min(quietMaxMs, ...asked);
}

/** How far apart heartbeats are at the most while nothing changes and no start is lost. */
export function heartbeatEveryMs({ cadence, pulseMs }: Start, heartbeatMs: number): number {
  switch (cadence) {
    case "loop":
      return heartbeatMs;
    case "pulse":
      return Math.min(Math.ceil(heartbeatMs / pulseMs) * pulseMs, minuteMs);
    case "tick":
      return minuteMs;
    default:
      return assertNever(cadence);
  }
}
