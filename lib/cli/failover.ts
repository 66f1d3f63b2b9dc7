import type { GroupConfig } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import { request } from "../core/state.ts";
import type { Store } from "../ports/store.ts";
import { confirmOrStop } from "./confirm.ts";
import type { CliContext, GlobalOptions, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import {
  changeState,
  needGroupState,
  operatorWriter,
  readActiveConfig,
  readGroupState,
} from "./group-state.ts";

export interface FailoverOptions extends GlobalOptions {
  readonly yes?: boolean;
}

/** Asks the observers for a failover and follows it to its end. The command itself never touches Redis. */
export async function failover(
  context: CliContext,
  group: string,
  options: FailoverOptions,
): Promise<number> {
  const { store } = context.open(options);
  const before = await needGroupState(store, group);
  refuseUnlessCalm(before);
  const config = await readActiveConfig(store, before);
  showPlan(context.terminal, before, config);
  await confirmOrStop(context.terminal, options.yes === true, `Fail ${group} over?`);
  const why = `${context.operator} asks for a failover`;
  const written = await changeState(store, group, (state) => {
    refuseUnlessCalm(state);
    if (state.master?.node !== before.master?.node) {
      const message = `expected ${before.master?.node} to be the master still, got ${state.master?.node}; nothing was changed, run the command again if you want another failover`;
      throw new CliError(exitCodes.unfinished, message);
    }
    const asked = { kind: "failover", by: context.operator } as const;
    return request(state, asked, operatorWriter(context, "request-failover", why));
  });
  context.terminal.out("asked; the observers carry it out");
  return follow(context, store, { group, id: written.attempt ?? "", epoch: before.epoch });
}

function refuseUnlessCalm(state: GroupState): void {
  const why = reasonToRefuse(state);
  if (why === null) return;
  throw new CliError(exitCodes.unfinished, `${why}; nothing was changed`);
}

function reasonToRefuse(state: GroupState): string | null {
  const { group, pause, request: pending, phase } = state;
  if (state.master === null) {
    return `expected ${group} to have a master, got none yet: its observers have not agreed on one`;
  }
  if (pause !== null) {
    return `expected ${group} to be running, got a pause by ${pause.by}; run \`lambda-sentinel resume ${group}\` first`;
  }
  if (pending !== null) {
    return `expected no pending request, got a ${pending.kind} asked by ${pending.by}; wait until it is done`;
  }
  if (phase !== "steady") {
    return `expected phase steady, got ${phase} (${state.lastTransition.why}); wait until it is done`;
  }
  return null;
}

function showPlan(terminal: Terminal, state: GroupState, config: GroupConfig): void {
  const master = state.master?.node ?? "none";
  const replicas = config.nodes.map((node) => node.id).filter((id) => id !== master);
  terminal.out(`group      ${terminal.paint("bold", state.group)}`);
  terminal.out(`master     ${master}, since epoch ${state.masterEpoch}`);
  terminal.out(`one of     ${replicas.join(", ") || "no other node"} would replace it`);
  terminal.out(`asked are  ${config.observers.join(", ")}`);
}

interface Asked {
  readonly group: string;
  readonly id: string;
  /** The epoch before the request: what ends above it answers the request. */
  readonly epoch: number;
}

const followMs = 60_000;
const pollMs = 250;

/** Prints each change of STATE until the request is carried out, refused, or a minute has passed. */
async function follow(context: CliContext, store: Store, asked: Asked): Promise<number> {
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
