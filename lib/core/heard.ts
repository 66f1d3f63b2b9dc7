import { type GroupConfig, moveOf, type NodeId } from "./config.ts";
import type { NodeMemory } from "./detector.ts";
import type { Memory } from "./memory.ts";

/** What a node has said of itself, and when. */
export type Heard = Pick<
  NodeMemory,
  "facts" | "factsAskedAtMs" | "factsAtMs" | "areFactsOfConnection" | "markerSinceMs"
>;

/**
 * What the nodes have told a watch that is over, for the one that goes on with another configuration in the same process
 * and by the same clock: it stays true. Silence is counted anew. A restored table names an older configuration than a shift
 * begins with, so a marker may be told to the first watch alone:
 *
 *     watch of version 2   n1 says: epoch 3 ── STATE names version 1
 *     watch of version 1                       n1 asked ── cut ── STATE is at epoch 2: hands off all the same
 */
export function heardBefore(
  before: Memory | null,
  config: GroupConfig,
): Readonly<Record<NodeId, Heard>> {
  if (before === null) return {};
  // Of a node that is looked for elsewhere nothing is known: another server may answer there.
  const staying = Object.values(before.nodes).filter(
    ({ node, facts }) => facts !== null && moveOf(before.config, config, node) === null,
  );
  return Object.fromEntries(
    staying.map(
      ({ node, facts, factsAskedAtMs, factsAtMs, areFactsOfConnection, markerSinceMs }) => [
        node,
        { facts, factsAskedAtMs, factsAtMs, areFactsOfConnection, markerSinceMs },
      ],
    ),
  );
}
