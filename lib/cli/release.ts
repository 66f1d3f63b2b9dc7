import { isKept, letGo } from "../core/kept.ts";
import type { GroupState } from "../core/model.ts";
import { type ConfirmOptions, confirmOrStop, endsDry, refuseToAskInJson } from "./confirm.ts";
import type { CliContext, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { changeState, needGroupState, operatorWriter } from "./group-state.ts";

export interface ReleaseOptions extends ConfirmOptions {
  readonly json?: boolean;
}

/** Lets the observers attach a node that keeps what it has (`whenReturned: hold`): what only it holds is gone then. */
export async function releaseNode(
  context: CliContext,
  group: string,
  node: string,
  options: ReleaseOptions,
): Promise<number> {
  const { terminal } = context;
  refuseToAskInJson(options);
  const { store } = context.open(options);
  const before = await needGroupState(store, group);
  refuseUnlessKept(before, node);
  if (options.json !== true) for (const line of explain(before, node)) terminal.out(line);
  if (options.json !== true && endsDry(terminal, options)) return exitCodes.fine;
  if (options.dryRun === true) {
    show(terminal, { group, node, isReleased: false, held: before.kept });
    return exitCodes.fine;
  }
  await confirmOrStop(terminal, options.yes === true, `Release ${node}, and lose what it holds?`);
  const { state } = await changeState(store, group, (standing) => {
    refuseUnlessKept(standing, node);
    const why = `${context.operator} releases ${node}`;
    return letGo(standing, node, operatorWriter(context, "release", why));
  });
  if (options.json === true) {
    show(terminal, { group, node, isReleased: true, held: state.kept });
  } else {
    terminal.out(`released; the observers make ${node} a replica, and what only it holds is gone`);
  }
  return exitCodes.fine;
}

interface Done {
  readonly group: string;
  readonly node: string;
  readonly isReleased: boolean;
  readonly held: readonly string[];
}

function show(terminal: Terminal, done: Done): void {
  terminal.out(JSON.stringify({ schema: 1, ...done }, null, 2));
}

function refuseUnlessKept(state: GroupState, node: string): void {
  if (isKept(state, node)) return;
  const there = state.kept.length === 0 ? "none is" : `there are ${state.kept.join(", ")}`;
  const message = `expected a node of ${state.group} that is held, got "${node}"; ${there}`;
  throw new CliError(exitCodes.usage, message);
}

/** What becomes of what the node holds, before anybody agrees to it. */
function explain(state: GroupState, node: string): readonly string[] {
  const { group, master } = state;
  const loss = sayLoss(state, node);
  return [
    `group    ${group}`,
    `held     ${node}: read-only, with what no other node may have`,
    ...(loss === null ? [] : [`lost     ${loss}`]),
    `then     it synchronises from ${master?.node ?? "the master"}, and what only it holds is gone for good`,
  ];
}

/** What the report of the epoch that replaced it has; null: that was an earlier one. */
function sayLoss({ lastEpoch }: GroupState, node: string): string | null {
  if (lastEpoch === null || lastEpoch.from !== node || lastEpoch.loss === null) return null;
  const { bytes, certainty } = lastEpoch.loss;
  if (bytes === null || certainty === "unknown") return "nobody knows how much";
  return certainty === "exact" ? `${bytes} bytes` : `at least ${bytes} bytes`;
}
