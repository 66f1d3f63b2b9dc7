import type { Heartbeat } from "../ports/store.ts";
import type { GroupStatus } from "./group.ts";
import { heartbeatOf, signature } from "./heartbeat.ts";
import type { Shift } from "./shift.ts";
import { watchedGroups } from "./troubles.ts";

/** Past its scheduled time a shift asks this often whether its successor has taken over. */
const successorReadMs = 1_000;
/** A group that can't be watched, for want of a secret say, holds the others' heartbeat up no longer than this. */
const firstHeartbeatMs = 5_000;

/**
 * The heartbeat and the question whether to yield: a shift yields to a successor that has written its first heartbeat,
 * once nothing is suspect or unsettled here, or the successor suspects it too (DESIGN 6).
 */
export function createPulse(shift: Shift): () => Promise<string | null> {
  const { ports, observer, codeVersion, statuses } = shift;
  let number = shift.number;
  const heartbeatMs = (): number => {
    let leastMs = 15_000;
    for (const { memory } of statuses.values()) {
      leastMs = Math.min(leastMs, memory.config.settings.heartbeatMs);
    }
    return leastMs;
  };
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let last = "";
  let signed: { readonly of: ReadonlyMap<string, GroupStatus>; readonly text: string } | null =
    null;
  let successor: Heartbeat | null = null;

  /** Pulses come faster than looks: only another look can have changed anything. */
  const signatureNow = (): string => {
    let isSame = signed !== null && signed.of.size === statuses.size;
    for (const [name, status] of statuses) isSame &&= signed?.of.get(name) === status;
    if (signed === null || !isSame) signed = { of: new Map(statuses), text: signature(statuses) };
    return signed.text;
  };

  const isHeartbeatDue = (nowMs: number): boolean => {
    const forMs = nowMs - shift.startedAtMs;
    // An observer without groups says so: its successor has to be heard, and who removed the last group waits for it.
    if (shift.running.size === 0 && !shift.listing.isRead) return false;
    if (statuses.size < shift.running.size && forMs < firstHeartbeatMs) return false;
    return signatureNow() !== last || nowMs - writtenAtMs >= heartbeatMs();
  };

  const write = async (): Promise<void> => {
    number ??= await nextNumber();
    if (number === null) return;
    writtenAtMs = ports.clock.nowMs();
    last = signatureNow();
    const heartbeat = heartbeatOf({ observer, shift: number, codeVersion }, statuses, ports.clock);
    const done = await ports.store.writeHeartbeat(heartbeat);
    if (!done.ok) {
      ports.reporter.line("warn", `no heartbeat: ${done.why}`, {});
      return;
    }
    const groups = watchedGroups(statuses, heartbeat, ports.clock.nowMs());
    ports.meter.beat({ heartbeat, groups });
    if (done.value.standingShift > number) await lookForSuccessor();
  };

  /** A shift that could not ask who came before it asks again before it says its first word. */
  const nextNumber = async (): Promise<number | null> => {
    const got = await ports.store.readHeartbeat(observer);
    return got.ok ? (got.value?.shift ?? 0) + 1 : null;
  };

  const lookForSuccessor = async (): Promise<void> => {
    readAtMs = ports.clock.nowMs();
    const got = await ports.store.readHeartbeat(observer);
    const isNewer = got.ok && got.value !== null && number !== null && got.value.shift > number;
    if (isNewer) successor = got.value;
  };

  return async () => {
    const nowMs = ports.clock.nowMs();
    const isDue = nowMs - shift.startedAtMs >= shift.shiftMs - successorReadMs;
    if (isDue && nowMs - readAtMs >= successorReadMs) await lookForSuccessor();
    if (successor === null && isHeartbeatDue(ports.clock.nowMs())) await write();
    if (successor === null) return null;
    const isOverdue = nowMs - shift.startedAtMs >= 2 * shift.shiftMs;
    return mayYield(shift, successor, isOverdue) ? `shift ${successor.shift} has taken over` : null;
  };
}

/**
 * A suspicion that a whole period has not made full evidence is no longer worth staying for: the successor has watched as
 * long as that. Else a master that only ever answers late would gather fourteen shifts, each of which asks it (P7).
 */
function mayYield(shift: Shift, successor: Heartbeat, isOverdue: boolean): boolean {
  return [...shift.statuses].every(([name, { isBusy, memory }]) => {
    const heard = successor.groups[name];
    if (heard === undefined) return false;
    if (!isBusy) return true;
    const { state } = memory;
    if (state?.leader === shift.identity.shift && state.phase !== "steady") return false;
    const master = state?.master?.node ?? "";
    if (heard.nodes[master]?.verdict.startsWith("down") === true) return true;
    return isOverdue && memory.verdicts[master]?.kind !== "down";
  });
}
