import { assertNever } from "../core/assert-never.ts";
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
  const { terminal } = context;
  const { ending } = await watchRequest(context, store, asked, (state, elapsedMs) =>
    terminal.out(renderChange(state, elapsedMs)),
  );
  switch (ending.kind) {
    case "done":
      terminal.out(terminal.paint("good", ending.message));
      return exitCodes.fine;
    case "failed":
      terminal.error(terminal.paint("bad", ending.message));
      return exitCodes.unfinished;
    case "late":
      terminal.error(ending.message);
      return exitCodes.unfinished;
    default:
      return assertNever(ending.kind);
  }
}

export interface Ending {
  /** "late": neither carried out nor refused within a minute; the observers go on. */
  readonly kind: "done" | "failed" | "late";
  readonly message: string;
}

/** Tells each change of STATE, and how long after the beginning it was seen, until the request has come to its end. */
export async function watchRequest(
  { clock }: CliContext,
  store: Store,
  asked: Asked,
  onChange: (state: GroupState, elapsedMs: number) => void,
): Promise<{ readonly ending: Ending; readonly state: GroupState }> {
  const startedAtMs = clock.nowMs();
  let shownRev = 0;
  for (;;) {
    const state = await readGroupState(store, asked.group);
    if (state === null)
      throw new CliError(exitCodes.unfinished, `the state of ${asked.group} is gone`);
    const elapsedMs = clock.nowMs() - startedAtMs;
    if (state.rev !== shownRev) onChange(state, elapsedMs);
    shownRev = state.rev;
    const ending = endingOf(state, asked);
    if (ending !== null) return { ending, state };
    if (elapsedMs >= followMs) {
      return { ending: { kind: "late", message: explainTimeout(state, asked) }, state };
    }
    await clock.sleep(pollMs);
  }
}

export function renderChange(state: GroupState, elapsedMs: number): string {
  const seconds = (elapsedMs / 1000).toFixed(2);
  return `+${seconds} s  epoch ${state.epoch}  ${state.phase}: ${state.lastTransition.why}`;
}

/** null while the request, or the epoch that answers it, is open. */
function endingOf(state: GroupState, asked: Asked): Ending | null {
  const { request: pending, lastEpoch, phase } = state;
  if (pending?.id === asked.id || phase !== "steady") return null;
  if (lastEpoch !== null && lastEpoch.epoch > asked.epoch) {
    const { result, to, epoch, reason } = lastEpoch;
    if (result === "completed") {
      return { kind: "done", message: `${to} is the master since epoch ${epoch}` };
    }
    return { kind: "failed", message: `epoch ${epoch} failed: ${reason}` };
  }
  if (pending !== null) {
    return { kind: "failed", message: `replaced by a request of ${pending.by}` };
  }
  return { kind: "failed", message: `refused: ${state.lastTransition.why}` };
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
