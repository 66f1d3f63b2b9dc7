import type { WriteState } from "./commands.ts";
import type { Settings } from "./config.ts";
import { type SentinelEvent, warning } from "./events.ts";
import type { GroupState } from "./model.ts";
import { type Writer, write } from "./state-write.ts";
import type { MasterView } from "./view.ts";

/** Between two automatic failovers a person should have had a look, or time should have passed (invariant S13). */

/** How many failovers in a row `whenFlapping: failover` lets come within a cool-down, before one has to pass again. */
export const earlyMax = 2;
/** A master that stayed for so many cool-downs is no flapping one's successor: the row is over. */
const calmCoolDowns = 10;

/** The automatic failover by which the group has its master, while nobody has acknowledged it. */
export function unacknowledgedEpoch({ automaticEpoch, masterEpoch }: GroupState): number | null {
  return automaticEpoch === masterEpoch ? automaticEpoch : null;
}

/** How long an automatic failover still has to wait; 0 or less: not at all. An epoch that failed since changes nothing. */
export function coolDownLeftMs({ state, memory, settings, nowMs }: MasterView): number {
  return coolDownOf(state, settings, nowMs - memory.masterKnown.sinceMs);
}

/** The same for whoever has known the master for so long, and is no shift itself. */
export function coolDownOf(
  state: GroupState,
  { cooldownMs }: Pick<Settings, "cooldownMs">,
  masterKnownForMs: number,
): number {
  const isCooling = unacknowledgedEpoch(state) !== null;
  // A master that dies before it has settled completes nothing: no cool-down (DESIGN 4, edges).
  if (!isCooling || state.phase === "settling") return 0;
  return Math.ceil(cooldownMs - masterKnownForMs);
}

/** For how long the master's age may still decide something; 0 or less: whatever it is by now, nothing depends on it. */
export function ageDecidesForMs(view: MasterView): number {
  const { state, memory, settings, nowMs } = view;
  const rowMs = state.earlyEpochs.length > 0 ? calmCoolDowns * settings.cooldownMs : 0;
  return Math.max(coolDownLeftMs(view), Math.ceil(memory.masterKnown.sinceMs + rowMs - nowMs));
}

/** Whether the group's policy lets one more failover come within a cool-down. */
export function mayComeEarly({ state, settings }: Pick<MasterView, "state" | "settings">): boolean {
  return settings.whenFlapping === "failover" && state.earlyEpochs.length < earlyMax;
}

/** The row of early failovers with the next automatic one in it. It is counted in STATE, so that shifts don't forget. */
export function earlyEpochsWith(view: MasterView, epoch: number): readonly number[] {
  const { state, memory, settings, nowMs } = view;
  const isCalm = nowMs - memory.masterKnown.sinceMs >= calmCoolDowns * settings.cooldownMs;
  if (isCalm && state.phase === "steady") return [];
  return coolDownLeftMs(view) > 0 ? [...state.earlyEpochs, epoch] : state.earlyEpochs;
}

/** Whether nobody has called people yet for the outage of this master; kept in STATE, so that it is said once. */
export function isUnheard({ pagedEpoch, masterEpoch }: GroupState): boolean {
  return pagedEpoch !== masterEpoch;
}

export function callPeople(state: GroupState, writer: Writer): WriteState {
  return write(state, { pagedEpoch: state.masterEpoch }, writer);
}

/** An operator has seen what happened: the next failover need not wait. */
export function acknowledge(state: GroupState, writer: Writer): WriteState {
  return write(state, { automaticEpoch: null, earlyEpochs: [] }, writer);
}

/** The command line tells nobody by itself, so whoever reads of it does. */
export function acknowledgement(
  before: GroupState | null | undefined,
  after: GroupState | null | undefined,
): readonly SentinelEvent[] {
  if (before == null || after == null) return [];
  const epoch = unacknowledgedEpoch(before);
  const isOver = after.masterEpoch === epoch && after.automaticEpoch === null;
  if (epoch === null || !isOver) return [];
  const entry = after.log.findLast((one) => one.rule === "ack" && one.rev > before.rev);
  const why = entry?.why ?? `the failover of epoch ${epoch} was acknowledged`;
  return [warning("+ack", why, { node: after.master?.node ?? null, evidence: { epoch } })];
}
