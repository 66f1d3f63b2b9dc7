import type { GroupConfig } from "../../core/config.ts";
import type { Resolution } from "../../ports/dns.ts";
import type { Result } from "../../ports/errors.ts";
import { formatAge } from "../../status/collect.ts";
import type { GroupStatus, NodeSeen, NodeStatus, ObserverStatus } from "../../status/report.ts";

/** Everything that is looked at for one group; the examinations themselves ask nobody. */
export interface GroupFacts {
  readonly status: GroupStatus;
  /** The configuration in force, or else the newest one, with the nodes that were discovered. */
  readonly config: GroupConfig;
  readonly isConfigMissing: boolean;
  /** Whether the stored digest is that of the stored configuration. */
  readonly isDigestRight: boolean;
  /** Why this version must keep its hands off the state; null: it need not. */
  readonly foreign: string | null;
  /** Who removed it, where that did not come to its end. */
  readonly removedBy: string | null;
  /** The zone's name, and what DNS answers this machine; null: the group publishes nothing. */
  readonly zone: Result<string> | null;
  readonly answer: Result<Resolution> | null;
}

/** The observers whose word is of now. */
export function present({ status }: GroupFacts): readonly ObserverStatus[] {
  return status.observers.filter((observer) => observer.status === "present");
}

export interface Sight {
  readonly observer: ObserverStatus;
  readonly seen: NodeSeen;
}

/** What each of them says of a node. */
export function sightsOf(facts: GroupFacts, node: NodeStatus): readonly Sight[] {
  return present(facts).flatMap((observer) => {
    const seen = node.seenBy[observer.name];
    return seen === undefined ? [] : [{ observer, seen }];
  });
}

/** `a 3 s ago` */
export function sayWhen({ observer }: Sight): string {
  return `${observer.name} ${formatAge(observer.ageMs)} ago`;
}

export function masterOf({ status }: GroupFacts): NodeStatus | undefined {
  return status.nodes.find((node) => node.isMaster);
}

export function replicasOf({ status }: GroupFacts): readonly NodeStatus[] {
  return status.nodes.filter((node) => !node.isMaster);
}

export function isDown({ seen }: Sight): boolean {
  return seen.verdict.startsWith("down");
}
