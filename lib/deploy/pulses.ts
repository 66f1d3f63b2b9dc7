import type { Stage } from "./stage-schema.ts";

/** A message that wakes one pass, as SendMessageBatch takes it. */
interface Entry {
  readonly Id: string;
  readonly DelaySeconds: number;
  readonly MessageBody: string;
}

/** What a stack needs to know of how its observer watches. */
export interface PulsesOfStack {
  readonly cadence: Stage["cadence"];
  /** As text, for the function's environment. */
  readonly pulseMs: string;
  /** How many schedules send a minute's pulses. */
  readonly pulses: "none" | "one" | "two";
  /** What these send, as JSON: the parameters of SendMessageBatch but for the queue. */
  readonly firstEntries: string;
  readonly secondEntries: string;
}

export const pulseDefaultMs = 5_000;
const minuteMs = 60_000;
/** SendMessageBatch takes no more. */
const batchMax = 10;

/**
 * The pulses of a minute: EventBridge Scheduler itself sends them, in batches, to a queue that holds each back for its time.
 * The first one is the scheduled start of the function, so that there is one when the queue is lost.
 */
export function pulsesOf({ cadence, pulseMs = pulseDefaultMs }: Stage): PulsesOfStack {
  const entries: Entry[] = [];
  if (cadence === "pulse") {
    for (let delayMs = pulseMs; delayMs < minuteMs; delayMs += pulseMs) {
      const MessageBody = JSON.stringify({ pulse: { delayMs } });
      entries.push({ Id: `${delayMs}`, DelaySeconds: delayMs / 1_000, MessageBody });
    }
  }
  const first = entries.slice(0, batchMax);
  const second = entries.slice(batchMax);
  return {
    cadence,
    pulseMs: `${pulseMs}`,
    pulses: first.length === 0 ? "none" : second.length === 0 ? "one" : "two",
    firstEntries: JSON.stringify(first),
    secondEntries: JSON.stringify(second),
  };
}
