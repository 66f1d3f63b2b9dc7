import { isMetric, type Values } from "../core/metrics.ts";
import type { ReportedEvent } from "../ports/reporter.ts";
import type { Emf } from "./emf.ts";

/** What an event counts for. Calm has no events, so it costs no metric of a group. */
export function countEvent(emf: Emf, event: ReportedEvent): void {
  const { group, rule } = event;
  emf.publish("group", { ...durationsOf(event), ...countsOf(event) }, { group });
  if (isRefusal(event)) emf.publish("rule", { Refusals: 1 }, { group, rule });
}

/** `detectMs` in an event is the metric DetectMs. */
function durationsOf({ durationsMs = {} }: ReportedEvent): Values<"group"> {
  return Object.fromEntries(
    Object.entries(durationsMs)
      .map(([name, ms]) => [name.charAt(0).toUpperCase() + name.slice(1), ms] as const)
      .filter(([name]) => isMetric(name)),
  );
}

function countsOf({ name }: ReportedEvent): Values<"group"> {
  switch (name) {
    case "+switch-master":
      return { Failovers: 1, MasterChanges: 1 };
    case "+config-update-from":
      return { MasterChanges: 1 };
    case "+page":
      return { Pages: 1 };
    case "+record-drift":
      return { RecordDrifts: 1, RecordOutOfSync: 1 };
    case "-published":
      return { RecordOutOfSync: 1 };
    case "-failover-abort-no-good-slave":
      return { NoCandidate: 1 };
    default:
      return {};
  }
}

function isRefusal({ name }: ReportedEvent): boolean {
  return name === "+hold" || name.startsWith("-failover-abort-");
}
