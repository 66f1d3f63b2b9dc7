import { Logger } from "@aws-lambda-powertools/logger";
import { countAwsCalls } from "../adapters/aws-call-counter.ts";
import { createDynamoStore, createTableClient } from "../adapters/dynamo-store.ts";
import { createEmf } from "../adapters/emf.ts";
import { createEmfMeter } from "../adapters/emf-meter.ts";
import { createReporter } from "../adapters/json-reporter.ts";
import { watchLoopDelay } from "../adapters/loop-delay.ts";
import { createNodeLookup } from "../adapters/node-lookup.ts";
import { createNotifyingReporter } from "../adapters/notifying-reporter.ts";
import { connectBy } from "../adapters/redis-connection.ts";
import { createRedisNodes } from "../adapters/redis-nodes.ts";
import { systemClock } from "../adapters/system-clock.ts";
import { createConsistencyCheck } from "../adapters/table-consistency.ts";
import { whyNoRoute } from "../adapters/table-route.ts";
import { createSecretSource } from "../config/secrets.ts";
import { type GroupConfig, markerKeyOf } from "../core/config.ts";
import { success } from "../ports/errors.ts";
import type { Environment } from "../shift/environment.ts";
import { watchFreezes } from "../shift/freeze.ts";
import type { ShiftPorts } from "../shift/shift.ts";
import { createLatePorts } from "./late-ports.ts";

export interface Wiring {
  readonly logger: Logger;
  readonly ports: ShiftPorts;
}

/** The real adapters behind every port of the watch function. */
export function wireWatch(environment: Environment): Wiring {
  const { observer, table, tableRegion, deployment, dnsServers } = environment;
  const logger = new Logger({ serviceName: "lambda-sentinel" });
  const emf = createEmf({ deployment, observer });
  const clock = systemClock;
  const client = createTableClient(tableRegion);
  const noRoute = whyNoRoute(table, tableRegion, process.env);
  const store = createDynamoStore({
    table,
    deployment,
    client,
    onUnreadable: (why) => {
      logger.error(`an item was left out: ${why}`, { observer });
      emf.publish("observer", { ControllerErrors: 1 });
    },
  });
  const secrets = createSecretSource({ clock });
  const lookup = createNodeLookup(dnsServers);
  const late = createLatePorts(environment);
  const connect = async (config: GroupConfig) => {
    late.loadSoon(config);
    const resolved = await secrets.resolve(config.auth, config.tls);
    if (!resolved.ok) return resolved;
    const markerKey = config.settings.marker ? markerKeyOf(config.name) : null;
    // Half of a probe for the name, half of it for the node: then a look-up that fails is known before the probe is late.
    const connectTo = connectBy(lookup, config.settings.probeTimeoutMs / 2);
    const renew = () => secrets.renew(config.auth, config.tls);
    const { killBusyScripts } = config.settings;
    const access = { ...resolved.value, markerKey, killBusyScripts };
    return success(createRedisNodes(access, clock, connectTo, renew));
  };
  const ports: ShiftPorts = {
    store,
    dns: late.dns,
    clock,
    reporter: createNotifyingReporter(createReporter({ observer, logger, emf, store, clock }), {
      deployment,
      observer,
      clock,
      notifiers: late.notifiers,
    }),
    meter: createEmfMeter({
      ...{ emf, observer, store, clock },
      calls: countAwsCalls(),
      loopDelay: watchLoopDelay(),
    }),
    waker: late.waker,
    connect,
    whyTableIsUnsafe: createConsistencyCheck(client, table, noRoute),
    watchFreezes: () => watchFreezes(clock),
    keeping: { recall: null },
  };
  return { logger, ports };
}
