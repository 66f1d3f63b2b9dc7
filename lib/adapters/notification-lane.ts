import { assertNever } from "../core/assert-never.ts";
import type { Clock } from "../ports/clock.ts";
import { type Failure, failure, type Result } from "../ports/errors.ts";
import type { Notification, Notifier } from "../ports/notifier.ts";

export interface LaneLimits {
  /** Beyond this the oldest that waits is dropped, but for a +switch-master. */
  readonly waitingMax: number;
  readonly underWayMax: number;
  /** Of one attempt. */
  readonly deadlineMs: number;
  /** What is waited before each further attempt; as many as there are. */
  readonly pausesMs: readonly number[];
}

/** How one notification ended. */
export type Delivery =
  | { readonly kind: "delivered" }
  | { readonly kind: "failed" | "dropped"; readonly why: string };

/** The way to one receiver. A receiver that hangs fills its own lane and no other. */
export interface Lane {
  readonly target: string;
  /** Takes it at once; resolves when it was delivered or is lost. Never rejects. */
  offer(notification: Notification): Promise<Delivery>;
  /** Resolves when nothing waits and nothing is under way. */
  drained(): Promise<void>;
  /** Gives up what is left, so that nothing of it lives on in a frozen process. */
  abandon(): void;
}

interface Job {
  readonly notification: Notification;
  readonly settle: (delivery: Delivery) => void;
}

export function createLane(notifier: Notifier, clock: Clock, limits: LaneLimits): Lane {
  const waiting: Job[] = [];
  const underWay = new Set<Promise<void>>();
  let ending = new AbortController();

  const start = (job: Job, end: AbortSignal): void => {
    const done = deliver(notifier, job.notification, { clock, limits, end }).then((result) => {
      underWay.delete(done);
      job.settle(result.ok ? { kind: "delivered" } : { kind: "failed", why: result.why });
      pump();
    });
    underWay.add(done);
  };
  const pump = (): void => {
    while (underWay.size < limits.underWayMax) {
      const job = waiting.shift();
      if (job === undefined) return;
      start(job, ending.signal);
    }
  };
  return {
    target: notifier.target,
    offer: (notification) =>
      new Promise((settle) => {
        waiting.push({ notification, settle });
        pump();
        if (waiting.length > limits.waitingMax) drop(waiting, leastOf(waiting), "too many wait");
      }),
    drained: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    abandon: () => {
      while (waiting.length > 0) drop(waiting, 0, "the shift ended before its turn came");
      ending.abort(givenUp);
      ending = new AbortController();
    },
  };
}

/** Clients are pointed to the new master by +switch-master; everything else tells what people can also look up. */
function leastOf(waiting: readonly Job[]): number {
  const lesser = waiting.findIndex((job) => job.notification.event !== "+switch-master");
  return Math.max(lesser, 0);
}

function drop(waiting: Job[], index: number, why: string): void {
  const [dropped] = waiting.splice(index, 1);
  dropped?.settle({ kind: "dropped", why });
}

/** A reason that nobody reads: without one each abort makes an exception with a stack. */
const givenUp = "given up";

interface Terms {
  readonly clock: Clock;
  readonly limits: LaneLimits;
  readonly end: AbortSignal;
}

async function deliver(
  notifier: Notifier,
  notification: Notification,
  terms: Terms,
): Promise<Result<void>> {
  const { clock, limits, end } = terms;
  let result = await attempt(notifier, notification, terms);
  for (const pauseMs of limits.pausesMs) {
    if (result.ok || !isWorthRepeating(result)) break;
    await clock.sleep(pauseMs, end);
    if (end.aborted) break;
    result = await attempt(notifier, notification, terms);
  }
  return result;
}

/** Who refuses us goes on refusing; what hangs, throttles or breaks may be well a second later. */
function isWorthRepeating({ kind }: Failure): boolean {
  switch (kind) {
    case "denied":
    case "refused":
      return false;
    case "unreachable":
    case "unresolved":
    case "timeout":
    case "cut":
    case "throttled":
    case "malformed":
      return true;
    default:
      return assertNever(kind);
  }
}

/** The deadline is kept here, whatever the receiver's client makes of the signal. */
async function attempt(
  notifier: Notifier,
  notification: Notification,
  { clock, limits, end }: Terms,
): Promise<Result<void>> {
  const stop = new AbortController();
  const stopNow = () => stop.abort(givenUp);
  const cut = new Promise<Failure>((resolve) => {
    const why = `${notifier.target}: no answer within ${limits.deadlineMs} ms, or before the shift ended`;
    stop.signal.addEventListener("abort", () => resolve(failure("timeout", why)), { once: true });
  });
  const timer = new AbortController();
  void clock.sleep(limits.deadlineMs, timer.signal).then(stopNow);
  end.addEventListener("abort", stopNow, { once: true });
  try {
    return await Promise.race([sent(notifier, notification, stop.signal), cut]);
  } finally {
    timer.abort(givenUp);
    end.removeEventListener("abort", stopNow);
  }
}

/** A mistake in a receiver's client must not take the watch with it: the watch matters more. */
async function sent(
  notifier: Notifier,
  notification: Notification,
  signal: AbortSignal,
): Promise<Result<void>> {
  try {
    return await notifier.notify(notification, signal);
  } catch (error) {
    return failure("malformed", `${notifier.target}: ${String(error)}`);
  }
}
