import { isKept, letGo } from "../core/kept.ts";
import type { CliContext, GlobalOptions } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { changeState, operatorWriter } from "./group-state.ts";

/** Lets the observers attach a node that keeps what it has (`whenReturned: hold`): what only it holds is gone then. */
export async function releaseNode(
  context: CliContext,
  group: string,
  node: string,
  options: GlobalOptions,
): Promise<number> {
  const { store } = context.open(options);
  await changeState(store, group, (state) => {
    if (!isKept(state, node)) {
      const there = state.kept.length === 0 ? "none is" : `there are ${state.kept.join(", ")}`;
      const message = `expected a node of ${group} that is held, got "${node}"; ${there}`;
      throw new CliError(exitCodes.usage, message);
    }
    const why = `${context.operator} releases ${node}`;
    return letGo(state, node, operatorWriter(context, "release", why));
  });
  context.terminal.out(
    `released; the observers make ${node} a replica, and what only it holds is gone`,
  );
  return exitCodes.fine;
}
