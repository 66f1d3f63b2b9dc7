import { parsePeers } from "../adapters/peers.ts";
import type { GroupConfig } from "../core/config.ts";
import type { Dns } from "../ports/dns.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Waker } from "../ports/waker.ts";
import type { Environment } from "../shift/environment.ts";
import { createLoader, type Later, later, through } from "./later.ts";

export interface LatePorts {
  readonly dns: Dns;
  readonly waker: Waker;
  readonly notifiers: readonly Notifier[];
  /**
   * Says that this group is about to be probed. What a failover of it needs is loaded a moment later, before silence can
   * count as a node that is down: no failover waits for it.
   */
  loadSoon(config: GroupConfig): void;
}

/** The adapters that a calm group never needs, each in a file of its own beside the bundle. */
export function createLatePorts(environment: Environment): LatePorts {
  const peers = parsePeers(environment.peers);
  const zone = later("the client of Route 53", async () => {
    const { createRoute53Dns } = await import("../adapters/route53-dns.ts");
    return createRoute53Dns({ servers: environment.dnsServers });
  });
  const caller = later("the client of Lambda", async () => {
    const { createLambdaWaker } = await import("../adapters/lambda-waker.ts");
    return createLambdaWaker(peers);
  });
  const told = notifiersOf(environment);
  return {
    dns: dnsOf(zone),
    waker: { wake: (call) => through(caller, (waker) => waker.wake(call)) },
    notifiers: told.map(({ notifier }) => notifier),
    loadSoon: createLoader([
      { load: caller, isWanted: () => peers.length > 0 },
      { load: zone, isWanted: ({ dns }) => dns !== undefined },
      ...told.map(({ load }) => ({ load, isWanted: () => true })),
    ]),
  };
}

function dnsOf(zone: Later<Dns>): Dns {
  return {
    read: (wanted) => through(zone, (dns) => dns.read(wanted)),
    publish: (request) => through(zone, (dns) => dns.publish(request)),
    resolve: (wanted) => through(zone, (dns) => dns.resolve(wanted)),
  };
}

interface Told {
  readonly notifier: Notifier;
  readonly load: Later<Notifier>;
}

function notifiersOf({ topic, eventBus }: Environment): readonly Told[] {
  const told = (target: string, load: Later<Notifier>): Told => ({
    notifier: { target, notify: (...call) => through(load, (one) => one.notify(...call)) },
    load,
  });
  const toTopic = (arn: string) =>
    later("the client of SNS", async () => {
      const { createSnsNotifier } = await import("../adapters/sns-notifier.ts");
      return createSnsNotifier(arn);
    });
  const toBus = (arn: string) =>
    later("the client of EventBridge", async () => {
      const { createEventBridgeNotifier } = await import("../adapters/eventbridge-notifier.ts");
      return createEventBridgeNotifier(arn);
    });
  return [
    ...(topic === null ? [] : [told("topic", toTopic(topic))]),
    ...(eventBus === null ? [] : [told("event bus", toBus(eventBus))]),
  ];
}
