import type { Notification, Notifier } from "../../lib/ports/notifier.ts";
import type { ReportedEvent, Reporter } from "../../lib/ports/reporter.ts";

export const topicArn = "arn:aws:sns:eu-west-1:111122223333:sentinel";
export const busArn = "arn:aws:events:eu-west-1:111122223333:event-bus/sentinel";

/** A failover of the group cache, as its leader tells it. */
export function reportedEvent(change: Partial<ReportedEvent> = {}): ReportedEvent {
  return {
    name: "+switch-master",
    level: "warning",
    node: "10.0.0.2:6379",
    message: "cache 10.0.0.1 6379 10.0.0.2 6379",
    evidence: { from: "10.0.0.1:6379", to: "10.0.0.2:6379" },
    isStored: true,
    group: "cache",
    rule: "P510",
    epoch: 2,
    round: 5,
    rev: 12,
    ...change,
  };
}

/** A reporter that remembers. */
export function rememberingReporter() {
  const events: ReportedEvent[] = [];
  const lines: string[] = [];
  let flushes = 0;
  const reporter: Reporter = {
    event: (event) => {
      events.push(event);
    },
    line: (_level, message) => {
      lines.push(message);
    },
    flush: async () => {
      flushes += 1;
    },
  };
  return { reporter, events, lines, flushes: () => flushes };
}

type Answer = Awaited<ReturnType<Notifier["notify"]>>;

/** A receiver that answers when the test says so. */
export function heldNotifier(target = "topic") {
  const calls: {
    readonly notification: Notification;
    readonly signal: AbortSignal;
    readonly answer: (answer: Answer) => void;
  }[] = [];
  const notifier: Notifier = {
    target,
    notify: (notification, signal) =>
      new Promise((answer) => {
        calls.push({ notification, signal, answer });
      }),
  };
  return { notifier, calls };
}
