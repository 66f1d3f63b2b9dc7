import type { GroupState } from "../core/model.ts";
import type { OperatorRequest } from "../core/requests.ts";
import { clearRequest } from "../core/state.ts";
import type { Store } from "../ports/store.ts";
import { describeRequest } from "../status/words.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { changeState, operatorWriter, type Written } from "./group-state.ts";

/** What stands in the way of a request, and how one is taken back: the same for every command that asks for something. */

export type Need = (state: GroupState) => string | null;

export const master: Need = (state) =>
  state.master === null
    ? `expected ${state.group} to have a master, got none yet: its observers have not agreed on one`
    : null;

export const running: Need = ({ group, pause }) =>
  pause === null
    ? null
    : `expected ${group} to be running, got a pause by ${pause.by}; run \`lambda-sentinel resume ${group}\` first`;

/** `counts` says which pending requests stand in the way of this one. */
export function noRequest(counts: (pending: OperatorRequest) => boolean = () => true): Need {
  return ({ group, request: pending }) =>
    pending !== null && counts(pending)
      ? `expected no pending request, got a ${describeRequest(pending)}, asked by ${pending.by}; wait until it is done, or run \`lambda-sentinel cancel ${group}\``
      : null;
}

export const steady: Need = ({ phase, lastTransition }) =>
  phase === "steady"
    ? null
    : `expected phase steady, got ${phase} (${lastTransition.why}); wait until it is done`;

/** Throws what the first need says that is not met. */
export function refuseUnless(state: GroupState, ...needs: readonly Need[]): void {
  for (const need of needs) {
    const why = need(state);
    if (why !== null) throw new CliError(exitCodes.unfinished, `${why}; nothing was changed`);
  }
}

/** Only our own request is taken back, never somebody's who came after. */
export async function takeBack(
  context: CliContext,
  store: Store,
  request: { readonly group: string; readonly id: string | undefined },
  writer: { readonly rule: string; readonly why: string },
): Promise<Written> {
  const { rule, why } = writer;
  return changeState(store, request.group, (state) =>
    state.request?.id === request.id
      ? clearRequest(state, operatorWriter(context, rule, why))
      : null,
  );
}

/** The instant so many milliseconds from now, ISO 8601, at which a request ends by itself. */
export function instantIn({ clock }: CliContext, ms: number): string {
  return new Date(Date.parse(clock.wallTime()) + ms).toISOString();
}
