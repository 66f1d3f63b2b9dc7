import type { GroupConfig, NodeId } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import { clearRequest, request } from "../core/state.ts";
import { replacementOf } from "../core/view.ts";
import { describeRequest, describeWish, type Wish } from "../status/words.ts";
import { type ConfirmOptions, confirmOrStop, endsDry } from "./confirm.ts";
import type { CliContext, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { follow } from "./follow.ts";
import { master, noRequest, refuseUnless, running, steady } from "./group-request.ts";
import { changeState, needGroupState, operatorWriter, readActiveConfig } from "./group-state.ts";
import { readInstant } from "./when.ts";

/** What people ask of a group's master; the commands themselves never touch Redis. */

export interface ReplaceOptions extends ConfirmOptions {
  readonly to?: NodeId;
  readonly at?: string;
  /** Bytes. */
  readonly allowDataLoss?: number;
}

/**
 * Asks the observers to replace the master, and follows them to the end: by a hand-over where it lives; where it is
 * down, a failover is made without a cool-down, and a switchover not at all.
 */
export async function replaceMaster(
  context: CliContext,
  kind: Wish["kind"],
  group: string,
  options: ReplaceOptions,
): Promise<number> {
  const { terminal } = context;
  const wish = readWish(context, kind, options);
  const { store } = context.open(options);
  const before = await needGroupState(store, group);
  refuseUnlessCalm(before);
  const config = await readActiveConfig(store, before);
  if (wish.to !== null) refuseUnlessReplica(config, before, wish.to);
  showPlan(terminal, before, config, wish);
  if (options.dryRun === true) {
    terminal.out("nothing was asked (--dry-run)");
    return exitCodes.fine;
  }
  const question = kind === "failover" ? `Fail ${group} over?` : `Switch ${group} over?`;
  await confirmOrStop(terminal, options.yes === true, question);
  const why = `${context.operator} asks for a ${describeWish(wish)}`;
  const written = await changeState(store, group, (state) => {
    refuseUnlessCalm(state);
    if (state.master?.node !== before.master?.node) {
      const message = `expected ${before.master?.node} to be the master still, got ${state.master?.node}; nothing was changed, run the command again if you want another ${kind}`;
      throw new CliError(exitCodes.unfinished, message);
    }
    return request(state, wish, operatorWriter(context, `request-${kind}`, why));
  });
  if (wish.at !== null) {
    terminal.out(
      `asked for ${wish.at}; \`lambda-sentinel cancel ${group}\` takes it back, and so does any automatic failover before then`,
    );
    return exitCodes.fine;
  }
  terminal.out("asked; the observers carry it out, whether you go on watching or not");
  return follow(context, store, { group, id: written.attempt ?? "", epoch: before.epoch });
}

function readWish(context: CliContext, kind: Wish["kind"], options: ReplaceOptions): Wish {
  const nowMs = Date.parse(context.clock.wallTime());
  return {
    kind,
    by: context.operator,
    to: options.to ?? null,
    at: options.at === undefined ? null : readInstant("--at", options.at, nowMs),
    allowedLossBytes: options.allowDataLoss ?? null,
  };
}

/** Takes a request back that nobody has begun to carry out. */
export async function cancelRequest(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { terminal } = context;
  const { store } = context.open(options);
  let what = sayCancelled(await needGroupState(store, group));
  if (options.dryRun === true) {
    terminal.out(what === null ? `${group} has no request` : `would be cancelled: ${what}`);
    endsDry(terminal, options);
    return exitCodes.fine;
  }
  const written = await changeState(store, group, (state) => {
    what = sayCancelled(state);
    if (what === null) return null;
    const why = `${context.operator} cancels the ${what}`;
    return clearRequest(state, operatorWriter(context, "cancel", why));
  });
  terminal.out(written.attempt === null ? `${group} has no request` : `cancelled: ${what}`);
  return exitCodes.fine;
}

/** The request that can still be taken back; null: there is none. */
function sayCancelled({ request: pending, phase, epoch }: GroupState): string | null {
  if (pending === null) return null;
  if (phase === "steady") return `${describeRequest(pending)}, asked by ${pending.by}`;
  const message = `expected a request that nobody has begun, got epoch ${epoch} in phase ${phase}; it goes on`;
  throw new CliError(exitCodes.unfinished, message);
}

/** A test of notifications gives way, and so does a forgetting: nobody waits for one while a master is dead. */
export function refuseUnlessCalm(state: GroupState): void {
  const unasked = noRequest((pending) => replacementOf(pending) !== null);
  refuseUnless(state, master, running, unasked, steady);
}

export function refuseUnlessReplica(config: GroupConfig, state: GroupState, to: NodeId): void {
  const replicas = replicasOf(config, state);
  if (replicas.includes(to)) return;
  const got = to === state.master?.node ? `its master ${to}` : `"${to}"`;
  const list = replicas.join(", ") || "none";
  throw new CliError(
    exitCodes.usage,
    `expected --to to name another node of ${config.name}, got ${got}; there are ${list}; nothing was changed`,
  );
}

export function replicasOf(config: GroupConfig, state: GroupState): readonly NodeId[] {
  return config.nodes.map((node) => node.id).filter((id) => id !== state.master?.node);
}

function showPlan(terminal: Terminal, state: GroupState, config: GroupConfig, wish: Wish): void {
  const replicas = replicasOf(config, state);
  const others = `${replicas.join(", ") || "no other node"} would replace it`;
  terminal.out(`group      ${terminal.paint("bold", state.group)}`);
  terminal.out(`master     ${state.master?.node ?? "none"}, since epoch ${state.masterEpoch}`);
  terminal.out(wish.to === null ? `one of     ${others}` : `successor  ${wish.to}`);
  if (wish.at !== null) terminal.out(`when       ${wish.at}`);
  if (wish.allowedLossBytes !== null) {
    terminal.out(`may lose   ${wish.allowedLossBytes} bytes, if ${state.master?.node} is down`);
  }
  terminal.out(`asked are  ${config.observers.join(", ")}`);
}
