import { notice, type SentinelEvent } from "./events.ts";
import type { Memory } from "./memory.ts";

/**
 * Other processes than before at the addresses of nodes. The committed master's is R710's to tell, which judges what it
 * still holds; of any other node it is news and no more, since whatever is to be done rests on what the node says now.
 */
export function reboots(before: Memory, after: Memory): readonly SentinelEvent[] {
  const master = after.state?.master?.node;
  return Object.values(after.nodes).flatMap(({ node, facts }) => {
    const old = before.nodes[node]?.facts?.runId;
    if (facts === null || old === undefined || facts.runId === old || node === master) return [];
    const message = `${node} was started again: run id ${facts.runId} after ${old}`;
    return [notice("+reboot", message, { node, evidence: { runId: facts.runId } })];
  });
}
