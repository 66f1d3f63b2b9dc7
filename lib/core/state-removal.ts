import type { WriteState } from "./commands.ts";
import type { GroupState } from "./model.ts";
import { closed, newRound } from "./state.ts";
import { type Writer, write } from "./state-write.ts";

/**
 * People take the group away, in phase steady. Epochs, histories and the round's number stay: what nodes and records carry
 * is never above them when the name comes back (fault D10).
 */
export function removeGroup(state: GroupState, by: string, writer: Writer): WriteState {
  return write(
    state,
    {
      removed: { by, rev: state.rev + 1 },
      master: null,
      candidate: null,
      leader: null,
      pause: null,
      request: null,
      published: null,
      previousMaster: null,
      previousOffset: null,
      kept: [],
      earlyEpochs: [],
      discovered: [],
      round: closed(state.round, `removed by ${by}`),
    },
    writer,
  );
}

/** A name that comes back is adopted like a new one: who is master may have changed as often as it liked (ADR 0002). */
export function reviveGroup(state: GroupState, version: number, writer: Writer): WriteState {
  const round = newRound(state.round.number + 1, "bootstrap", null, writer);
  return write(state, { removed: null, configVersion: version, round }, writer);
}
