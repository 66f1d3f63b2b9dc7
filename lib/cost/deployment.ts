import type { GroupConfig } from "../core/config.ts";
import { metrics } from "../core/metrics.ts";
import { alarms } from "../deploy/alarms.ts";
import { pulseDefaultMs } from "../deploy/pulses.ts";
import type { Stage } from "../deploy/stage-schema.ts";
import type { Deployment } from "./estimate.ts";

/** Of a stage and its groups, what their bill depends on. */
export function deploymentOf(
  stage: Stage,
  groups: readonly Pick<GroupConfig, "nodes" | "settings">[],
): Deployment {
  const regions = new Set(stage.observers.map(({ region }) => region)).size;
  const observers = stage.observers.length;
  // An alarm costs its price for each metric that it looks at (CloudWatch's price list).
  const alarmsOf = (of: "observer" | "region") =>
    alarms.flatMap((alarm) => (alarm.of === of ? alarm.sources : [])).length;
  const calm = Object.values(metrics).filter(({ when }) => when === "calm").length;
  return {
    observers,
    rhythm: { cadence: stage.cadence, pulseMs: stage.pulseMs ?? pulseDefaultMs },
    tableCopies: stage.table.replicas?.length ?? 1,
    natGateways: stage.network === "nat" ? regions : 0,
    zones: stage.zones.length,
    alarms: observers * alarmsOf("observer") + regions * alarmsOf("region"),
    metrics: observers * calm,
    dashboards: 1,
    groups: groups.map(({ nodes, settings }) => ({
      nodes: nodes.length,
      stateReadMs: settings.stateReadMs,
      heartbeatMs: settings.heartbeatMs,
      crashAfterMs: settings.crashAfterMs > 0 ? settings.crashAfterMs : settings.downAfterMs,
    })),
  };
}
