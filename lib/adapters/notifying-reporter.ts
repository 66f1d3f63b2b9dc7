import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { ReportedEvent, Reporter } from "../ports/reporter.ts";
import { isTold, notificationOf } from "./notification.ts";
import { createLane, type Delivery, type LaneLimits } from "./notification-lane.ts";

export interface NotifyingOptions {
  readonly deployment: string;
  readonly observer: string;
  readonly clock: Clock;
  /** Whom to tell; with nobody to tell, a test says so. */
  readonly notifiers: readonly Notifier[];
  readonly limits?: LaneLimits;
}

const usualLimits: LaneLimits = {
  waitingMax: 100,
  underWayMax: 4,
  deadlineMs: 2_000,
  pausesMs: [500, 2_000],
};

/** How long the end of a shift waits for notifications; what is left then is lost, and told as lost. */
const flushMs = 2_000;

/** What did not arrive of one group in this shift. */
interface Lost {
  readonly failed: number;
  readonly dropped: number;
  readonly last: ReportedEvent;
  readonly why: string;
}

/**
 * Tells others what the reporter inside is told. Nothing waits for it: `event` returns at once, and a receiver that
 * hangs costs the watch nothing but the end of its shift, `flushMs` at the most.
 */
export function createNotifyingReporter(inner: Reporter, options: NotifyingOptions): Reporter {
  const { clock, notifiers, limits = usualLimits, deployment, observer } = options;
  const lanes = notifiers.map((notifier) => createLane(notifier, clock, limits));
  const lost = new Map<string, Lost>();
  const telling = new Set<Promise<void>>();

  const tell = async (event: ReportedEvent): Promise<void> => {
    const notification = notificationOf(event, { deployment, observer, at: clock.wallTime() });
    const ends = await Promise.all(
      lanes.map(async ({ target, offer }) => ({ target, delivery: await offer(notification) })),
    );
    if (event.name === "+notify-test") inner.event(testResult(event, ends));
    else for (const end of ends) countLoss(event, end);
  };
  const countLoss = (event: ReportedEvent, { target, delivery }: Ended): void => {
    if (delivery.kind === "delivered") return;
    const { kind, why } = delivery;
    inner.line("warn", `${event.name} ${kind} on its way to the ${target}: ${why}`, {
      group: event.group,
    });
    const { failed, dropped } = lost.get(event.group) ?? { failed: 0, dropped: 0 };
    lost.set(event.group, {
      failed: failed + (kind === "failed" ? 1 : 0),
      dropped: dropped + (kind === "dropped" ? 1 : 0),
      last: event,
      why,
    });
  };

  return {
    event: (event) => {
      inner.event(event);
      if (!isTold(event)) return;
      if (lanes.length === 0 && event.name !== "+notify-test") return;
      const told = tell(event).finally(() => telling.delete(told));
      telling.add(told);
    },
    line: (level, message, fields) => inner.line(level, message, fields),
    flush: async () => {
      const ended = new AbortController();
      const drained = Promise.all(lanes.map((lane) => lane.drained()));
      await Promise.race([drained, clock.sleep(flushMs, ended.signal)]);
      ended.abort();
      for (const lane of lanes) lane.abandon();
      await Promise.all(telling);
      for (const one of lost.values()) inner.event(lossOf(one));
      lost.clear();
      await inner.flush();
    },
  };
}

interface Ended {
  readonly target: string;
  readonly delivery: Delivery;
}

/** How each receiver took the test, as an event that is stored: the command line waits for it. */
function testResult(event: ReportedEvent, ends: readonly Ended[]): ReportedEvent {
  const isTaken = ends.length > 0 && ends.every(({ delivery }) => delivery.kind === "delivered");
  const said = ends.map(({ target, delivery }) =>
    delivery.kind === "delivered"
      ? `the ${target} took it`
      : `the ${target} did not: ${delivery.why}`,
  );
  const nobody = "this observer has neither a topic nor an event bus";
  return {
    ...event,
    name: isTaken ? "+notified" : "-notified",
    level: isTaken ? "notice" : "warning",
    message: said.length === 0 ? nobody : said.join("; "),
    isStored: true,
  };
}

function lossOf({ failed, dropped, last, why }: Lost): ReportedEvent {
  const message = `${failed + dropped} notifications of this shift did not arrive, ${last.name} the last: ${why}`;
  const { onceKey: _key, durationsMs: _durations, ...rest } = last;
  return {
    ...rest,
    name: "-notified",
    level: "warning",
    message,
    evidence: { failed, dropped },
    isStored: true,
  };
}
