import { simConfig } from "../simulator/group-config.ts";

/** The default settings, from which the bounds in docs/limits.md follow. */
const { settings } = simConfig([]);
const { probeIntervalMs, probeTimeoutMs, crashAfterMs, downAfterMs, takeoverMs, fenceMs } =
  settings;

/**
 * What the round trips of one chain of steps may take together. A network on which they take longer than one probe may
 * keeps no other promise either.
 */
export const tripsMs = probeTimeoutMs;

/** The simulator's replicas lag 2 ms, and it draws each delay between half and one and a half of its mean. */
export const lagMaxMs = 3;

/**
 * From the moment in which a second master answers again until an observer has made it a replica. Every observer asks
 * every node once in `probeIntervalMs`; then come a connection, an observation, STATE, the exact loss, the command.
 */
export const fenceBoundMs = probeIntervalMs + tripsMs;

/**
 * From a claim until nobody's commit of it can pass any more, for another observer has taken the epoch over. One interval
 * until the others have read the claim, `takeoverMs` without a sign of life, one interval until the next look.
 */
export const takeoverBoundMs = probeIntervalMs + takeoverMs + probeIntervalMs + tripsMs;

/**
 * The same while shifts change, which those of all observers do in the same seconds: a successor counts `takeoverMs` anew,
 * whatever its predecessor has seen. The next change is a minute away.
 */
export const takeoverAtChangeBoundMs = takeoverBoundMs + takeoverMs;

/** What the simulator's observers wait for an answer of the table. */
const tableTimeoutMs = 1_000;

/**
 * How old the word may be on which a commit rests when it leaves. A write that gets no answer is sent once more as it was,
 * if STATE, read again, is still what it was made for.
 */
export const repeatedBoundMs = fenceMs + 2 * tableTimeoutMs;

/** From a death until a replica is promoted: the next probe, refusals for `crashAfterMs`, the others' next look. */
export const crashBoundMs = probeIntervalMs + crashAfterMs + probeIntervalMs + tripsMs;

/**
 * From the return of a master with less than its replicas have, until one of them is promoted: nobody waits for it. The
 * next probe, the others' next look.
 */
export const lookBoundMs = probeIntervalMs + probeIntervalMs + tripsMs;

/** The pause between two looks of whoever leads a hand-over (lib/core/rules/switchover.ts). */
const handOverPauseMs = 20;

/**
 * From a look at a hand-over's target until the next one has ended the hand-over, if the target gives no answer then: the
 * pause, an observation, STATE, the command.
 */
export const lookAgainBoundMs = handOverPauseMs + tripsMs;

/** S11: how long a second master may stand beside the group's where every observer sees both (test/simulator/fencing.ts). */
export const besideBoundMs = 2 * (2 * probeIntervalMs + probeTimeoutMs + fenceMs);

/** INFO counts whole seconds of silence, and silence needs two more than the ping period to prove anything. */
const silenceMs = 2_000 + 1_000;
/** An observer that knows neither stream nor period yet takes Redis's default for granted. */
const unknownPingMs = 10_000;

/**
 * The same of a master that hangs. Each look at it lasts until its probe runs out: the one more before the vote, and that
 * which finds the evidence, where its pings decide because it has nothing else to say. Silence alone is found by a look that
 * ends with it, and that takes the trip for STATE longer.
 */
export function hangBoundMs(idlePingMs: number | null): number {
  const byOwnMs = probeIntervalMs + downAfterMs;
  const byReplicasMs = idlePingMs === null ? 0 : idlePingMs + silenceMs + probeIntervalMs;
  return Math.max(byOwnMs, byReplicasMs) + 2 * probeTimeoutMs + tripsMs;
}

/**
 * The same while shifts change. A successor has not seen the stream flow, so that the replicas' silence has to prove it;
 * and a predecessor may end with its vote, so that it is counted at somebody's next look.
 */
export const hangAtChangeBoundMs = hangBoundMs(unknownPingMs) + probeIntervalMs + probeTimeoutMs;
