import { isSameServer } from "../identity.ts";
import { renameIn } from "../renames.ts";
import { write } from "../state-write.ts";
import { isAnswering, lookNow, type MasterView, nodesExcept, writer } from "../view.ts";
import type { Rule } from "./rule.ts";

/**
 * A second master whose run is the old master's becomes a replica under the old master's name, once its loss is counted or
 * it is held (S9). Where that name is no node's any more (a second name was dropped, a file named the server anew, or STATE
 * was edited by hand) nobody would ever ask it there, and it would take writes for ever.
 */
export const renamedRule: Rule<MasterView> = {
  id: "R722",
  title:
    "Call the old master by the name under which it says master, once its own name is no node's.",
  source:
    "invariant L3; ADR 0011: who stays under another name is the same node, and STATE says so",
  find: (view) => {
    const { previousMaster } = view.state;
    if (previousMaster === null || view.memory.nodes[previousMaster.node] !== undefined)
      return null;
    const node = nameOfRun(view, previousMaster.runId);
    if (node === null) return null;
    const why = `${previousMaster.node} is no node of the group any more, and answers as ${node}`;
    const change = renameIn(view.state, new Map([[previousMaster.node, node]]));
    return {
      why,
      plan: [[write(view.state, change, writer(view, "R722", why))]],
      look: lookNow(view, { state: true }),
    };
  },
};

/** Which node says master as this run. A second name of the committed master is no second master. */
function nameOfRun(view: MasterView, runId: string): string | null {
  const found = nodesExcept(view, view.master.node).find(
    (node) =>
      isAnswering(node) &&
      node.facts?.runId === runId &&
      (node.role ?? node.facts.role) === "master" &&
      !isSameServer(node, view.masterMemory),
  );
  return found?.node ?? null;
}
