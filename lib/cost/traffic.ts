import { assertNever } from "../core/assert-never.ts";
import { type Cadence, isReporting, mostImpatientMs } from "../core/cadence.ts";

/** How an observer watches; `pulseMs` is of no meaning but in `pulse`. */
export interface Rhythm {
  readonly cadence: Cadence;
  readonly pulseMs: number;
}

/** What of a group decides how much there is to ask for and to write. */
export interface GroupSize {
  readonly nodes: number;
  readonly stateReadMs: number;
  readonly heartbeatMs: number;
  /** How long a crash, which a refused connection tells, has to last before it is one. */
  readonly crashAfterMs: number;
}

/**
 * What one observer asks of AWS in a minute in which nothing happens. Failovers are too rare to be seen in a bill. Held
 * against what shifts really do in simulated hours by `test/cost/traffic.test.ts`.
 */
export interface Traffic {
  readonly shifts: number;
  /** What is paid for, over all shifts. */
  readonly billedSeconds: number;
  /** Delayed messages, of which each starts a shift; the scheduler sends ten at a time. */
  readonly messages: number;
  readonly scheduled: number;
  readonly heartbeatReads: number;
  readonly configReads: number;
  /** Of all groups together. */
  readonly stateReads: number;
  readonly heartbeatWrites: number;
  /** Lines of the log: a shift's own end, and what was decided in calm, of all groups together. */
  readonly endLines: number;
  readonly decisionLines: number;
}

const minuteMs = 60_000;
/** So often does a shift that stays ask for groups that came or went. */
const configReadMs = 10_000;
/** Looks for the successor, and the overlap with it. */
const takeovers = { reads: 3, seconds: 0.7 };
/** Counted with a table that answers within 10 ms: a pass that glances and finds nothing new, and one that reports. */
const passSeconds = { quick: 0.04, reporting: 0.21 };
/** SQS takes no larger batch. */
const batchMax = 10;

export function trafficOf(rhythm: Rhythm, groups: readonly GroupSize[]): Traffic {
  const heartbeatMs = mostImpatientMs(groups.map((group) => group.heartbeatMs));
  switch (rhythm.cadence) {
    case "loop":
      return loopTraffic(groups, heartbeatMs);
    case "pulse": {
      const passes = minuteMs / rhythm.pulseMs;
      return passTraffic(groups, passes, reportsOf(rhythm, heartbeatMs));
    }
    case "tick":
      return passTraffic(groups, 1, 1);
    default:
      return assertNever(rhythm.cadence);
  }
}

function loopTraffic(groups: readonly GroupSize[], heartbeatMs: number): Traffic {
  return {
    shifts: 1,
    billedSeconds: minuteMs / 1_000 + takeovers.seconds,
    messages: 0,
    scheduled: 1,
    heartbeatReads: 1 + takeovers.reads,
    configReads: minuteMs / configReadMs + 1,
    stateReads: groups.reduce((sum, group) => sum + minuteMs / group.stateReadMs + 1, 0),
    heartbeatWrites: minuteMs / heartbeatMs + 1,
    endLines: 1,
    // A shift is a little longer than the minute after which it tells a decision again; every other one does.
    decisionLines: 1.5 * groups.length,
  };
}

/** How many passes of a minute report; the schedule starts the first, and each other has its place. */
function reportsOf({ cadence, pulseMs }: Rhythm, heartbeatMs: number): number {
  const delaysMs = Array.from(
    { length: minuteMs / pulseMs - 1 },
    (_, index) => (index + 1) * pulseMs,
  );
  const reporting = delaysMs.filter((delayMs) =>
    isReporting({ cadence, pulseMs, pulse: { delayMs, waitedMs: delayMs } }, heartbeatMs),
  );
  return 1 + reporting.length;
}

function passTraffic(groups: readonly GroupSize[], passes: number, reports: number): Traffic {
  return {
    shifts: passes,
    billedSeconds: (passes - reports) * passSeconds.quick + reports * passSeconds.reporting,
    // The schedule starts the first of each minute.
    messages: passes - 1,
    scheduled: 1 + Math.ceil((passes - 1) / batchMax),
    heartbeatReads: passes,
    // Between two that report, a process still has what the heartbeat names. In the log the first of a minute stands for all.
    configReads: reports,
    stateReads: reports * groups.length,
    heartbeatWrites: reports,
    endLines: 1,
    decisionLines: groups.length,
  };
}

/** How long a crash may go unnoticed, in milliseconds: the least and the most, by the most impatient group. */
export function detectionMs(rhythm: Rhythm, groups: readonly GroupSize[]) {
  const least = Math.min(...groups.map((group) => group.crashAfterMs));
  return { leastMs: least, mostMs: least + waitMs(rhythm) };
}

/** From a death to the first look at it. A schedule's minute is kept to the minute only: two starts lie up to 119 s apart. */
function waitMs(rhythm: Rhythm): number {
  switch (rhythm.cadence) {
    case "loop":
      return 1_000;
    case "pulse":
      return rhythm.pulseMs + 1_000;
    case "tick":
      return 2 * minuteMs;
    default:
      return assertNever(rhythm.cadence);
  }
}
