import type { NodeId } from "../core/config.ts";
import { firstMissAtMs } from "../core/detector.ts";
import type { Memory } from "../core/memory.ts";
import type { Heartbeat } from "../ports/store.ts";
import type { Shift } from "./shift.ts";
import { Voice } from "./voice.ts";

/** Past its scheduled time a shift asks this often whether its successor has taken over. */
export const successorReadMs = 1_000;

/**
 * The heartbeat and the question whether to yield, in the cadence `loop`: a shift yields to a successor that has written
 * its first heartbeat, once nothing is suspect or unsettled here, or the successor suspects it too (DESIGN 6).
 */
export function createBeat(shift: Shift): () => Promise<string | null> {
  const { ports } = shift;
  const voice = new Voice(shift);

  const isHeartbeatDue = (nowMs: number): boolean =>
    voice.isReady() && (voice.hasNews() || nowMs - voice.spokeAtMs >= voice.heartbeatMs());

  return async () => {
    const nowMs = ports.clock.nowMs();
    const isDue = nowMs - shift.startedAtMs >= shift.shiftMs - successorReadMs;
    if (isDue && nowMs - voice.listenedAtMs >= successorReadMs) await voice.listen();
    if (voice.successor === null && isHeartbeatDue(ports.clock.nowMs())) await voice.say();
    if (voice.successor === null) return null;
    const isOverdue = voice.isBesideFor(shift.shiftMs);
    return mayYield(shift, voice.successor, isOverdue) ? sayYielded(voice.successor) : null;
  };
}

export function sayYielded(successor: Heartbeat): string {
  return `shift ${successor.shift} has taken over`;
}

/**
 * A suspicion is handed over to a successor that found the master down as well, and not while it is young: who saw what came
 * before may decide sooner. That the stream advanced until then, say, makes a silent replica's testimony one of death
 * (DESIGN 4.2):
 *
 *     shift 7   stream advances ── n1 hangs ── silent for 5 s: dead ── round ── claim
 *     shift 8                        starts ── silent for 5 s: silent replicas may hear n1 yet, for 12 s
 *
 * One that a whole period beside the successor has not made full evidence is no longer worth staying for. Else a master that
 * only ever answers late would gather fourteen shifts, each of which asks it (P7).
 */
export function mayYield(shift: Shift, successor: Heartbeat, isOverdue: boolean): boolean {
  return [...shift.statuses].every(([name, { isBusy, memory }]) => {
    const heard = successor.groups[name];
    if (heard === undefined) return false;
    if (!isBusy) return true;
    const { state } = memory;
    if (state?.leader === shift.identity.shift && state.phase !== "steady") return false;
    const master = state?.master?.node ?? "";
    const isHeard = heard.nodes[master]?.verdict.startsWith("down") === true;
    if (isOverdue) return isHeard || memory.verdicts[master]?.kind !== "down";
    return isHeard && !isYoung(memory, master, shift.ports.clock.nowMs());
  });
}

/** Whether this shift's own suspicion may still be on its way to a claim: twice the time of silence is enough for that. */
function isYoung({ nodes, config }: Memory, master: NodeId, nowMs: number): boolean {
  const node = nodes[master];
  const sinceMs = node === undefined ? null : firstMissAtMs(node);
  return sinceMs !== null && nowMs - sinceMs < 2 * config.settings.downAfterMs;
}
