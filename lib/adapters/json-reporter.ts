import type { Logger } from "@aws-lambda-powertools/logger";
import { type Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Clock } from "../ports/clock.ts";
import type { ReportedEvent, Reporter } from "../ports/reporter.ts";
import { eventIdOf, type Store, type StoredEvent } from "../ports/store.ts";

export interface ReporterOptions {
  readonly observer: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly clock: Clock;
}

/** How long the end of a shift waits for event copies that are still being stored. */
const flushMs = 2_000;
/** Events kept in the table for each group; the log has them all. */
const eventsKept = 500;
/** Copies under way at once; beyond that an event is in the log only. */
const pendingMax = 100;

/** One JSON line an event through the Powertools logger, EMF metrics for the phases, and copies in the table. */
export function createReporter(options: ReporterOptions): Reporter {
  const { observer, logger, metrics, store, clock } = options;
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
      measure(metrics, event);
      if (isStored) keep(event);
    },
    line: (level, message, fields) => {
      logger[level](message, { ...fields, observer });
    },
    flush: async () => {
      await Promise.race([Promise.all([...pending]), clock.sleep(flushMs)]);
      for (const group of grown) {
        const pruned = await store.pruneEvents(group, eventsKept);
        if (!pruned.ok) logger.warn(`events not pruned: ${pruned.why}`, { group });
      }
      metrics.publishStoredMetrics();
    },
  };
}

/** Phases as metrics by group, only when something happens: calm costs no custom metric. */
function measure(metrics: Metrics, event: ReportedEvent): void {
  const durations = Object.entries(event.durationsMs ?? {});
  const isFailover = event.name === "+switch-master";
  if (durations.length === 0 && !isFailover) return;
  const single = metrics.singleMetric();
  single.addDimension("group", event.group);
  for (const [name, ms] of durations) {
    const one = metrics.singleMetric();
    one.addDimension("group", event.group);
    one.addMetric(name.charAt(0).toUpperCase() + name.slice(1), MetricUnit.Milliseconds, ms);
  }
  if (isFailover) single.addMetric("Failovers", MetricUnit.Count, 1);
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
