import { Metrics } from "@aws-lambda-powertools/metrics";
import {
  type Dimension,
  dimensionSets,
  isMetric,
  metrics,
  namespace,
  type Scope,
  type Values,
} from "../core/metrics.ts";

/** Publishes metrics as lines in CloudWatch's embedded format, each at once: an invocation that is killed has told them. */
export interface Emf {
  publish<S extends Scope>(scope: S, values: Values<S>, about?: About): void;
}

/** What the metrics of one line are of, and what stands in that line beside them for queries. */
export interface About {
  readonly group?: string;
  readonly rule?: string;
  readonly beside?: Readonly<Record<string, string>>;
}

export interface EmfOptions {
  readonly deployment: string;
  readonly observer: string;
}

/** The dimensions are those of the metric's scope, `group` and `rule` only where `about` names them. */
export function createEmf({ deployment, observer }: EmfOptions): Emf {
  const line = new Metrics({ namespace, serviceName: "lambda-sentinel" });
  // The service is the same for all, and an alarm would have to name it.
  line.clearDefaultDimensions();
  // Of every set, so that no two sets name it.
  line.setDefaultDimensions({ deployment });
  return {
    publish: (scope, values, { beside = {}, ...about } = {}) => {
      const told = Object.entries<number | undefined>(values);
      if (told.length === 0) return;
      const known: Partial<Record<Dimension, string>> = { observer, ...about };
      const used = new Set<Dimension>();
      for (const set of dimensionSets[scope]) {
        const further = set.filter((name) => name !== "deployment");
        const pairs = further.map((name) => [name, known[name]] as const);
        if (pairs.some(([, value]) => value === undefined)) continue;
        for (const name of further) used.add(name);
        line.addDimensions(Object.fromEntries(pairs.map(([name, value]) => [name, value ?? ""])));
      }
      if (!used.has("observer")) line.addMetadata("observer", observer);
      for (const [name, value] of Object.entries(beside)) line.addMetadata(name, value);
      for (const [name, value] of told) {
        if (isMetric(name) && value !== undefined) line.addMetric(name, metrics[name].unit, value);
      }
      line.publishStoredMetrics();
    },
  };
}
