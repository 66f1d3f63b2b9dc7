import { acknowledge, unacknowledgedEpoch } from "../core/cool-down.ts";
import { type ConfirmOptions, endsDry } from "./confirm.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { changeState, needGroupState, operatorWriter } from "./group-state.ts";

/** Acknowledges the last automatic failover, which ends its cool-down: the next one need not wait. */
export async function acknowledgeFailover(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { store } = context.open(options);
  const before = await needGroupState(store, group);
  const seen = unacknowledgedEpoch(before);
  if (options.dryRun === true) {
    const nothing = `${group} has no automatic failover to acknowledge`;
    const would = `would acknowledge the automatic failover of epoch ${seen} to ${before.master?.node}`;
    context.terminal.out(seen === null ? nothing : would);
    endsDry(context.terminal, options);
    return exitCodes.fine;
  }
  let what = "";
  const written = await changeState(store, group, (state) => {
    const epoch = unacknowledgedEpoch(state);
    if (epoch === null) return null;
    // Nobody acknowledges what came after they had looked.
    if (epoch !== seen) {
      const message = `expected the failover of epoch ${seen ?? "none"} to be the last one, got another of epoch ${epoch} meanwhile; nothing was changed, see \`lambda-sentinel status ${group}\``;
      throw new CliError(exitCodes.unfinished, message);
    }
    what = `the automatic failover of epoch ${epoch} to ${state.master?.node}`;
    const why = `${context.operator} acknowledges ${what}`;
    return acknowledge(state, operatorWriter(context, "ack", why));
  });
  const { out } = context.terminal;
  if (written.attempt === null) out(`${group} has no automatic failover to acknowledge`);
  else if (written.state.phase === "promoting")
    out(`acknowledged ${what}, and not the one of epoch ${written.state.epoch} that is under way`);
  else out(`acknowledged ${what}; the next one does not wait for the cool-down`);
  return exitCodes.fine;
}
