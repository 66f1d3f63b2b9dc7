import type { GroupState } from "../core/model.ts";
import type { Store } from "../ports/store.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { readGroupState } from "./group-state.ts";
import { nextLookMs } from "./heartbeats.ts";

/** A request as it was written. */
export interface Asked {
  readonly group: string;
  readonly id: string;
  /** The epoch before the request: what ends above it answers the request. */
  readonly epoch: number;
}

const followMs = nextLookMs;
const pollMs = 250;

/** Prints each change of STATE until the request is carried out, refused, or nobody can be on the way to it any more. */
export async function follow(context: CliContext, store: Store, asked: Asked): Promise<number> {
  const { clock, terminal } = context;
  const startedAtMs = clock.nowMs();
  let shownRev = 0;
  for (;;) {
    const state = await readGroupState(store, asked.group);
    if (state === null)
      throw new CliError(exitCodes.unfinished, `the state of ${asked.group} is gone`);
    const elapsedMs = clock.nowMs() - startedAtMs;
    if (state.rev !== shownRev) terminal.out(renderChange(state, elapsedMs));
    shownRev = state.rev;
    const ending = endingOf(state, asked);
    if (ending !== null) {
      if (ending.isSuccess) terminal.out(terminal.paint("good", ending.message));
      else terminal.error(terminal.paint("bad", ending.message));
      return ending.isSuccess ? exitCodes.fine : exitCodes.unfinished;
    }
    if (elapsedMs >= followMs) {
      terminal.error(explainTimeout(state, asked));
      return exitCodes.unfinished;
    }
    await clock.sleep(pollMs);
  }
}

function renderChange(state: GroupState, elapsedMs: number): string {
  const seconds = (elapsedMs / 1000).toFixed(2);
  return `+${seconds} s  epoch ${state.epoch}  ${state.phase}: ${state.lastTransition.why}`;
}

interface Ending {
  readonly isSuccess: boolean;
  readonly message: string;
}

/** null while the request, or the epoch that answers it, is open. */
function endingOf(state: GroupState, asked: Asked): Ending | null {
  const { request: pending, lastEpoch, phase } = state;
  if (pending?.id === asked.id || phase !== "steady") return null;
  if (lastEpoch !== null && lastEpoch.epoch > asked.epoch) {
    const { result, to, epoch, reason } = lastEpoch;
    if (result === "completed") {
      return { isSuccess: true, message: `${to} is the master since epoch ${epoch}` };
    }
    return { isSuccess: false, message: `epoch ${epoch} failed: ${reason}` };
  }
  if (pending !== null) {
    return { isSuccess: false, message: `replaced by a request of ${pending.by}` };
  }
  return { isSuccess: false, message: `refused: ${state.lastTransition.why}` };
}

function explainTimeout(state: GroupState, asked: Asked): string {
  const limit = `${followMs / 1000} s`;
  const hint = `see \`lambda-sentinel status ${asked.group}\``;
  if (state.request?.id === asked.id && state.epoch === asked.epoch) {
    return `expected an observer to take the request up within ${limit}, got none; it stays and is carried out when one does, ${hint}`;
  }
  if (state.phase === "settling") {
    return `${state.master?.node} is the master, but the group did not settle within ${limit}: the observers go on, ${hint}`;
  }
  return `expected the failover to end within ${limit}, got phase ${state.phase}: the observers go on, ${hint}`;
}
