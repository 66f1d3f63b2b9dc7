import type { Logger } from "@aws-lambda-powertools/logger";
import type { Clock } from "../ports/clock.ts";
import type { ReportedEvent, Reporter } from "../ports/reporter.ts";
import { eventIdOf, type Store, type StoredEvent } from "../ports/store.ts";
import type { Emf } from "./emf.ts";
import { countEvent } from "./event-metrics.ts";

export interface ReporterOptions {
  readonly observer: string;
  readonly logger: Logger;
  readonly emf: Emf;
  readonly store: Store;
  readonly clock: Clock;
}

/** How long the end of a shift waits for event copies that are still being stored. */
const flushMs = 2_000;
/** Events kept in the table for each group; the log has them all. */
const eventsKept = 500;
/** Copies under way or waiting for their turn; beyond that an event is in the log only. */
const pendingMax = 5_000;

/** One JSON line an event through the Powertools logger, metrics of what it counts for, and copies in the table. */
export function createReporter(options: ReporterOptions): Reporter {
  const { observer, logger, emf, store, clock } = options;
  const pending = new Set<Promise<void>>();
  const grown = new Set<string>();
  let sequence = 0;

  const keep = (event: ReportedEvent): void => {
    if (pending.size >= pendingMax) return;
    sequence += 1;
    const task = store
      .appendEvent(copyOf(event, observer, clock.wallTime(), sequence))
      .then((done) => {
        pending.delete(task);
        if (!done.ok) logger.warn(`event not stored: ${done.why}`, { event: event.name });
      });
    pending.add(task);
    grown.add(event.group);
  };

  return {
    event: (event) => {
      const { message, level, isStored, onceKey: _key, ...fields } = event;
      const line = `${event.name} ${message}`;
      const extra = { ...fields, event: event.name, observer };
      if (level === "warning") logger.warn(line, extra);
      else logger.info(line, extra);
      countEvent(emf, event);
      if (isStored) keep(event);
    },
    line: (level, message, fields) => {
      logger[level](message, { ...fields, observer });
      if (level === "error") emf.publish("observer", { ControllerErrors: 1 });
    },
    flush: async () => {
      await Promise.race([Promise.all([...pending]), clock.sleep(flushMs)]);
      for (const group of grown) {
        const pruned = await store.pruneEvents(group, eventsKept);
        if (!pruned.ok) logger.warn(`events not pruned: ${pruned.why}`, { group });
      }
    },
  };
}

function copyOf(event: ReportedEvent, observer: string, at: string, sequence: number): StoredEvent {
  return {
    group: event.group,
    id: eventIdOf(event.rev, `${at}#${observer}#${String(sequence).padStart(6, "0")}`),
    at,
    observer,
    name: event.name,
    rule: event.rule,
    epoch: event.epoch,
    round: event.round,
    node: event.node,
    message: event.message,
    evidence: event.evidence ?? {},
    durationsMs: event.durationsMs ?? {},
  };
}
