import { findNode, formatAddress, type NodeId } from "../core/config.ts";
import { isDiscovered } from "../core/discovered.ts";
import type { GroupState } from "../core/model.ts";
import { request } from "../core/state.ts";
import type { Store } from "../ports/store.ts";
import { type ConfirmOptions, confirmOrStop, endsDry } from "./confirm.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import {
  instantIn,
  master,
  type Need,
  noRequest,
  refuseUnless,
  running,
  steady,
  takeBack,
} from "./group-request.ts";
import {
  changeState,
  needGroupState,
  operatorWriter,
  readGroupState,
  readNamedConfig,
} from "./group-state.ts";
import { nextLookMs } from "./heartbeats.ts";

/** Nodes that the observers found leave the group when people say so, and the observers agree that it is calm. */

const waitMs = nextLookMs;
const pollMs = 500;
/** By then the command line has taken its request back, unless it died. */
const untilMs = waitMs + 30_000;

export async function forgetNode(
  context: CliContext,
  group: string,
  node: NodeId,
  options: ConfirmOptions,
): Promise<number> {
  const { store } = context.open(options);
  const state = await needGroupState(store, group);
  const config = await readNamedConfig(store, state);
  refuseUnlessFound(state, node, findNode(config, node) !== undefined);
  refuseUnlessFree(state);
  if (endsDry(context.terminal, options)) return exitCodes.fine;
  await confirmOrStop(context.terminal, options.yes === true, `Forget ${node}?`);
  return ask(context, store, group, node);
}

export async function resetGroup(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { terminal } = context;
  const { store } = context.open(options);
  const state = await needGroupState(store, group);
  refuseUnlessFree(state);
  if (state.discovered.length === 0) {
    terminal.out(`${group} has no discovered node; the nodes of the file leave with \`apply\``);
    return exitCodes.fine;
  }
  terminal.out(`found are  ${namesOf(state)}; whichever answers stays`);
  if (endsDry(terminal, options)) return exitCodes.fine;
  await confirmOrStop(terminal, options.yes === true, `Reset ${group}?`);
  return ask(context, store, group, null);
}

function namesOf({ discovered }: GroupState): string {
  return discovered.length === 0 ? "none" : discovered.map(formatAddress).join(", ");
}

function refuseUnlessFound(state: GroupState, node: NodeId, isInFile: boolean): void {
  const { group } = state;
  if (isInFile) {
    const message = `expected a discovered node, got ${node}, which the file names: take it out there, and run \`lambda-sentinel apply\`; nothing was changed`;
    throw new CliError(exitCodes.usage, message);
  }
  if (!isDiscovered(state, node)) {
    const message = `expected a node that was discovered for ${group}, got "${node}"; there are ${namesOf(state)}; nothing was changed`;
    throw new CliError(exitCodes.usage, message);
  }
  if (node !== state.master?.node) return;
  const message = `expected another node than the master, got ${node}; switch over first, nothing was changed`;
  throw new CliError(exitCodes.unfinished, message);
}

/** Nothing is forgotten in an outage (ADR 0009). */
const closed: Need = ({ round }) =>
  round.status === "closed"
    ? null
    : `expected a calm group, got round ${round.number}, which suspects ${round.suspect}; nothing is forgotten in an outage`;

function refuseUnlessFree(state: GroupState): void {
  refuseUnless(state, master, running, noRequest(), steady, closed);
}

async function ask(
  context: CliContext,
  store: Store,
  group: string,
  node: NodeId | null,
): Promise<number> {
  const { terminal, operator } = context;
  const until = instantIn(context, untilMs);
  const wish = { kind: "forget" as const, by: operator, node, until };
  const asked = await changeState(store, group, (state) => {
    refuseUnlessFree(state);
    const what = node === null ? "a reset" : `${node} to be forgotten`;
    return request(
      state,
      wish,
      operatorWriter(context, "request-forget", `${operator} asks for ${what}`),
    );
  });
  terminal.out("asked; the observers look at every node first");
  const after = await waitForAnswer(context, store, asked.state);
  if (after === null) {
    terminal.error(
      `expected an observer to take the request up within ${waitMs / 1000} s, got none; it is taken back`,
    );
    return exitCodes.unfinished;
  }
  const answer = answerTo(after, asked.state.rev);
  if (answer.isDone) terminal.out(terminal.paint("good", answer.why));
  else terminal.error(terminal.paint("bad", answer.why));
  return answer.isDone ? exitCodes.fine : exitCodes.unfinished;
}

/** The state in which the request is no more; null: it had to be taken back. */
async function waitForAnswer(
  context: CliContext,
  store: Store,
  asked: GroupState,
): Promise<GroupState | null> {
  const { clock } = context;
  const { group } = asked;
  const id = asked.request?.id;
  const startedAtMs = clock.nowMs();
  while (clock.nowMs() - startedAtMs < waitMs) {
    const state = await readGroupState(store, group);
    if (state === null || state.request?.id !== id) return state ?? asked;
    await clock.sleep(pollMs);
  }
  const why = `${context.operator} takes back what no observer took up`;
  const taken = await takeBack(context, store, { group, id }, { rule: "forget-taken-back", why });
  return taken.attempt === null ? taken.state : null;
}

/** What was written first after the request, by the rules that answer it; anything else made the request give way. */
function answerTo(state: GroupState, askedRev: number): { isDone: boolean; why: string } {
  const later = state.log.filter((entry) => entry.rev > askedRev);
  const answer = later.find(({ rule }) => ["R390", "R392", "R696"].includes(rule));
  if (answer === undefined) {
    return { isDone: false, why: `nothing was forgotten: ${state.lastTransition.why}` };
  }
  return { isDone: answer.rule !== "R696", why: answer.why };
}
