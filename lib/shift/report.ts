import type { SentinelEvent } from "../core/events.ts";
import type { Memory } from "../core/memory.ts";
import type { Hands } from "./hands.ts";

/** Tells an event with the moment it belongs to: group, rule, epoch, round and rev. */
export function report(
  hands: Pick<Hands, "reporter">,
  memory: Memory,
  rule: string,
  event: SentinelEvent,
): void {
  const { state, config } = memory;
  hands.reporter.event({
    ...event,
    group: config.name,
    rule,
    epoch: state?.epoch ?? 0,
    round: state?.round.number ?? 0,
    rev: state?.rev ?? 0,
  });
}
