import type { NodeId } from "./config.ts";
import { type Election, elect } from "./election.ts";
import { isKept } from "./kept.ts";
import { barringOddities } from "./oddities.ts";
import { followed, isHeldDown, type MasterView, nodesExcept } from "./view.ts";

/**
 * Why each node could not take the place of the master if that died now; null where it could. The choice of a failover
 * asks afresh (choice.ts): this is what people are shown before there is one.
 */
export function unfitness(view: MasterView): ReadonlyMap<NodeId, string | null> {
  const others = nodesExcept(view, view.master.node);
  const { field } = preview(view);
  return new Map(
    others.map(({ node, facts, lastReply }) => {
      // A shift that has just begun knows nothing yet.
      if (lastReply === null) return [node, null];
      const row = field.find((one) => one.node === node);
      if (row !== undefined && !row.isEligible) return [node, row.why];
      const isStray =
        facts?.role !== "replica" || followed(view.config, facts) !== view.master.node;
      return [node, isStray ? `it is no replica of ${view.master.node}` : null];
    }),
  );
}

/** Whom the choice would take by what everybody said last. */
export function preview(view: MasterView): Election {
  return elect({
    config: view.config,
    master: view.master,
    isMasterEligible: false,
    contenders: nodesExcept(view, view.master.node).map((node) => ({
      node: node.node,
      facts: node.facts,
      oddities: barringOddities(view, node, node.facts),
      isHeldDown: isHeldDown(view, node),
      isKept: isKept(view.state, node.node),
      lastKnownOffset: null,
    })),
    // Nodes are not asked in one moment: how far they are behind is no word on that.
    masterOffset: null,
    masterGoneMs: 0,
    failedBefore: null,
    isHandOver: false,
    avoided: [],
    only: null,
    consentedLossBytes: null,
    lesser: null,
  });
}
