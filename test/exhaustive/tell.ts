import type { NodeId } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { Scope } from "./scope.ts";
import { type NodeCommand, nodeIdOf, type Sent } from "./servers.ts";
import type { Stray } from "./world.ts";

/** What a move is called, one line for people. */

/** `n0`, `n1`, …: the nodes in the order of the configuration. */
export function nameOf(scope: Scope, node: NodeId): string {
  const index = scope.config.nodes.findIndex((one) => one.id === node);
  return index < 0 ? node : `n${index}`;
}

export function describeCommand(scope: Scope, node: NodeId, command: NodeCommand): string {
  const name = nameOf(scope, node);
  switch (command.kind) {
    case "promote":
      return `promotes ${name} for epoch ${command.epoch}`;
    case "attach":
      return `attaches ${name} to ${nameOf(scope, nodeIdOf(command.master))}`;
    case "hand-over":
      return `asks ${name} to hand over to ${nameOf(scope, nodeIdOf(command.to))}`;
    case "fence":
      return `fences ${name}`;
    case "cut":
      return `cuts the connections of ${name}`;
    case "mark":
      return `marks ${name} with epoch ${command.epoch}`;
  }
}

export function describeSent(scope: Scope, sent: Sent): string {
  return `${sent.by} ${describeCommand(scope, sent.node, sent.command)}`;
}

export function describeWrite(
  scope: Scope,
  rule: string | null,
  before: GroupState,
  after: GroupState,
  isDone: boolean,
): string {
  const by = rule === null ? "" : ` (${rule})`;
  const what = whatOf(scope, before, after);
  return isDone ? `${what}${by}` : `loses the race for STATE: ${what}${by}`;
}

function whatOf(scope: Scope, before: GroupState, after: GroupState): string {
  const candidate = nameOf(scope, after.candidate?.node ?? "");
  const master = nameOf(scope, after.master?.node ?? "");
  if (after.masterEpoch > before.masterEpoch)
    return `commits ${master} as master of epoch ${after.epoch}`;
  if (after.epoch > before.epoch) return `claims epoch ${after.epoch} to promote ${candidate}`;
  if (before.phase === "promoting" && after.phase === "steady") {
    return `closes epoch ${after.epoch} as failed`;
  }
  if (after.round.number > before.round.number) return `opens round ${after.round.number}`;
  if (before.round.status === "open" && after.round.status === "closed") {
    return `closes round ${after.round.number}`;
  }
  if (before.phase === "settling" && after.phase === "steady")
    return `ends settling epoch ${after.epoch}`;
  if (after.leader !== before.leader) return `takes epoch ${after.epoch} over`;
  if (after.beat !== before.beat) return "gives a sign of life";
  return "writes STATE";
}

export function describeStray(scope: Scope, stray: Stray): string {
  switch (stray.to) {
    case "node":
      return `what was under way arrives: ${describeSent(scope, stray.sent)}`;
    case "state":
      return `what was under way arrives: ${stray.by} writes epoch ${stray.next.epoch}, ${stray.next.phase}, round ${stray.next.round.number}`;
    case "votes":
      return `what was under way arrives: ${stray.vote.observer} votes in round ${stray.vote.round}`;
    case "zone":
      return `what was under way arrives: ${stray.by} changes the record`;
  }
}
