import type { GroupConfig, NodeId } from "./config.ts";
import { type Rank, rankOf } from "./placement.ts";

/** What the order of the choice looks at in one eligible node (election.ts). */
export interface Standing {
  readonly node: NodeId;
  readonly offset: number;
  /** The server's own `replica-priority`. */
  readonly priority: number;
}

/** `priority 10 of zone eu-west-1a`, as the choice says it. */
export function sayRank({ priority, by }: Rank): string {
  return `priority ${priority} ${by}`;
}

/** Why an eligible node comes after the one that would be promoted. */
export function whyBehind(config: GroupConfig, best: Standing, other: Standing): string {
  const [first, second] = [best, other].map((one) => rankOf(config, one.node, one.priority));
  if (first === undefined || second === undefined) throw new Error("expected two ranks");
  if (first.priority < second.priority) {
    return `${sayRank(second)}, and ${best.node} has ${first.priority}`;
  }
  const missing = best.offset - other.offset;
  if (first.priority === second.priority && missing > 0) {
    return `the same priority, and ${missing} bytes less than ${best.node}`;
  }
  if (first.priority === second.priority && missing === 0) {
    return `as good as ${best.node}, whose run id sorts first`;
  }
  return `it would come before ${best.node} by priority and offset, and was passed over: see the choice's reason`;
}
