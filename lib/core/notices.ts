import { acknowledgement } from "./cool-down.ts";
import type { NodeMemory } from "./detector.ts";
import { notice, type SentinelEvent, warning } from "./events.ts";
import { releases } from "./kept.ts";
import type { Memory } from "./memory.ts";
import type { Verdict } from "./model.ts";
import { sayOddity } from "./oddities.ts";
import { reboots } from "./reboots.ts";
import { isMemoryFull } from "./spells.ts";
import { switched } from "./switched.ts";
import { formatVerdict } from "./verdict.ts";

/** Changes worth a line whoever leads: nodes going down and coming back, a new master, a freeze. */
export function notices(before: Memory, after: Memory): readonly SentinelEvent[] {
  const events: SentinelEvent[] = [];
  if (after.lastThawMs > before.lastThawMs) {
    events.push(
      notice("+tilt", "the process slept through its own loop; its silence is discarded"),
    );
  }
  for (const node of Object.values(after.nodes)) {
    const is = after.verdicts[node.node];
    const was = before.verdicts[node.node];
    if (is === undefined || is.kind === was?.kind) continue;
    events.push(...verdictNotices(node, was, is, before.settled[node.node]));
  }
  events.push(...reboots(before, after), ...replicasTrouble(before, after));
  events.push(...acknowledgement(before.state, after.state));
  events.push(...releases(before.state, after.state));
  const oldMaster = before.state?.master?.node;
  const newMaster = after.state?.master?.node;
  const isOwn = after.state?.leader === after.shift;
  if (oldMaster !== undefined && newMaster !== undefined && oldMaster !== newMaster && !isOwn) {
    const { text, evidence } = switched(after.config, oldMaster, newMaster);
    const message = `${text}, committed by ${after.state?.leader ?? "another observer"}`;
    events.push(warning("+config-update-from", message, { node: newMaster, evidence }));
  }
  return events;
}

/** What is said of one node when the verdict on it changes. */
function verdictNotices(
  node: NodeMemory,
  was: Verdict | undefined,
  is: Verdict,
  settled: Verdict["kind"] | undefined,
): readonly SentinelEvent[] {
  const said = `${node.node} is ${formatVerdict(is)}`;
  const at = { node: node.node };
  const events: SentinelEvent[] = [];
  if (is.kind === "down") {
    const why =
      is.of === "loading"
        ? "it answers, and is not through with loading its data"
        : `${node.missedAtMs.length} probes in a row without a valid reply`;
    events.push(warning("+sdown", `${said}: ${why}`, at));
  }
  if (was?.kind === "down") events.push(warning("-sdown", `${said} again`, at));
  if (isOdd(is) && is.kind !== settled) {
    events.push(warning("+page", `${said}: ${sayOdd(node)}`, at));
  }
  return events;
}

/** In the server's own words, where it has any. */
function sayOdd({ lastReply, facts, writeProbe }: NodeMemory): string {
  if (lastReply !== null && "text" in lastReply) return lastReply.text;
  return isMemoryFull(facts) ? sayOddity("it", "memory-full") : (writeProbe?.why ?? "");
}

/**
 * A replicas' name that is not published stops nothing, so no rule speaks of it. A refusal is stored by whoever leads
 * the epoch; in steady every shift of every observer would meet it again and push the history out of the table.
 */
function replicasTrouble(before: Memory, after: Memory): readonly SentinelEvent[] {
  const was = before.publications.replicas;
  const is = after.publications.replicas;
  if (is === null || is === was || is.isDone || (!is.isRefused && is.failures > 1)) return [];
  const name = after.config.dns?.replicas ?? "the replicas' name";
  if (!is.isRefused) return [notice("-published", `${name} is tried again: ${is.why}`)];
  const said = warning("-published", `${name} is not ours to change: ${is.why}`);
  return [{ ...said, isStored: after.state?.leader === after.shift }];
}

/** Nothing says that it is down, and it can't be used or not even be asked: somebody has to be told (N6 to N10, N26). */
function isOdd(verdict: Verdict): boolean {
  return ["denied", "full", "busy", "foreign", "degraded", "unresolved"].includes(verdict.kind);
}
