import type { WriteState } from "./commands.ts";
import type { GroupState } from "./model.ts";
import { closed, newRound } from "./state.ts";
import { type Writer, write } from "./state-write.ts";

/**
 * People promoted a node by hand and want it kept: the observers are asked anew who is master, as of a new group (ADR 0002).
 * Nobody's word but a quorum's makes it the master, with an epoch of its own; until then nothing is done with the group.
 * The old master stays the previous one, so that what only it holds is told of, or held, when it comes back.
 */
export function askForMaster(state: GroupState, writer: Writer): WriteState {
  const round = newRound(state.round.number + 1, "bootstrap", null, writer);
  return write(
    state,
    {
      ...{ master: null, previousMaster: state.master, previousOffset: null },
      ...{ candidate: null, leader: null, published: null, earlyEpochs: [], round },
    },
    writer,
  );
}

/** No quorum named one, so everything is as it was; null where the observers have a master, by whatever way. */
export function keepMaster(
  state: GroupState,
  before: GroupState,
  writer: Writer,
): WriteState | null {
  const { number, purpose } = state.round;
  const isOurs = purpose === "bootstrap" && number > before.round.number;
  const isSame = state.epoch === before.epoch && state.configVersion === before.configVersion;
  if (state.master !== null || state.removed !== null || !isOurs || !isSame) return null;
  const { master, previousMaster, previousOffset, published, earlyEpochs } = before;
  const round = closed(state.round, "no quorum named a master");
  return write(
    state,
    { master, previousMaster, previousOffset, published, earlyEpochs, round },
    writer,
  );
}
